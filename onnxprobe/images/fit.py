"""Which preprocessing a model wants: as given, as the model says, or as assumed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from onnxprobe.errors import PicturesError, quoted
from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Dim, Value
from onnxprobe.images.preprocess import CHANNELS, DTYPES, Preprocess
from onnxprobe.images.resize import Size

METADATA_KEY: Final = "onnxprobe.preprocess"
_IMAGENET: Final = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
_IMAGENET_GRAY: Final = ((114.495,), (57.63,))
"""Mean and standard deviation of ImageNet, in pixel units, as torchvision and timm state them; for
grey pictures the mean over the three channels, as is customary."""
_RANK: Final = 4


@dataclass(frozen=True, slots=True)
class ImageInput:
    """The input of a model that takes pictures.

    Attributes:
        name: of the tensor.
        dtype: ``"float32"``, ``"float16"`` or ``"uint8"``.
        batch: pictures per run where that is fixed, ``None`` where it is free.
        layout: ``"nchw"`` or ``"nhwc"``; ``None`` where the shape does not tell.
        channels: 3 or 1; ``None`` where the shape does not tell.
        size: height and width in pixels; ``None`` where one of them is free.
    """

    name: str
    dtype: str
    batch: int | None
    layout: str | None
    channels: int | None
    size: Size | None


def image_input(model: Model) -> ImageInput:
    """Return the one input of ``model``, which takes pictures.

    Raises:
        PicturesError: there are several inputs, or what the only one takes is no picture.
    """
    if len(model.inputs) != 1:
        raise PicturesError(
            f"the model wants {quoted(model.inputs) or 'no inputs'}, not one picture; cut the part "
            "that takes the picture out with: onnxprobe extract"
        )
    value = model.value(model.inputs[0])
    wrong = _why_not(value)
    if wrong:
        raise PicturesError(
            f"the model takes {value}, which is not a picture ({wrong}); a picture is N×3×H×W or "
            "N×H×W×3, of float32, float16 or uint8"
        )
    batch, *sample = value.shape or ()
    layout = _layout(sample)
    channels, size = _parts(sample, layout)
    return ImageInput(
        value.name,
        value.dtype or "float32",
        batch if isinstance(batch, int) and batch > 0 else None,
        layout,
        channels,
        size,
    )


def preprocess_for(
    model: Model, given: Preprocess | Mapping[str, Any] | None = None
) -> tuple[Preprocess, str]:
    """Return the preprocessing for ``model`` and where it is from.

    What is given comes first; else what the model says of itself under ``onnxprobe.preprocess``;
    else the size of the model's input, RGB, and mean and standard deviation of ImageNet are
    assumed. The second value, ``"given"``, ``"model metadata"`` or ``"assumed"``, is for telling
    the user which. Settings by name may leave out what follows from the model's input: ``size``,
    ``channels``, ``layout``, ``dtype``.

    Raises:
        PicturesError: the model does not take a picture, or not of the shape or type that the
            preprocessing gives, or nothing says how large it is.
        NoSuchNameError: a setting, or the name it is given, does not exist.
    """
    taken = image_input(model)
    if isinstance(given, Preprocess):
        chosen, origin = given, "given"
    elif given is not None:
        chosen, origin = Preprocess.of(_read_off(taken) | dict(given)), "given"
    elif METADATA_KEY in model.metadata:
        chosen, origin = Preprocess.from_json(model.metadata[METADATA_KEY]), "model metadata"
    else:
        chosen, origin = _assumed(taken), "assumed"
    _check(chosen, taken, str(model.value(taken.name)))
    return chosen, origin


def _why_not(value: Value) -> str:
    if value.dtype not in DTYPES:
        return f"its type is {value.dtype or 'unknown'}"
    if value.shape is None or len(value.shape) != _RANK:
        return f"it has {'unknown' if value.shape is None else len(value.shape)} dimensions, not 4"
    channels = value.shape[1], value.shape[3]
    if all(isinstance(c, int) and c not in (1, 3) for c in channels):
        return f"neither {channels[0]} nor {channels[1]} is a number of channels"
    return ""


def _layout(sample: list[Dim]) -> str | None:
    first, last = sample[0] in (1, 3), sample[2] in (1, 3)
    if first:
        return "nchw"
    return "nhwc" if last else None


def _parts(sample: list[Dim], layout: str | None) -> tuple[int | None, Size | None]:
    if layout is None:
        return None, None
    channels, (height, width) = (
        (sample[0], sample[1:]) if layout == "nchw" else (sample[2], sample[:2])
    )
    known = isinstance(height, int) and isinstance(width, int) and height > 0 and width > 0
    size = (height, width) if known else None
    return channels if isinstance(channels, int) else None, size  # type: ignore[return-value]


def _read_off(taken: ImageInput) -> dict[str, Any]:
    colours = None if taken.channels is None else {3: "rgb", 1: "gray"}[taken.channels]
    known: dict[str, Any] = {
        "size": taken.size,
        "channels": colours,
        "layout": taken.layout,
        "dtype": taken.dtype,
    }
    if taken.dtype == "uint8":
        known |= {"mean": (0.0,), "std": (1.0,)}
    return {name: value for name, value in known.items() if value is not None}


def _assumed(taken: ImageInput) -> Preprocess:
    known = _read_off(taken)
    if "size" not in known:
        raise PicturesError(
            f"the model does not say how large a picture {taken.name!r} takes; say it with the "
            'rest of the preprocessing, e.g. {"size": [224, 224], "mean": [123.675, 116.28, '
            '103.53], "std": [58.395, 57.12, 57.375]}'
        )
    mean, std = _IMAGENET_GRAY if taken.channels == 1 else _IMAGENET
    usual: dict[str, Any] = {"mean": mean, "std": std}
    return Preprocess(**(usual | known))


def _check(chosen: Preprocess, taken: ImageInput, declared: str) -> None:
    fits = (
        chosen.dtype == taken.dtype
        and chosen.layout == (taken.layout or chosen.layout)
        and CHANNELS[chosen.channels] == (taken.channels or CHANNELS[chosen.channels])
        and chosen.size == (taken.size or chosen.size)
    )
    if not fits:
        shape = "×".join(map(str, chosen.shape))
        raise PicturesError(
            f"the preprocessing gives {chosen.dtype}[N×{shape}] but the model takes {declared}"
        )
