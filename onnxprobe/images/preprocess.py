"""What is done to a picture before a network sees it, as one value."""

import json
from collections.abc import Collection, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from functools import lru_cache
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import NoSuchNameError, PicturesError
from onnxprobe.images.alpha import ALPHAS
from onnxprobe.images.decode import MAX_PIXELS, Decoded, decode
from onnxprobe.images.interpolation import INTERPOLATIONS
from onnxprobe.images.orientation import ORIENTATIONS
from onnxprobe.images.resize import RESIZES, Size, centred

CHANNELS: Final = {"rgb": 3, "bgr": 3, "gray": 1}
LAYOUTS: Final = ("nchw", "nhwc")
DTYPES: Final = ("float32", "float16", "uint8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocess:
    """From a decoded picture to a network's sample: ``(pixel − mean) / std`` of a fixed size.

    >>> seen = Preprocess(size=(224, 224), mean=(127,), std=(128,))
    >>> seen(np.full((300, 400, 3), 255, np.uint8)).shape
    (3, 224, 224)

    Attributes:
        size: height and width of the sample, in pixels.
        resize: ``"shortest"`` covers the canvas and cuts the centre out, ``"letterbox"`` fits
            inside with black bars, ``"stretch"`` ignores the proportions.
        crop: share of the canvas that the centre crop keeps, 0 to 1: ``0.875`` makes 256 out of
            224 and then takes the inner 224.
        interpolation: one of ``INTERPOLATIONS``.
        mean: subtracted from each channel, in pixel units (0 to 255); one number serves all.
        std: divides each channel, in pixel units; one number serves all.
        channels: ``"rgb"``, ``"bgr"`` or ``"gray"``; ``mean`` and ``std`` are in this order.
        layout: ``"nchw"`` or ``"nhwc"``.
        alpha: what shines through transparent pixels: ``"white"``, ``"black"``, or ``"ignore"``.
        orientation: ``"exif"`` turns pictures upright, ``"stored"`` leaves them as they lie.
        dtype: of the sample: ``"float32"``, ``"float16"`` or ``"uint8"``.
    """

    size: Size
    mean: tuple[float, ...]
    std: tuple[float, ...]
    resize: str = "shortest"
    crop: float = 1.0
    interpolation: str = "antialias"
    channels: str = "rgb"
    layout: str = "nchw"
    alpha: str = "white"
    orientation: str = "exif"
    dtype: str = "float32"

    def __post_init__(self) -> None:
        """Check every setting.

        Raises:
            NoSuchNameError: a setting is not one of the names it can have.
            PicturesError: a number is out of its range; the message names the setting.
        """
        _one_of("resize", self.resize, list(RESIZES))
        _one_of("interpolation", self.interpolation, list(INTERPOLATIONS))
        _one_of("channels", self.channels, CHANNELS)
        _one_of("layout", self.layout, LAYOUTS)
        _one_of("alpha", self.alpha, ALPHAS)
        _one_of("orientation", self.orientation, ORIENTATIONS)
        _one_of("dtype", self.dtype, DTYPES)
        object.__setattr__(self, "size", _size(self.size))
        if not _is_number(self.crop) or not 0 < self.crop <= 1:
            raise PicturesError(f"'crop' is a share above 0 and at most 1, not {self.crop!r}")
        for name in ("mean", "std"):
            object.__setattr__(self, name, self._numbers(name))
        if not all(self.std):
            raise PicturesError(f"'std' divides the pixels, so it cannot be 0: {self.std!r}")
        if self.dtype == "uint8" and (any(self.mean) or set(self.std) != {1.0}):
            raise PicturesError(
                "the model takes uint8 pixels as they are: 'mean' is 0 and 'std' is 1, not "
                f"{list(self.mean)} and {list(self.std)}"
            )

    def _numbers(self, name: str) -> tuple[float, ...]:
        said, count = getattr(self, name), CHANNELS[self.channels]
        numbers = list(said) if isinstance(said, list | tuple) else [said]
        if not all(map(_is_number, numbers)) or len(numbers) not in (1, count):
            raise PicturesError(f"{name!r} is one number or {count}, not {said!r}")
        return tuple(float(number) for number in (numbers * count)[:count])

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of a sample, without the batch."""
        (height, width), count = self.size, CHANNELS[self.channels]
        return (count, height, width) if self.layout == "nchw" else (height, width, count)

    def scaled(self, height: int, width: int) -> Size:
        """Return the size that a picture of ``height`` and ``width`` is scaled to."""
        return _scaled(self.resize, self.crop, self.size, (height, width))

    def decode(self, data: bytes, *, max_pixels: int = MAX_PIXELS) -> Decoded:
        """Decode the bytes of a file as these settings want it; see :func:`.decode.decode`."""
        need = self.scaled if INTERPOLATIONS[self.interpolation].reducible else None
        return decode(
            data,
            alpha=self.alpha,
            orientation=self.orientation,
            need=need,
            max_pixels=max_pixels,
        )

    def __call__(self, picture: NDArray[np.uint8], out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the sample for ``picture``, uint8 RGB ``(h, w, 3)``; in ``out`` where given."""
        sample = np.empty(self.shape, self.dtype) if out is None else out
        scale = INTERPOLATIONS[self.interpolation].scale
        pixels = centred(scale(picture, self.scaled(*picture.shape[:2])), self.size)
        if self.channels != "gray" and _fits_in_place(pixels, sample):
            cv2.split(pixels, list(sample)[:: 1 if self.channels == "rgb" else -1])
            return sample
        planes = sample if self.layout == "nchw" else sample.transpose(2, 0, 1)
        for plane, channel, mean, std in zip(
            planes, _channels(pixels, self.channels), self.mean, self.std, strict=True
        ):
            _normalise(channel, np.float32(mean), np.float32(std), plane)
        return sample

    def to_json(self) -> str:
        """Write all settings as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Preprocess":
        """Read settings; those that have a default may be left out.

        Raises:
            PicturesError: it is not JSON, or ``size``, ``mean`` or ``std`` is not said.
            NoSuchNameError: a setting, or the name it is given, does not exist.
        """
        try:
            said = json.loads(text)
        except json.JSONDecodeError as error:
            raise PicturesError(f"the preprocessing is not JSON: {error}") from None
        if not isinstance(said, dict):
            raise PicturesError(f"the preprocessing is a JSON object, not {text!r}")
        return cls.of(said)

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "Preprocess":
        """Build from settings by name, as :meth:`from_json` reads them.

        Raises:
            PicturesError, NoSuchNameError: as :meth:`from_json`.
        """
        known = {field.name: field.default is MISSING for field in fields(cls)}
        for name in said:
            _one_of("preprocessing setting", name, known)
        absent = [name for name, needed in known.items() if needed and name not in said]
        if absent:
            raise PicturesError(
                f"the preprocessing does not say {absent[0]!r}; it needs 'size' ([height, width]), "
                "'mean' and 'std' (in pixel units, 0 to 255)"
            )
        return cls(**said)


@lru_cache(maxsize=1024)  # asked of each picture twice, and many have one size
def _scaled(resize: str, crop: float, size: Size, picture: Size) -> Size:
    height, width = (int(side / crop + 0.5) for side in size)
    return RESIZES[resize].scaled(picture, (height, width))


def _fits_in_place(pixels: NDArray[Any], sample: NDArray[Any]) -> bool:
    """Tell whether OpenCV can write the planes of RGB ``pixels`` straight into ``sample``."""
    bytes_both = pixels.dtype == sample.dtype == np.uint8 and sample.flags.c_contiguous
    return bytes_both and sample.shape == (3, *pixels.shape[:2]) and pixels.shape[2:] == (3,)


def _normalise(
    channel: NDArray[np.uint8], mean: np.float32, std: np.float32, out: NDArray[Any]
) -> None:
    if out.dtype == np.uint8:
        out[...] = channel
        return
    exact = out if out.dtype == np.float32 else np.empty(out.shape, np.float32)
    exact[...] = channel
    exact -= mean
    exact /= std
    if exact is not out:
        out[...] = exact


def _channels(pixels: NDArray[np.uint8], channels: str) -> tuple[NDArray[np.uint8], ...]:
    if channels == "gray":
        return (np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)),)
    split = tuple(cv2.split(pixels))
    return split if channels == "rgb" else split[::-1]


def _size(said: Any) -> Size:
    sides = tuple(said) if isinstance(said, list | tuple) else (said, said)
    whole = all(isinstance(side, int) and not isinstance(side, bool) for side in sides)
    if not whole or len(sides) != 2 or min(sides) < 1:  # noqa: PLR2004
        raise PicturesError(f"'size' is [height, width] in whole pixels, not {said!r}")
    return int(sides[0]), int(sides[1])


def _is_number(said: Any) -> bool:
    real = isinstance(said, int | float) and not isinstance(said, bool)
    return real and bool(np.isfinite(said))


def _one_of(setting: str, said: Any, known: Collection[str]) -> None:
    if not isinstance(said, str) or said not in known:
        raise NoSuchNameError(setting, str(said), known)
