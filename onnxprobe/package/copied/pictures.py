"""From the bytes of a picture to what the model reads, as 'contract.json' says it.

Needs numpy and opencv-python-headless.
"""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

Array = np.ndarray[Any, Any]
METHODS = {
    "antialias": cv2.INTER_LINEAR,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
    "nearest": cv2.INTER_NEAREST,
}
BACKGROUND = {"white": 255, "black": 0}


def prepared(data: bytes, how: Mapping[str, Any]) -> Array:
    """Return one sample, without the batch, for the bytes of a picture file."""
    pixels = scaled(decoded(data, how), how)
    if how["channels"] == "gray":
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None]
    elif how["channels"] == "bgr":
        pixels = pixels[..., ::-1]
    sample = pixels
    if how["dtype"] != "uint8":
        exact = pixels.astype(np.float32) - np.array(how["mean"], np.float32)
        sample = (exact / np.array(how["std"], np.float32)).astype(how["dtype"])
    return np.ascontiguousarray(sample.transpose(2, 0, 1) if how["layout"] == "nchw" else sample)


def decoded(data: bytes, how: Mapping[str, Any]) -> Array:
    """Return the picture upright, as uint8 RGB (height, width, 3)."""
    buffer = np.frombuffer(data, np.uint8)
    raw = cv2.imdecode(buffer, cv2.IMREAD_UNCHANGED) if data else None
    if raw is None:
        raise ValueError("this is not a picture that OpenCV decodes")
    if raw.ndim == 3 and raw.shape[2] == 4:
        return over(raw, how)
    stored = cv2.IMREAD_IGNORE_ORIENTATION if how["orientation"] == "stored" else 0
    return cv2.cvtColor(cv2.imdecode(buffer, cv2.IMREAD_COLOR | stored), cv2.COLOR_BGR2RGB)


def over(raw: Array, how: Mapping[str, Any]) -> Array:
    """Lay a picture with transparency on the background that the model was shown."""
    raw = raw if raw.dtype == np.uint8 else ((raw.astype(np.uint32) + 128) // 257).astype(np.uint8)
    colour = cv2.cvtColor(raw, cv2.COLOR_BGRA2RGB)
    if how["alpha"] not in BACKGROUND:
        return colour
    opacity = raw[..., 3:].astype(np.uint32)
    light = BACKGROUND[how["alpha"]] * (255 - opacity)
    return ((colour * opacity + light + 127) // 255).astype(np.uint8)


def scaled(pixels: Array, how: Mapping[str, Any]) -> Array:
    """Scale to the canvas and cut its centre out; what is missing is black."""
    height, width = how["size"]
    canvas = [int(side / how["crop"] + 0.5) for side in (height, width)]
    factors = [c / p for c, p in zip(canvas, pixels.shape[:2], strict=True)]
    if how["resize"] != "stretch":
        factor = max(factors) if how["resize"] == "shortest" else min(factors)
        canvas = [max(1, int(side * factor + 0.5)) for side in pixels.shape[:2]]
    return centred(resized(pixels, canvas[0], canvas[1], how["interpolation"]), height, width)


def resized(pixels: Array, height: int, width: int, interpolation: str) -> Array:
    """Scale to a size; 'antialias' averages whole blocks first, as large as fit."""
    rows, columns = (max(1, pixels.shape[i] // (height, width)[i]) for i in (0, 1))
    if interpolation == "antialias" and max(rows, columns) > 1:
        h, w = pixels.shape[0] // rows, pixels.shape[1] // columns
        top, left = (pixels.shape[0] - h * rows) // 2, (pixels.shape[1] - w * columns) // 2
        inner = pixels[top : top + h * rows, left : left + w * columns]
        pixels = cv2.resize(inner, (w, h), interpolation=cv2.INTER_AREA)
    if pixels.shape[:2] == (height, width):
        return pixels
    return cv2.resize(pixels, (width, height), interpolation=METHODS[interpolation])


def centred(pixels: Array, height: int, width: int) -> Array:
    """Cut to a size around the centre; what is missing is black."""
    top, left = max(0, (pixels.shape[0] - height) // 2), max(0, (pixels.shape[1] - width) // 2)
    pixels = pixels[top : top + height, left : left + width]
    h, w = pixels.shape[:2]
    canvas = np.zeros((height, width, 3), np.uint8)
    top, left = (height - h) // 2, (width - w) // 2
    canvas[top : top + h, left : left + w] = pixels
    return canvas
