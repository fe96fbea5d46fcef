import importlib.util
import itertools
import json
from importlib.resources import files

import cv2
import numpy as np
import pytest

from onnxprobe.images import Preprocess
from onnxprobe.images.alpha import ALPHAS
from onnxprobe.images.interpolation import INTERPOLATIONS
from onnxprobe.images.resize import RESIZES


@pytest.fixture(scope="module")
def prepared():
    path = files("onnxprobe.package.copied") / "pictures.py"
    spec = importlib.util.spec_from_file_location("pictures", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.prepared


def picture(channels, shape=(61, 90), kind=".png", dtype=np.uint8):
    rng = np.random.default_rng(channels)
    top = np.iinfo(dtype).max
    pixels = rng.integers(0, top + 1, (*shape, channels), dtype)
    return cv2.imencode(kind, pixels)[1].tobytes()


def both(prepared, data, **settings):
    how = Preprocess(**{"size": (24, 16), "mean": (120.0,), "std": (60.0,)} | settings)

    ours = how(how.decode(data).pixels)
    return ours, prepared(data, json.loads(how.to_json()))


@pytest.mark.parametrize(
    ("resize", "interpolation", "crop"),
    list(itertools.product(RESIZES, INTERPOLATIONS, (1.0, 0.8))),
)
def test_the_script_prepares_pictures_as_the_library_does(prepared, resize, interpolation, crop):
    for shape in ((61, 90), (12, 7), (24, 16)):
        data = picture(3, shape)
        ours, theirs = both(prepared, data, resize=resize, interpolation=interpolation, crop=crop)
        np.testing.assert_array_equal(theirs, ours)


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("channels", ["rgb", "bgr"])
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_it_lays_transparency_on_the_same_ground_and_keeps_the_order(
    prepared, alpha, channels, layout
):
    per_channel = {"mean": (1.0, 2.0, 3.0), "std": (4.0, 5.0, 6.0)}
    for dtype in (np.uint8, np.uint16):
        data = picture(4, dtype=dtype)
        ours, theirs = both(
            prepared, data, alpha=alpha, channels=channels, layout=layout, **per_channel
        )
        np.testing.assert_array_equal(theirs, ours)
        assert theirs.flags.c_contiguous


@pytest.mark.parametrize("dtype", ["float32", "float16", "uint8"])
def test_it_gives_the_type_that_the_model_reads(prepared, dtype):
    plain = {"mean": (0.0,), "std": (1.0,)} if dtype == "uint8" else {}
    for channels, count in (("gray", 3), ("rgb", 1)):
        ours, theirs = both(prepared, picture(count), channels=channels, dtype=dtype, **plain)
        assert theirs.dtype == dtype
        np.testing.assert_array_equal(theirs, ours)


def test_a_file_that_is_no_picture_is_refused(prepared):
    with pytest.raises(ValueError, match="not a picture that OpenCV decodes"):
        prepared(b"GIF87", {})
