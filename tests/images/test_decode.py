"""One picture, told four ways: red and green above blue and yellow."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnxprobe.embed.quiet import quiet_opencv
from onnxprobe.errors import NoSuchNameError
from onnxprobe.images import Preprocess, Status, decode
from onnxprobe.images.formats import tiff

PICTURES = Path(__file__).parent / "pictures"
RED, GREEN, BLUE, YELLOW = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)
QUARTERS = (RED, GREEN, BLUE, YELLOW)
IN_COLOUR = sorted(
    path.name
    for path in PICTURES.iterdir()
    if not any(word in path.name for word in ("grey", "bilevel", "float", "alpha"))
)
GREY = {"grey.jpg": (76, 150, 29, 226), "bilevel.png": (0, 255, 0, 255)}
NOISE = 12
"""Levels by which lossy formats may differ from the colours that were put in."""


def stored(name):
    return (PICTURES / name).read_bytes()


def corners(pixels):
    """The colour in the middle of each quarter."""
    h, w = pixels.shape[:2]
    return [pixels[h * y // 4, w * x // 4].tolist() for y in (1, 3) for x in (1, 3)]


def close(found, wanted):
    return np.abs(np.subtract(found, wanted)).max() <= NOISE


@pytest.mark.parametrize("name", IN_COLOUR)
def test_every_kind_of_picture_becomes_the_same_upright_rgb(name):
    picture = decode(stored(name))
    assert picture.status is Status.OK, picture.error
    assert picture.error == ""
    stored_upright = not name.startswith("exif") or name[4] == "1"
    if stored_upright:
        assert (picture.height, picture.width) == (24, 36)
        assert close(corners(picture.pixels), QUARTERS)
    assert picture.pixels.shape == (picture.height, picture.width, 3)
    assert picture.pixels.dtype == np.uint8


TURNED = {
    1: (RED, GREEN, BLUE, YELLOW),
    2: (GREEN, RED, YELLOW, BLUE),
    3: (YELLOW, BLUE, GREEN, RED),
    4: (BLUE, YELLOW, RED, GREEN),
    5: (RED, BLUE, GREEN, YELLOW),
    6: (BLUE, RED, YELLOW, GREEN),
    7: (YELLOW, GREEN, BLUE, RED),
    8: (GREEN, YELLOW, RED, BLUE),
}
"""What EXIF orientation makes of the four quarters: the stored first row is the shown first row
(1), the right column for 6, and so on."""


@pytest.mark.parametrize("end", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("number", TURNED)
def test_exif_turns_and_mirrors_a_picture(number, end):
    picture = decode(stored(f"exif{number}.{end}"))
    assert close(corners(picture.pixels), TURNED[number])
    assert picture.pixels.shape[:2] == ((36, 24) if number >= 5 else (24, 36))
    assert (picture.height, picture.width) == picture.pixels.shape[:2]


@pytest.mark.parametrize("number", TURNED)
def test_our_turns_are_those_of_opencv(number):
    data = stored(f"exif{number}.jpg")
    theirs = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert np.array_equal(decode(data).pixels, theirs)


@pytest.mark.parametrize("end", ["jpg", "png", "webp"])
def test_orientation_can_be_left_as_stored(end):
    picture = decode(stored(f"exif6.{end}"), orientation="stored")
    assert close(corners(picture.pixels), QUARTERS)
    assert (picture.height, picture.width) == (24, 36)


@pytest.mark.parametrize("name", GREY)
def test_grey_pictures_get_three_equal_channels(name):
    found = corners(decode(stored(name)).pixels)
    assert close(found, [(v, v, v) for v in GREY[name]])


@pytest.mark.parametrize("name", ["alpha.png", "alpha.webp", "alpha.tif"])
@pytest.mark.parametrize(("alpha", "background"), [("white", 255), ("black", 0)])
def test_transparency_lets_the_background_through(name, alpha, background):
    pixels = decode(stored(name), alpha=alpha).pixels
    half = [round(c * 128 / 255 + background * 127 / 255) for c in RED]
    assert pixels[2, 2].tolist() == [background] * 3
    assert np.abs(pixels[9, 2].astype(int) - half).max() <= 1  # rounded twice in TIFF
    assert pixels[20, 2].tolist() == list(BLUE)


def test_transparency_can_be_ignored():
    assert close(corners(decode(stored("alpha.png"), alpha="ignore").pixels), QUARTERS)


def test_an_alpha_that_does_not_exist_is_named():
    with pytest.raises(NoSuchNameError, match=r"no alpha named 'whit'; did you mean 'white'\?"):
        decode(stored("alpha.png"), alpha="whit")


@pytest.mark.parametrize("name", ["palette-alpha.png", "palette-alpha.gif"])
def test_a_transparent_palette_entry_lets_white_through(name):
    assert corners(decode(stored(name)).pixels)[0] == [255, 255, 255]
    assert close(corners(decode(stored(name)).pixels)[1:], QUARTERS[1:])


def test_grey_with_alpha_is_composited():
    pixels = decode(stored("grey-alpha.png")).pixels
    assert pixels[2, 2].tolist() == [255] * 3
    assert pixels[20, 2].tolist() == [29] * 3


def test_compositing_is_the_rounded_exact_value():
    rng = np.random.default_rng(0)
    bgra = rng.integers(0, 256, (40, 40, 4), dtype=np.uint8)
    found = decode(cv2.imencode(".png", bgra)[1].tobytes()).pixels
    a = bgra[..., 3:].astype(np.float64)
    wanted = np.floor((bgra[..., 2::-1] * a + 255 * (255 - a)) / 255 + 0.5)
    assert np.array_equal(found, wanted)  # no ties: 255 is odd


def test_sixteen_bits_are_scaled_to_eight():
    levels = np.arange(0, 65536, 16, dtype=np.uint16).reshape(64, 64)
    found = decode(cv2.imencode(".png", levels)[1].tobytes()).pixels[..., 0]
    assert np.array_equal(found, np.floor(levels / 257 + 0.5))


def test_float_samples_are_refused():
    picture = decode(stored("float.tif"))
    assert picture.status is Status.DECODE_ERROR
    assert picture.error == "TIFF: its samples are float32, not 8 or 16 bit whole numbers"


@pytest.mark.parametrize("path", sorted(PICTURES.iterdir()), ids=lambda p: p.name)
def test_a_file_cut_anywhere_is_refused_or_shows_the_whole_picture(path):
    whole, data = decode(path.read_bytes()), path.read_bytes()
    allowed = {Status.EMPTY, Status.NOT_AN_IMAGE, Status.TRUNCATED}
    for end in {*range(0, len(data), 7), len(data) - 1, len(data) - 2}:
        cut = decode(data[:end])
        if cut.status is Status.OK:
            assert np.array_equal(cut.pixels, whole.pixels), end
        else:
            assert cut.status in allowed or cut.status is whole.status, (end, cut)


def with_segment(name, segment, at=2):
    """The JPEG with further bytes behind its first two, or behind its JFIF segment (20)."""
    data = stored(name)
    return data[:at] + segment + data[at:]


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_picture():
    thumbnail = b"\xff\xe1\x00\x0aExif\xff\xd9.."
    data = with_segment("baseline.jpg", thumbnail)
    assert decode(data).status is Status.OK
    assert decode(data[:-20]).status is Status.TRUNCATED


def test_what_follows_the_end_of_a_picture_does_not_matter():
    assert decode(stored("baseline.jpg") + stored("grey.jpg")[:100]).status is Status.OK


@pytest.mark.parametrize("stray", [b"\xff\xff\xff", b"\x00\x00", b"\xff\x00"])
def test_fill_bytes_and_stray_bytes_between_segments_are_skipped_as_decoders_do(stray):
    whole = decode(stored("exif6.jpg"))
    assert np.array_equal(decode(with_segment("exif6.jpg", stray, at=20)).pixels, whole.pixels)


@given(st.data())
def test_damaged_bytes_never_raise(data):
    path = data.draw(st.sampled_from(sorted(PICTURES.iterdir())))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, min(len(content), 400) - 1))] ^= data.draw(
            st.integers(1, 255)
        )
    picture = decode(bytes(content), max_pixels=1 << 16)
    assert (picture.pixels is not None) == (picture.status is Status.OK)
    assert bool(picture.error) != (picture.status is Status.OK)


@given(st.binary(max_size=64), st.sampled_from([b"", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"BM"]))
def test_any_bytes_have_a_status(tail, head):
    assert decode(head + tail).status is not Status.OK


@pytest.mark.parametrize(
    ("data", "status", "error"),
    [
        (b"", "empty", "the file has no bytes"),
        (b"<html><body>404", "not an image", "it is HTML"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html>", "not an image", "it is HTML"),
        (b"<?xml version='1.0'?>\n<!-- by hand -->\n<svg/>", "not an image", "it is SVG"),
        (b"<?xml version='1.0'?><rss/>", "not an image", 'it starts with b"<?xml version=\'1"'),
        (b"\0\0\0\x20ftypavif", "not an image", "it is AVIF"),
        (b"\0\0\0\x0a\x1cftypheic"[1:], "not an image", "it is HEIC"),
        (b"\0\0\0\x20ftypisom", "not an image", "it is a film"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "not an image", "it is JPEG 2000"),
        (b"\xff\x0a\0", "not an image", "it is JPEG XL"),
        (b"\0\0\1\0\1", "not an image", "it is an icon"),
        (b"P4 9 9 ", "not an image", "it is a bitmap or text of Netpbm"),
        (b"%PDF-1.4", "not an image", "it is PDF"),
        (bytes(5000), "not an image", f"it starts with {bytes(16)!r}"),
        (b"\x89PNG\r\n\x1a\n", "truncated", "PNG: it ends after 8 bytes"),
        (
            b"\xff\xd8\xff\xe0",
            "truncated",
            "JPEG: it ends after 4 bytes, before its picture begins",
        ),
    ],
)
def test_what_is_wrong_is_said(data, status, error):
    picture = decode(data)
    assert (picture.status, picture.error) == (status, error)


def test_a_wrong_extension_does_not_matter_as_content_decides():
    assert decode(stored("baseline.jpg")).status is Status.OK  # decode sees no name at all


def bomb(width, height):
    """A PNG header that promises more pixels than memory has."""
    data = bytearray(stored("palette.png"))
    data[16:24] = width.to_bytes(4) + height.to_bytes(4)
    return bytes(data)


def test_a_bomb_is_refused_by_its_header():
    picture = decode(bomb(30_000, 30_000))
    assert picture.status is Status.TOO_LARGE
    assert (picture.width, picture.height) == (30_000, 30_000)
    assert picture.error == ("PNG: 30000×30000 pixels are more than the limit of 134,217,728")


def test_the_limit_itself_is_allowed():
    assert decode(stored("baseline.jpg"), max_pixels=24 * 36).status is Status.OK
    assert decode(stored("baseline.jpg"), max_pixels=24 * 36 - 1).status is Status.TOO_LARGE


def test_a_tracking_pixel_is_too_small():
    one = cv2.imencode(".png", np.zeros((1, 1, 3), np.uint8))[1].tobytes()
    assert decode(one).error == "PNG: 1×1 pixels; a side must have 4"
    assert decode(one).status is Status.TOO_SMALL


def photo(height, width):
    ramp = np.linspace(0, 255, width, dtype=np.uint8)
    return cv2.imencode(".jpg", np.broadcast_to(ramp[None, :, None], (height, width, 3)))[1]


@pytest.mark.parametrize(
    ("need", "shape"),
    [
        (224, (300, 400)),
        (300, (300, 400)),
        (301, (600, 800)),
        (150, (150, 200)),
        (75, (75, 100)),
        (10, (75, 100)),
    ],
)
def test_a_jpeg_is_decoded_at_the_smallest_size_that_will_do(need, shape):
    picture = decode(photo(600, 800).tobytes(), need=lambda h, w: (need, need * w // h))
    assert picture.pixels.shape[:2] == shape
    assert (picture.height, picture.width) == (600, 800)


def test_only_jpegs_are_reduced_and_turned_ones_by_their_upright_size():
    png = cv2.imencode(".png", np.zeros((64, 64, 3), np.uint8))[1].tobytes()
    assert decode(png, need=lambda _h, _w: (8, 8)).pixels.shape == (64, 64, 3)
    turned = decode(stored("exif6.jpg"), need=lambda h, w: (h // 2, w // 2))
    assert turned.pixels.shape == (18, 12, 3)


def test_a_reduced_jpeg_is_close_to_the_whole_one():
    seen = Preprocess(size=(32, 32), mean=(0,), std=(1,))
    data = photo(600, 800).tobytes()
    whole, reduced = seen(decode(data).pixels), seen(seen.decode(data).pixels)
    assert seen.decode(data).pixels.shape == (75, 100, 3)
    assert np.abs(whole - reduced).mean() < 1  # levels of 255, on a ramp


@pytest.mark.parametrize("name", sorted(path.name for path in PICTURES.glob("*.png")))
def test_no_changed_byte_of_a_png_makes_another_picture(name):
    data, whole, rng = stored(name), decode(stored(name)).pixels, np.random.default_rng(0)
    with quiet_opencv():
        for place, change in enumerate(rng.integers(1, 256, len(data)).tolist()):
            changed = bytearray(data)
            changed[place] ^= change
            found = decode(bytes(changed))
            assert found.pixels is None or np.array_equal(found.pixels, whole), place


def test_the_bytes_of_a_jpeg_before_its_picture_say_what_is_wrong_where_anything_is():
    data = bytearray(stored("baseline.jpg"))
    table = data.index(b"\xff\xc4")  # how long the codes are; there cannot be so many
    data[table + 5 : table + 21] = bytes([255] * 16)
    assert decode(bytes(data)).status is Status.DECODE_ERROR


def test_an_offset_beyond_all_files_is_a_file_that_ends_before():
    data = bytearray(stored("big.tif"))
    data[15] = 0x80  # the highest byte of where the first directory is
    assert decode(bytes(data)).status is Status.TRUNCATED


def tagged(data, tag, value):
    """A little-endian TIFF with another number in its first directory."""
    changed = bytearray(data)
    start = int.from_bytes(changed[4:8], "little") + 2
    for at in range(start, len(changed), 12):
        if int.from_bytes(changed[at : at + 2], "little") == tag:
            changed[at + 8 : at + 10] = value.to_bytes(2, "little")
            return bytes(changed)
    raise LookupError(tag)


def test_a_tiff_of_a_compression_that_nobody_knows_is_not_shown_as_black():
    found = decode(tagged(stored("lzw.tif"), 259, 34712))
    assert found.status is Status.DECODE_ERROR
    assert found.error == "TIFF: it is compressed by scheme 34712, which is not read"


@pytest.mark.parametrize("damage", [bytes(40), b"\xa5" * 40], ids=["zeros", "junk"])
def test_a_tiff_whose_checksum_is_wrong_is_damaged(damage):
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    whole = cv2.imencode(".tif", noise, [cv2.IMWRITE_TIFF_COMPRESSION, 8])[1].tobytes()
    assert np.array_equal(decode(whole).pixels, noise[..., ::-1])
    at = whole.index(b"\x78") + 200  # within the first strip
    found = decode(whole[:at] + damage + whole[at + 40 :])
    assert found.status is Status.DECODE_ERROR
    assert found.error.startswith("TIFF: a part of it is damaged: Error -3")


def test_a_tiff_is_looked_through_after_its_size_is_known_to_be_small_enough(monkeypatch):
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    whole = cv2.imencode(".tif", noise, [cv2.IMWRITE_TIFF_COMPRESSION, 8])[1].tobytes()
    monkeypatch.setattr(tiff, "_inflated", None)
    assert decode(whole, max_pixels=1000).status is Status.TOO_LARGE


def test_a_directory_without_end_is_not_walked_through():
    endless = b"II+\0" + struct.pack("<HHQQ", 8, 0, 16, 2**40) + bytes(400)
    found = decode(endless)
    assert (found.status, found.error) == (
        Status.DECODE_ERROR,
        "TIFF: its directory has 1,099,511,627,776 entries",
    )


def test_samples_of_twelve_bits_are_named():
    data = bytearray(stored("baseline.jpg"))
    data[data.index(b"\xff\xc0") + 4] = 12
    assert decode(bytes(data)).error == "JPEG: its samples have 12 bits, not 8"


@pytest.mark.parametrize("most", [1, 100, 255, 1000, 4095, 65535])
def test_the_brightest_level_of_a_pgm_is_white_whatever_it_is(most):
    levels = np.linspace(0, most, 64).round().astype(np.int64)
    kind = ">u2" if most > 255 else "u1"
    data = f"P5\n# of a camera\n8 8\n{most}\n".encode() + levels.astype(kind).tobytes()
    found = decode(data).pixels
    assert np.array_equal(found[..., 0].ravel(), np.floor(levels * 255 / most + 0.5))


def test_a_level_beyond_the_brightest_is_white():
    assert decode(b"P5 4 4 100 " + bytes([200] * 16)).pixels.min() == 255


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_where_opencv_reads_pnm_rightly_the_pixels_are_those_that_it_gives(dtype):
    picture = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (40, 50, 3), dtype)
    for shown, end in ((picture, ".ppm"), (picture[..., 0], ".pgm")):
        ours = decode(cv2.imencode(end, shown)[1].tobytes()).pixels
        assert np.array_equal(ours, decode(cv2.imencode(".png", shown)[1].tobytes()).pixels)
