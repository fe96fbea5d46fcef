"""Every kind of broken or odd picture there is: each has a row that says what became of it."""

import os
import struct
import unicodedata
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from store_parts import SEEN

from onnxprobe.embed import embed
from onnxprobe.images import Status, open_source
from onnxprobe.probe import Probe

PICTURES = Path(__file__).parents[1] / "images" / "pictures"
OK, BAD = Status.OK, Status.DECODE_ERROR
EITHER = frozenset({OK, BAD})
"""Damage that a decoder may or may not see: the row is there, and the work goes on."""
WHOLE = sorted(
    path.name for path in PICTURES.iterdir() if path.name != "float.tif"
)  # progressive, CMYK, palette, alpha, EXIF, animated, 1 bit, 16 bit lie there


def stored(name):
    return (PICTURES / name).read_bytes()


def flipped(name, at=0.6):
    data = bytearray(stored(name))
    data[int(len(data) * at)] ^= 0x55
    return bytes(data)


def png(width, height, *, depth=8, colour=2, body=b""):
    """A PNG that promises a size, whatever it holds."""

    def chunk(kind, data):
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(body)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def resized(name, at, layout, *values):
    """A file whose header promises another size."""
    data = bytearray(stored(name))
    struct.pack_into(layout, data, at, *values)
    return bytes(data)


def jpeg_frame():
    data = stored("baseline.jpg")
    return data.index(b"\xff\xc0") + 5


NASTY = {
    "empty.jpg": (b"", Status.EMPTY),
    "html.jpg": (b"<!DOCTYPE html><title>404</title>", Status.NOT_AN_IMAGE),
    "json.png": (b'{"error": "not found"}', Status.NOT_AN_IMAGE),
    "svg.png": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Status.NOT_AN_IMAGE),
    "heic.jpg": (b"\0\0\0\x18ftypheic" + bytes(99), Status.NOT_AN_IMAGE),
    "zeros.jpg": (bytes(5000), Status.NOT_AN_IMAGE),
    "text.gif": (b"version https://git-lfs.github.com/spec/v1\n", Status.NOT_AN_IMAGE),
    "jpeg-called.png": (stored("baseline.jpg"), OK),
    "gif-called.jpg": (stored("palette.gif") + b"!", OK),
    "truncated.jpg": (stored("baseline.jpg")[:-40], Status.TRUNCATED),
    "truncated-progressive.jpg": (stored("progressive.jpg")[:-40], Status.TRUNCATED),
    "truncated-by-one.png": (stored("palette.png")[:-1], Status.TRUNCATED),
    "truncated.webp": (stored("lossy.webp")[:-20], Status.TRUNCATED),
    "truncated.gif": (stored("animated.gif")[: len(stored("palette.gif")) // 2], Status.TRUNCATED),
    "truncated.tif": (stored("lzw.tif")[:60], Status.TRUNCATED),
    "truncated.bmp": (stored("plain.bmp")[:-9], Status.TRUNCATED),
    "truncated.ppm": (stored("plain.ppm")[:-1], Status.TRUNCATED),
    "magic-only.jpg": (b"\xff\xd8\xff", Status.TRUNCATED),
    "trailing.jpg": (stored("baseline.jpg") + b"<script>", OK),
    "flipped.jpg": (flipped("baseline.jpg", 0.95), EITHER),
    "flipped.png": (flipped("exif1.png"), BAD),
    "flipped.webp": (flipped("lossy.webp"), EITHER),
    "flipped.gif": (flipped("palette.gif"), EITHER),
    "flipped.tif": (flipped("lzw.tif", 0.1), EITHER | {Status.TRUNCATED}),
    "1x1.png": (png(1, 1, body=b"\0\0\0\0"), Status.TOO_SMALL),
    "1x9000.png": (png(1, 9000, body=b"\0\0\0\0" * 9000), Status.TOO_SMALL),
    "0x0.png": (png(0, 0), Status.TOO_SMALL),
    "bomb.png": (png(30_000, 30_000, body=bytes(99)), Status.TOO_LARGE),
    "bomb.jpg": (resized("baseline.jpg", jpeg_frame(), ">HH", 30_000, 30_000), Status.TOO_LARGE),
    "bomb.gif": (resized("palette.gif", 6, "<HH", 30_000, 30_000), Status.TOO_LARGE),
    "bomb.bmp": (resized("plain.bmp", 18, "<ii", 30_000, 30_000), Status.TOO_LARGE),
    "bomb.ppm": (b"P6 30000 30000 255 " + bytes(99), Status.TOO_LARGE),
    "bomb-overflow.png": (png(2**31 - 1, 2**31 - 1), Status.TOO_LARGE),
    "bits16.png": (
        cv2.imencode(".png", np.full((9, 9, 3), 40_000, np.uint16))[1].tobytes(),
        OK,
    ),
    "float.tif": (stored("float.tif"), BAD),
    "no-pixels.png": (png(20, 20), BAD),
    "ünïcödé 图.jpg": (stored("baseline.jpg") + b"1", OK),
    unicodedata.normalize("NFD", "é.jpg"): (stored("baseline.jpg") + b"2", OK),
    unicodedata.normalize("NFC", "é.jpg"): (stored("baseline.jpg") + b"3", OK),
    "new\nline\tand\\.jpg": (stored("baseline.jpg") + b"4", OK),
    os.fsdecode(b"not-utf8-\xff\xfe.jpg"): (stored("baseline.jpg") + b"5", OK),
    "-rf *.jpg": (stored("baseline.jpg") + b"6", OK),
    "a" * 250 + ".jpg": (stored("baseline.jpg") + b"7", OK),
    "<b>'\"&.JPG": (stored("baseline.jpg") + b"8", OK),
}


@pytest.fixture(scope="module")
def store(tiny, tmp_path_factory):
    root = tmp_path_factory.mktemp("nasty")
    (root / "photos").mkdir()
    for name, (data, _) in NASTY.items():
        (root / "photos" / name).write_bytes(data)
    for name in WHOLE:
        (root / "photos" / f"whole-{name}").write_bytes(stored(name))
    (root / "outside.jpg").write_bytes(stored("baseline.jpg") + b"outside")
    (root / "photos/link-out.jpg").symlink_to(root / "outside.jpg")
    (root / "photos/link-dead.jpg").symlink_to(root / "gone.jpg")
    (root / "photos/link-circle.jpg").symlink_to("link-circle.jpg")
    (root / "photos/circle").symlink_to(root / "photos")
    (root / "photos/folder.jpg").mkdir()
    os.mkfifo(root / "photos/pipe.jpg")
    source = open_source(root / "photos")
    return embed(tiny, [Probe("block", "mean")], source, root / "e.h5", preprocess=SEEN)


def row(store, name):
    return list(store.ledger.path).index(name)


@pytest.mark.parametrize("name", NASTY, ids=ascii)
def test_what_is_odd_or_broken_has_the_status_that_fits(name, store):
    wanted = NASTY[name][1]
    at = row(store, name)
    status, error = store.ledger.status[at], store.ledger.error[at]
    assert status in (wanted if isinstance(wanted, frozenset) else {wanted}), error
    assert bool(error) == (status != OK)
    assert (at in store.rows) == (status == OK)
    assert store.ledger.size[at] == len(NASTY[name][0])


@pytest.mark.parametrize("name", WHOLE)
def test_every_kind_that_can_be_decoded_is_embedded(name, store):
    at = row(store, f"whole-{name}")
    assert store.ledger.status[at] in (OK, Status.DUPLICATE), store.ledger.error[at]
    assert at in store.rows


def test_links_lead_where_they_lead_and_end_where_they_do_not(store):
    statuses = dict(zip(store.ledger.path, store.ledger.status, strict=True))
    assert statuses["link-out.jpg"] == OK
    assert statuses["link-dead.jpg"] == Status.MISSING
    assert statuses["link-circle.jpg"] == Status.MISSING
    assert not {"folder.jpg", "pipe.jpg"} & set(statuses)
    assert len(statuses) == len(NASTY) + len(WHOLE) + 3


def test_nothing_that_is_refused_for_its_size_was_decoded(store):
    for name in ("bomb.png", "bomb.jpg", "bomb.gif", "bomb.bmp", "bomb.ppm"):
        at = row(store, name)
        assert (store.ledger.width[at], store.ledger.height[at]) == (30_000, 30_000)
        assert "pixels are more than the limit of 134,217,728" in store.ledger.error[at]


def test_all_vectors_are_finite(store):
    assert np.isfinite(store.embeddings("block:mean")).all()
    assert len(store) == len(store.rows) > len(WHOLE)
