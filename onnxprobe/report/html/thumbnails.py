"""Pictures made small: each is read and decoded once, however often the page shows it."""

import math
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import OnnxprobeError
from onnxprobe.images import decode
from onnxprobe.images.names import printable
from onnxprobe.progress import Progress

SPRITE: Final = 56  # pixels, side of the square on the map
TILE: Final = 112  # pixels, longest side in a gallery
SPRITE_QUALITY: Final = 72
TILE_QUALITY: Final = 76

Pixels = NDArray[np.uint8]


class Source(Protocol):
    """Where the pictures are."""

    @property
    def names(self) -> Sequence[str]:
        """What they are called."""

    def read(self, name: str, /) -> bytes:
        """Give the bytes of the picture called ``name``."""


@dataclass(frozen=True, eq=False)
class Thumbnails:
    """Small pictures by row of the groups.

    Attributes:
        sprites: squares for the map, uint8 ``(56, 56, 3)`` RGB.
        tiles: whole pictures for the galleries, WebP.
        unread: rows whose picture could not be read or decoded.
    """

    sprites: Mapping[int, Pixels]
    tiles: Mapping[int, bytes]
    unread: frozenset[int]


def shrink(
    source: Source | None,
    paths: Mapping[int, str],
    *,
    sprites: Collection[int],
    tiles: Collection[int],
    progress: Progress,
) -> Thumbnails:
    """Make the sprites and tiles asked for by row; without a source, none can be read.

    Reading and decoding have their own threads; pictures are read in the order of their names. A
    name that is not UTF-8 may be asked for as it is printed.
    """
    wanted = sorted({*sprites, *tiles}, key=lambda row: (paths[row], row))
    if source is None:
        return Thumbnails({}, {}, frozenset(wanted))
    names = _names(source, paths)
    small = partial(_small, source, names=names, sprites=frozenset(sprites), tiles=frozenset(tiles))
    made: list[_Small] = []
    with ThreadPoolExecutor() as pool:
        for it in pool.map(small, wanted):
            made.append(it)
            progress("report pictures", len(made), len(wanted))
    return Thumbnails(
        sprites={it.row: it.sprite for it in made if it.sprite is not None},
        tiles={it.row: it.tile for it in made if it.tile is not None},
        unread=frozenset(it.row for it in made if it.sprite is None and it.tile is None),
    )


def _names(source: Source, paths: Mapping[int, str]) -> Mapping[int, str]:
    """Return what the source calls the pictures of which ``paths`` may be how a name is printed."""
    if not any("\\x" in path for path in paths.values()):
        return paths
    called = {printable(name): name for name in source.names}
    return {row: called.get(path, path) for row, path in paths.items()}


def webp(picture: Pixels, quality: int) -> bytes:
    """Encode uint8 RGB ``(h, w, 3)`` as WebP."""
    options = [cv2.IMWRITE_WEBP_QUALITY, quality]
    _, data = cv2.imencode(".webp", picture[..., ::-1], options)
    return bytes(data)


def _needed(height: int, width: int) -> tuple[int, int]:
    """Say how large a JPEG has to be decoded for both sprite and tile."""
    scale = min(1.0, max(SPRITE / min(height, width), TILE / max(height, width)))
    return math.ceil(height * scale), math.ceil(width * scale)


@dataclass(frozen=True, eq=False)
class _Small:
    row: int
    sprite: Pixels | None = None
    tile: bytes | None = None


def _small(
    source: Source,
    row: int,
    *,
    names: Mapping[int, str],
    sprites: frozenset[int],
    tiles: frozenset[int],
) -> _Small:
    try:
        picture = decode(source.read(names[row]), need=_needed).pixels
    except (OnnxprobeError, OSError):
        picture = None
    if picture is None:
        return _Small(row)
    return _Small(
        row,
        sprite=_square(picture) if row in sprites else None,
        tile=webp(_fitted(picture), TILE_QUALITY) if row in tiles else None,
    )


def _square(picture: Pixels) -> Pixels:
    """Cut the middle square and scale it to a sprite."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    middle = picture[top : top + side, left : left + side]
    return _scaled(middle, (SPRITE, SPRITE))


def _fitted(picture: Pixels) -> Pixels:
    """Scale the whole picture so that it fits a tile; a smaller one stays as it is."""
    height, width = picture.shape[:2]
    scale = min(1.0, TILE / max(height, width))
    return _scaled(picture, (max(1, round(width * scale)), max(1, round(height * scale))))


def _scaled(picture: Pixels, size: tuple[int, int]) -> Pixels:
    scaled: Pixels = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return scaled
