"""Names of pictures as bytes and back, the same on every machine whatever its locale.

A name is text where it is UTF-8; any other byte is kept as a surrogate (PEP 383).
"""


def to_bytes(name: str) -> bytes:
    """Return the bytes that a name stands for."""
    return name.encode("utf-8", "surrogateescape")


def from_bytes(raw: bytes) -> str:
    """Return the name that bytes make; undoes :func:`to_bytes`."""
    return raw.decode("utf-8", "surrogateescape")


def printable(name: str) -> str:
    r"""Return the name as valid UTF-8: a byte that is none is written as ``\xff``."""
    return to_bytes(name).decode("utf-8", "backslashreplace")
