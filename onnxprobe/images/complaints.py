"""What libjpeg and libpng say of a picture: OpenCV lets them tell it to standard error alone.

They write to C's ``stderr``, a variable that glibc lets programs set ("Standard Streams" in its
manual). While pictures are decoded it is a stream of our own, which hands each line to the thread
that decodes; ``fopencookie`` makes such streams. Descriptor 2 stays what it is: what Python, C++ and
the system print there is not touched. There is no pipe that could fill up. With other C libraries
nothing is heard, and the lines are printed as ever.
"""

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

_STANDARD_ERROR: Final = 2
_UNBUFFERED: Final = 2
"""``_IONBF`` of glibc: a line is handed over by the thread that writes it, at once."""
_Write = ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_here = threading.local()


class _Functions(ctypes.Structure):
    """``cookie_io_functions_t``; the stream is only written to."""

    _fields_ = (
        ("read", ctypes.c_void_p),
        ("write", _Write),
        ("seek", ctypes.c_void_p),
        ("close", ctypes.c_void_p),
    )


@contextmanager
def complaints() -> Iterator[list[str]]:
    """Yield a list that, at the end, holds the lines which C code has printed in this thread.

    Several threads may listen at once, each for itself. What others print meanwhile, who do not
    listen, appears as if nobody did.
    """
    lines: list[str] = []
    stream = _STREAM
    if stream is None:
        yield lines
        return
    before, said = getattr(_here, "said", None), bytearray()
    _here.said = said
    stream.enter()
    try:
        yield lines
    finally:
        stream.leave()
        _here.said = before
        if said:
            lines += said.decode("utf-8", "backslashreplace").splitlines()


class _Stream:
    """Our stream, in the place of ``stderr`` as long as somebody listens.

    It is never closed: a library that is loaded meanwhile may have kept it.
    """

    def __init__(self, libc: Any) -> None:
        self._write = _Write(_heard)  # kept, as C calls it
        libc.fopencookie.restype = ctypes.c_void_p
        libc.fopencookie.argtypes = (ctypes.c_void_p, ctypes.c_char_p, _Functions)
        ours = libc.fopencookie(None, b"w", _Functions(write=self._write))
        if not ours:
            raise MemoryError
        libc.setvbuf(ctypes.c_void_p(ours), None, _UNBUFFERED, ctypes.c_size_t(0))
        self._ours: Final[int] = ours
        self._place = ctypes.c_void_p.in_dll(libc, "stderr")
        self._theirs: int | None = None
        self._lock = threading.Lock()
        self._listeners = 0

    def enter(self) -> None:
        with self._lock:
            if not self._listeners:
                self._theirs, self._place.value = self._place.value, self._ours
            self._listeners += 1

    def leave(self) -> None:
        with self._lock:
            self._listeners = max(0, self._listeners - 1)  # forked while it listened
            if not self._listeners:
                self._place.value = self._theirs

    def forked(self) -> None:
        """Begin anew in a child: it has none of the threads that listened, or held the lock."""
        if self._listeners:
            self._place.value = self._theirs
        self._lock, self._listeners = threading.Lock(), 0


def _libc_name() -> str:
    with suppress(AttributeError, ValueError, OSError):  # not POSIX, or another C library
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    return ""


def _heard(_cookie: int | None, text: int, size: int) -> int:
    """Take what C code prints; called in the thread that prints."""
    line = ctypes.string_at(text, size)
    said = getattr(_here, "said", None)
    if said is not None:
        said += line
    else:
        with suppress(OSError):
            os.write(_STANDARD_ERROR, line)
    return size


def _made() -> _Stream | None:
    """Return the stream of this process; ``None`` where ``stderr`` cannot be set."""
    if not _libc_name().startswith("glibc"):
        return None
    stream = _Stream(ctypes.CDLL(None))
    os.register_at_fork(after_in_child=stream.forked)
    return stream


_STREAM: Final = _made()
