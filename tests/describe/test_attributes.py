import io
import struct
import threading

import cv2
import numpy as np
import pytest

from onnxprobe.describe import jpeg
from onnxprobe.describe.attributes import ATTRIBUTES, Seen
from onnxprobe.describe.collect import collected, look


def scene(seed=0, size=(120, 160)):
    """A picture with edges and texture."""
    rng = np.random.default_rng(seed)
    picture = cv2.resize(rng.integers(0, 255, (12, 16, 3), np.uint8), size[::-1])
    return cv2.add(picture, rng.integers(0, 30, (*size, 3), np.uint8))


def png(picture):
    return cv2.imencode(".png", picture)[1].tobytes()


def packed(picture, quality):
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def told(name, data, path="a/b/c.png"):
    return ATTRIBUTES[name].of(Seen(path, data))


@pytest.mark.parametrize("quality", [5, 30, 49, 50, 51, 75, 90, 99, 100])
def test_the_quality_of_a_jpeg_is_what_it_was_packed_with(quality):
    # tables are whole numbers from 1 to 255, which the ends of the scale feel
    assert jpeg.quality(packed(scene(), quality)) == pytest.approx(quality, abs=1)


def test_what_is_no_jpeg_has_no_quality_and_no_block():
    for data in (b"", b"\xff\xd8\xff", b"\xff\xd8\xff\xdb\x00", png(scene()), b"\xff" * 50):
        assert jpeg.quality(data) is None
        assert jpeg.exif(data) == b""


def with_exif(data, **said):
    """Put an EXIF block behind the start of a JPEG; texts by tag, those of ``inner`` behind a pointer."""
    outer = {int(tag[1:]): text for tag, text in said.items() if tag[0] == "t"}
    inner = {int(tag[1:]): text for tag, text in said.items() if tag[0] == "i"}

    def directory(texts, at, pointer=None):
        entries = sorted((tag, text.encode() + b"\0") for tag, text in texts.items())
        count = len(entries) + (pointer is not None)
        start, body, tail = at + 2 + 12 * count + 4, b"", b""
        for tag, raw in entries:
            place = raw.ljust(4, b"\0") if len(raw) <= 4 else struct.pack("<I", start + len(tail))
            tail += raw if len(raw) > 4 else b""
            body += struct.pack("<HHI", tag, 2, len(raw)) + place
        if pointer is not None:
            body += struct.pack("<HHII", 34665, 4, 1, pointer(start + len(tail)))
        return struct.pack("<H", count) + body + b"\0" * 4 + tail

    first = directory(outer, 8, (lambda end: end) if inner else None)
    tiff = b"II*\0" + struct.pack("<I", 8) + first
    tiff += directory(inner, len(tiff)) if inner else b""
    block = b"Exif\0\0" + tiff
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + data[2:]


def test_camera_and_year_are_read():
    plain = packed(scene(), 80)
    data = with_exif(
        plain, t271="Nikon", t272="Nikon D70", t306="2019:01:02 03:04:05", i36867="2007:06:05 1"
    )
    assert told("camera", data) == "Nikon D70"
    assert told("year", data) == 2007
    assert told("camera", with_exif(plain, t271="Canon", t272="EOS")) == "Canon EOS"
    assert told("year", with_exif(plain, t306="0000:00:00 00:00:00")) is None
    assert (told("camera", plain), told("year", plain)) == (None, None)


@pytest.mark.parametrize("cut", range(30, 120, 7))
def test_a_block_that_is_cut_short_is_no_error(cut):
    data = with_exif(packed(scene(), 80), t271="Canon with a long name", i36867="2007:06:05")
    told("camera", data[:cut])
    told("year", data[:cut])


@pytest.mark.parametrize(
    ("name", "less", "more"),
    [
        ("sharpness", lambda x: cv2.GaussianBlur(x, (0, 0), 2), lambda x: x),
        ("brightness", lambda x: x // 3, lambda x: x),
        ("contrast", lambda x: x // 4 + 96, lambda x: x),
        ("saturation", lambda x: x // 2 + x.mean(2, keepdims=True).astype("u1") // 2, lambda x: x),
        ("aspect", lambda x: x[:, :60], lambda x: x),
        ("pixels", lambda x: x[:60], lambda x: x),
    ],
)
def test_a_picture_that_has_less_of_it_scores_less(name, less, more):
    for seed in range(3):
        assert told(name, png(less(scene(seed)))) < told(name, png(more(scene(seed))))


def test_grey_is_told_from_colour_after_jpeg_too():
    grey = np.repeat(scene()[..., :1], 3, axis=2)
    assert told("colour", packed(grey, 70)) == "grey"
    assert told("colour", packed(scene(), 70)) == "coloured"


def test_sharpness_of_a_picture_and_its_enlargement_can_be_compared():
    large = cv2.resize(scene(size=(256, 256)), (1024, 1024), interpolation=cv2.INTER_NEAREST)
    small = scene(size=(256, 256))
    assert told("sharpness", png(large)) == pytest.approx(told("sharpness", png(small)), rel=0.01)


def test_folder_and_format_are_those_of_the_file():
    assert told("folder", b"", "a/b/c.png") == "a/b"
    assert told("folder", b"", "c.png") is None
    assert told("format", packed(scene(), 50), "liar.png") == "JPEG"


class Counting:
    """A source that counts what is read of it."""

    def __init__(self, data):
        self.data, self.read_names, self.lock = data, [], threading.Lock()

    def read(self, name):
        with self.lock:
            self.read_names.append(name)
        if name not in self.data:
            raise FileNotFoundError(name)
        return self.data[name]


def test_pictures_are_looked_at_once(tmp_path):
    names = [f"{i}.png" for i in range(9)]
    source = Counting({name: png(scene(i)) for i, name in enumerate(names[:-1])})
    told_of = []
    first = collected(tmp_path, source, names[:5], progress=lambda *said: told_of.append(said))
    assert sorted(source.read_names) == names[:5]
    assert told_of[-1] == ("looking at pictures", 5, 5)
    every = collected(tmp_path, source, names)
    assert sorted(source.read_names) == names
    assert every["sharpness"][:5] == first["sharpness"]
    assert every["sharpness"][-1] is None  # could not be read
    assert collected(tmp_path, None, names) == every
    assert every["sharpness"][0] == look(source, "0.png")["sharpness"]


def test_a_damaged_cache_is_made_again(tmp_path):
    source = Counting({"a.png": png(scene())})
    collected(tmp_path, source, ["a.png"])
    (tmp_path / "attributes.parquet").write_bytes(b"no")
    assert collected(tmp_path, source, ["a.png"])["brightness"][0] > 0
    assert source.read_names == ["a.png", "a.png"]


def test_what_is_no_picture_has_no_attributes_but_where_it_lies():
    for data in (b"", b"<html>", packed(scene(), 80)[:200], io.BytesIO(b"\x89PNG").getvalue()):
        row = look(Counting({"x/y.jpg": data}), "x/y.jpg")
        assert row["folder"] == "x"
        assert row["brightness"] is None


def test_a_picture_that_has_gone_from_its_source_has_no_attributes():
    class Changed:
        def read(self, name):
            raise FileNotFoundError(name)

    assert look(Changed(), "gone.png") == dict.fromkeys(ATTRIBUTES)
