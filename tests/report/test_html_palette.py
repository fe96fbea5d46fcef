from itertools import combinations

import numpy as np
import pytest

from onnxprobe.report.html.palette import DARK, LIGHT, SHAPES, mark

# Machado et al. (2009), severity 1, on linear RGB.
SIGHT = {
    "usual": np.eye(3),
    "no red cones": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green cones": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no blue cones": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(colour):
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def oklab(rgb):
    """Ottosson (2020): a space where equal steps look equal; white is 1 away from black."""
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    axes = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return axes @ np.cbrt(cones @ np.clip(rgb, 0, 1))


def contrast(one, other):
    """WCAG 2: 1 to 21."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    dark, light = sorted(float(weights @ linear(colour)) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_no_two_colours_look_alike_to_anybody(theme, sight):
    seen = [oklab(np.array(SIGHT[sight]) @ linear(colour)) for colour in theme]
    # 0.1 in OKLab is about five times what the eye just tells apart.
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) >= 0.1


def test_every_colour_stands_out_from_its_ground():
    assert min(contrast(colour, "#ffffff") for colour in LIGHT) >= 3  # WCAG 1.4.11, graphics
    assert min(contrast(colour, "#0f1216") for colour in DARK) >= 3


def test_every_domain_has_its_own_mark_until_colours_times_shapes_are_used_up():
    count = len(LIGHT) * len(SHAPES)
    assert len(LIGHT) == len(DARK)
    assert len({mark(ordinal) for ordinal in [None, *range(count)]}) == count + 1
    assert mark(count) == mark(0)
