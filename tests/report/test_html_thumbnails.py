import cv2
import numpy as np
import pytest
from fake_run import Pictures

from onnxprobe.progress import silent
from onnxprobe.report.html.thumbnails import SPRITE, TILE, shrink

RED, GREEN, BLUE = (220, 30, 20), (20, 200, 40), (10, 40, 210)


def encoded(rgb, kind=".png"):
    return cv2.imencode(kind, np.ascontiguousarray(rgb[..., ::-1]))[1].tobytes()


def flag(height, width):
    """Red, green and blue from left to right, or from top to bottom where that is longer."""
    picture = np.zeros((height, width, 3), np.uint8)
    long = picture if height > width else picture.transpose(1, 0, 2)
    for part, colour in zip(np.array_split(long, 3), (RED, GREEN, BLUE), strict=True):
        part[:] = colour
    return picture


def shrunk(data, *, sprites=(0,), tiles=(0,)):
    pictures = Pictures({"a": data})
    return shrink(pictures, {0: "a"}, sprites=sprites, tiles=tiles, progress=silent)


def tile(small):
    return cv2.imdecode(np.frombuffer(small.tiles[0], np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


@pytest.mark.parametrize("kind", [".png", ".jpg", ".webp", ".bmp", ".tiff"])
@pytest.mark.parametrize("size", [(300, 900), (900, 300), (3000, 1000), (60, 20)])
def test_the_sprite_is_the_middle_square_and_the_tile_the_whole_picture(kind, size):
    small = shrunk(encoded(flag(*size), kind))
    # Lossy kinds, and WebP of the tile, move colours by a few levels.
    assert small.sprites[0].shape == (SPRITE, SPRITE, 3)
    np.testing.assert_allclose(small.sprites[0][5:-5, 5:-5], np.full((46, 46, 3), GREEN), atol=25)
    whole = tile(small)
    assert max(whole.shape) == min(TILE, max(size))
    assert whole.shape[0] * size[1] == pytest.approx(whole.shape[1] * size[0], rel=0.06)
    ends = (whole[2, 2], whole[-3, -3])
    np.testing.assert_allclose(ends, [RED, BLUE], atol=40)


def test_transparency_lies_on_white():
    clear = np.zeros((64, 64, 4), np.uint8)
    small = shrunk(cv2.imencode(".png", clear)[1].tobytes())
    assert small.sprites[0].min() >= 250


def test_only_what_was_asked_for_is_made():
    data = encoded(flag(90, 90))
    only_tile = shrunk(data, sprites=())
    assert (only_tile.sprites, [*only_tile.tiles], only_tile.unread) == ({}, [0], frozenset())
    only_sprite = shrunk(data, tiles=())
    assert ([*only_sprite.sprites], only_sprite.tiles) == ([0], {})
    assert only_sprite.unread == frozenset()


@pytest.mark.parametrize("data", [b"", b"<html>", encoded(flag(64, 64), ".jpg")[:200]])
def test_what_is_no_picture_is_unread(data):
    small = shrunk(data)
    assert (small.sprites, small.tiles, small.unread) == ({}, {}, {0})


def test_a_missing_picture_is_unread_and_the_others_are_made():
    pictures = Pictures({"here": encoded(flag(64, 64))})
    told = []
    small = shrink(
        pictures,
        {7: "gone", 9: "here"},
        sprites=[7, 9],
        tiles=[7],
        progress=lambda *said: told.append(said),
    )
    assert ([*small.sprites], small.tiles, small.unread) == ([9], {}, {7})
    assert told == [("report pictures", 1, 2), ("report pictures", 2, 2)]
