"""The two atoms of the protobuf wire format: varints, and the fields of a message.

Source: https://protobuf.dev/programming-guides/encoding
"""

from collections.abc import Iterator
from typing import Final, Protocol

from onnxprobe.errors import NotOnnxError

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5
_LONGEST: Final = 10
"""Bytes of the longest varint: 64 bits at 7 bits each."""
_BLOCK: Final = 1 << 14
"""Bytes read at a time: a hundred nodes, and little enough to waste before a long weight."""


class Buffer(Protocol):
    """Bytes that can be looked at without being read as a whole: ``bytes`` or an ``OpenFile``."""

    def __getitem__(self, index: slice, /) -> bytes: ...
    def __len__(self) -> int: ...


def encode(number: int) -> bytes:
    """Write one varint.

    >>> encode(300).hex()
    'ac02'
    """
    out = bytearray()
    while number > 0x7F:  # noqa: PLR2004  the low seven bits
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def decode(data: bytes, at: int) -> tuple[int, int]:
    """Read one varint; return it and the position after it.

    >>> decode(bytes.fromhex("ac02"), 0)
    (300, 2)

    Raises:
        NotOnnxError: there is no varint at ``at``.
    """
    if at < len(data) and data[at] < 0x80:  # noqa: PLR2004  most are one byte
        return data[at], at + 1
    number = shift = 0
    for position in range(at, min(at + _LONGEST, len(data))):
        byte = data[position]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004  the continuation bit
            return number, position + 1
        shift += 7
    raise NotOnnxError("a number in it does not end")


def fields(buffer: Buffer, start: int, end: int) -> Iterator[tuple[int, int, int, int, int]]:
    """Yield ``(field, wire type, start, start of content, end)`` of each field of a message.

    ``buffer`` is read in blocks; the content of long fields is passed over.

    Raises:
        NotOnnxError: the bytes are no protobuf message, or end before a field does.
    """
    at = base = start
    block = b""
    while at < end:
        if at - base + 2 * _LONGEST > len(block) < end - base:
            base, block = at, buffer[at : min(at + _BLOCK, end)]
        used = at - base + 1
        tag = block[used - 1]
        if tag >= 0x80:  # noqa: PLR2004  the number of the field is above 15
            tag, used = decode(block, used - 1)
        kind = tag & 7
        content = base + used
        if kind == BYTES:
            length, used = decode(block, used)
            content = base + used
            stop = content + length
        elif kind == VARINT:
            stop = base + decode(block, used)[1]
        elif kind in (FIXED32, FIXED64):
            stop = content + (4 if kind == FIXED32 else 8)
        else:
            raise NotOnnxError(f"there is no wire type {kind} (byte {at})")
        if stop > end:
            raise NotOnnxError(
                f"it is cut off: a field ends at byte {stop}, what it is part of at byte {end}"
            )
        yield tag >> 3, kind, at, content, stop
        at = stop
