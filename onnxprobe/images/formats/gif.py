"""GIF (CompuServe 1990, 89a): blocks, each cut into pieces of at most 255 bytes."""

from onnxprobe.images.formats._base import Format, Header, MalformedError, TruncatedError, unpack

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B


def _matches(data: bytes) -> bool:
    return data[:6] in (b"GIF87a", b"GIF89a")


def _header(data: bytes) -> Header:
    width, height, flags = unpack("<HHB", data, 6)
    try:
        _walk(data, 13 + _table(flags))
    except TruncatedError:
        return Header(width, height, complete=False)
    return Header(width, height)


def _walk(data: bytes, at: int) -> None:
    while (block := unpack("B", data, at)[0]) != _TRAILER:
        if block == _EXTENSION:
            at = _skip_pieces(data, at + 2)
        elif block == _IMAGE:
            (flags,) = unpack("B", data, at + 9)
            at = _skip_pieces(data, at + 11 + _table(flags))
        else:
            raise MalformedError(f"no block at byte {at}")


def _table(flags: int) -> int:
    return 3 << (flags % 8 + 1) if flags & 0x80 else 0


def _skip_pieces(data: bytes, at: int) -> int:
    while length := unpack("B", data, at)[0]:
        at += 1 + length
    return at + 1


GIF = Format("GIF", (".gif",), _matches, _header)
