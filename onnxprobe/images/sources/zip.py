"""A zip archive; ``zipfile`` itself keeps reads of several threads apart."""

import zipfile
import zlib
from pathlib import Path
from typing import ClassVar

from onnxprobe.errors import PicturesError
from onnxprobe.images.sources._base import Kind, checked, is_picture


class Zip:
    """Pictures in a zip archive."""

    kind: ClassVar[str] = "zip"

    def __init__(self, path: Path) -> None:
        """Index the archive.

        Raises:
            PicturesError: it is damaged, or holds no pictures.
        """
        self.path = path
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError) as error:
            raise PicturesError(
                f"{str(path)!r} is no zip archive, or one that is damaged or cut short: {error}"
            ) from None
        files = {entry.filename for entry in self._archive.infolist() if not entry.is_dir()}
        names = [name for name in files if is_picture(name)]
        self.names = checked(names, path, len(files))

    def read(self, name: str) -> bytes:
        """Return the bytes of one picture."""
        try:
            return self._archive.read(name)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, KeyError) as error:
            raise OSError(str(error)) from error  # damaged, cut short, or needs a password


ZIP = Kind("zip", zipfile.is_zipfile, Zip)
