"""Files and folders behind a URL, by fsspec: s3, gs, hf, https and whatever else it knows."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from onnxprobe.errors import MissingExtraError, PicturesError
from onnxprobe.images.places._base import Place
from onnxprobe.images.places.clients import options_for
from onnxprobe.images.places.listing import (
    files_fitting,
    files_under,
    forget_listing,
    is_folder,
    relative,
)
from onnxprobe.images.places.moving import while_moving
from onnxprobe.images.places.patience import Patience
from onnxprobe.images.places.ranges import buffered
from onnxprobe.waiting import within

_PIECE: Final = 8 << 20
"""Bytes asked for at once; each must come within the time that patience gives."""
_SECRET: Final = re.compile(r"(?<=://)[^/@]*@|\?.*")
"""What a URL holds that is nobody's business: who asks, and a signature."""
_HTTP: Final = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class RemotePlace:
    """A file or a folder behind a URL; every request has a time limit and is repeated.

    Attributes:
        path: the URL, without who asks and without what follows a ``?``.
        given: the URL as it was asked for.
        system: fsspec's file system.
        inner: what ``system`` calls it.
        patience: how long to wait, how often to ask.
        place_of: makes a place of what a file here names.
    """

    path: str
    given: str = field(repr=False)
    system: Any = field(repr=False)
    inner: str = field(repr=False)
    patience: Patience = field(repr=False)
    place_of: Callable[[str, Patience], Place] = field(repr=False)

    @classmethod
    def of(
        cls, url: str, patience: Patience, place_of: Callable[[str, Patience], Place]
    ) -> "RemotePlace":
        """Find the file system for ``url``.

        Raises:
            MissingExtraError: fsspec is not installed.
            PicturesError: it does not know such URLs, or lacks a package for them.
        """
        try:
            from fsspec.core import url_to_fs  # noqa: PLC0415  of an extra
        except ModuleNotFoundError:
            raise MissingExtraError("reading from URLs", "fsspec", extra="remote") from None
        shown = _SECRET.sub("", url)
        try:
            system, inner = url_to_fs(url, **options_for(url, patience))
        except Exception as error:  # whatever the client library raises
            raise PicturesError(f"{shown!r} cannot be opened: {error}") from error
        return cls(shown, url, system, inner, patience, place_of)

    @property
    def name(self) -> str:
        """The last part of the URL."""
        return self.path.rstrip("/").rpartition("/")[2]

    def exists(self) -> bool:
        """Whether there is such a file or folder."""
        return bool(self._ask("exists", self.inner))

    def is_folder(self) -> bool:
        """Whether it is a folder; with HTTP, which has none, a URL that ends in ``/``."""
        if self.given.startswith(_HTTP):
            return self.given.endswith("/")
        return is_folder(self.system, self.inner, self._ask)

    def files(self) -> Iterator[str]:
        """Yield every file."""
        return self._named(files_under(self.system, self.inner, self._ask_list))

    def matching(self, pattern: str) -> Iterator[str]:
        """Yield the files that ``pattern`` fits."""
        return self._named(files_fitting(self.system, self.inner, pattern, self._ask_list))

    def _named(self, found: Iterator[str]) -> Iterator[str]:
        for path in found:
            yield relative(path, self.inner)
        forget_listing(self.system)

    def head(self, length: int) -> bytes:
        """Return the first bytes."""
        data: bytes = self._ask("cat_file", self.inner, start=0, end=length)
        return data[:length]

    def read(self, most: int | None = None) -> bytes:  # noqa: ARG002  to ask how long it is costs as much
        """Return all bytes."""
        data: bytes = self._ask("cat_file", self.inner)
        return data

    def opened(self) -> "RemoteFile":
        """Open the file."""
        size = self._ask("info", self.inner).get("size")
        if size is None:
            raise OSError("it does not say how long it is")
        self.part(0, min(1, size))  # a server that sends no parts is found out now
        return RemoteFile(self, size)

    def for_library(self) -> BinaryIO:
        """Return something like a file."""
        return buffered(self.opened())

    def content(self, name: str, most: int | None = None) -> bytes:
        """Return all bytes of the file that ``name``, a path from here, leads to."""
        return self.at(name).read(most)

    def at(self, name: str) -> Place:
        """Return the place that ``name``, a path from here, leads to."""
        return self._sibling(self.inner.rstrip("/") + "/" + name, self.path.rstrip("/"), name)

    def elsewhere(self, where: str) -> Place:
        """Return the place that a path or a URL names."""
        return self.place_of(where, self.patience)

    def beside(self, name: str) -> Place:
        """Return the place that ``name`` means in this file."""
        if "://" in name:
            return self.elsewhere(name)
        return self._sibling(
            self.inner.rpartition("/")[0] + "/" + name, self.path.rpartition("/")[0], name
        )

    def _sibling(self, inner: str, folder: str, name: str) -> Place:
        path = f"{folder}/{name}"
        return RemotePlace(path, path, self.system, inner, self.patience, self.place_of)

    def part(self, start: int, stop: int) -> bytes:
        """Return the bytes from ``start`` up to ``stop``, 8 MB a request."""
        pieces = []
        for first in range(start, stop, _PIECE):
            last = min(first + _PIECE, stop)
            data = self._ask("cat_file", self.inner, start=first, end=last)
            if len(data) > last - first:
                raise OSError(
                    "the server sends whole files only; copy it, or put simplecache:: before it"
                )
            if len(data) < last - first:
                raise OSError(f"{self.path!r} ends within it")
            pieces.append(data)
        return b"".join(pieces)

    def _ask(self, method: str, *what: Any, **how: Any) -> Any:
        """Ask for one answer, which has a time limit."""
        if not self.system.async_impl:
            return self._ask_plain(method, *what, **how)
        from fsspec.asyn import sync  # noqa: PLC0415  of an extra

        loop, call = self.system.loop, getattr(self.system, "_" + method)
        return self.patience.ask(lambda s: sync(loop, call, *what, timeout=s, **how))

    def _ask_list(self, method: str, *what: Any, **how: Any) -> Any:
        """Ask for a list, which comes in any number of answers; each has a time limit."""
        if not self.system.async_impl:
            return self._ask_plain(method, *what, **how)
        from fsspec.asyn import sync  # noqa: PLC0415  of an extra

        loop, call = self.system.loop, getattr(self.system, "_" + method)
        return self.patience.ask(lambda s: sync(loop, while_moving, call(*what, **how), s))

    def _ask_plain(self, method: str, *what: Any, **how: Any) -> Any:
        call = getattr(self.system, method)
        return self.patience.ask(lambda s: within(s, lambda: call(*what, **how)))


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file behind a URL, of which parts are asked for."""

    place: RemotePlace
    size: int

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from ``start`` up to ``stop``."""
        return self.place.part(start, stop)
