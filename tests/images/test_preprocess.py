import json
from dataclasses import fields, replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnxprobe.errors import NoSuchNameError, PicturesError
from onnxprobe.images import Preprocess
from onnxprobe.images.interpolation import INTERPOLATIONS
from onnxprobe.images.preprocess import CHANNELS, DTYPES, LAYOUTS
from onnxprobe.images.resize import RESIZES

RGB = Preprocess(size=(8, 12), mean=(10, 20, 30), std=(2, 4, 8))
RAW = Preprocess(size=(8, 12), mean=(0,), std=(1,), dtype="uint8", layout="nhwc")


def picture(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def slow_normalise(pixels, seen):
    """The definition, pixel by pixel: channel c is ``(pixel − mean[c]) / std[c]`` in float32."""
    order = {"rgb": (0, 1, 2), "bgr": (2, 1, 0)}[seen.channels]
    rows = [
        [
            [
                (np.float32(pixel[order[c]]) - np.float32(seen.mean[c])) / np.float32(seen.std[c])
                for c in range(3)
            ]
            for pixel in row
        ]
        for row in pixels
    ]
    sample = np.array(rows, np.float32)
    return sample.transpose(2, 0, 1) if seen.layout == "nchw" else sample


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("channels", ["rgb", "bgr"])
def test_a_picture_of_the_right_size_is_only_normalised(layout, channels):
    seen = replace(RGB, layout=layout, channels=channels)
    pixels = picture(8, 12)
    assert np.array_equal(seen(pixels), slow_normalise(pixels, seen))  # bit for bit
    assert seen(pixels).shape == seen.shape


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_sample_can_be_written_into_a_batch(layout, channels, dtype):
    norm = {"mean": (0,), "std": (1,)} if dtype == "uint8" else {"mean": (9,), "std": (3,)}
    seen = Preprocess(size=(8, 12), layout=layout, channels=channels, dtype=dtype, **norm)
    batch = np.full((2, *seen.shape), 77, dtype)
    returned = seen(picture(20, 20), batch[1])
    assert returned.base is batch
    assert np.array_equal(batch[1], seen(picture(20, 20)))
    assert (batch[0] == 77).all()


def test_half_precision_is_the_rounded_single_precision():
    half = replace(RGB, dtype="float16", mean=(123.675,), std=(58.395,))
    single = replace(half, dtype="float32")
    assert np.array_equal(half(picture(8, 12)), single(picture(8, 12)).astype(np.float16))


def test_grey_is_the_luma_of_the_picture():
    seen = Preprocess(size=(8, 12), mean=(0,), std=(1,), channels="gray")
    pixels = picture(8, 12)
    luma = pixels @ [0.299, 0.587, 0.114]
    assert np.abs(seen(pixels)[0] - luma).max() <= 0.51  # OpenCV rounds to whole levels


@given(
    st.sampled_from(list(RESIZES)),
    st.sampled_from(list(INTERPOLATIONS)),
    st.floats(0.5, 1),
    st.integers(4, 70),
    st.integers(4, 70),
)
def test_every_mode_gives_the_shape_it_promises(resize, interpolation, crop, height, width):
    seen = replace(RAW, resize=resize, interpolation=interpolation, crop=crop)
    sample = seen(picture(height, width))
    assert sample.shape == (8, 12, 3)
    assert sample.dtype == np.uint8


@given(st.sampled_from(list(RESIZES)), st.integers(4, 70), st.integers(4, 70))
def test_proportions_are_kept_by_all_but_stretch(resize, height, width):
    scaled = replace(RAW, resize=resize).scaled(height, width)
    if resize == "stretch":
        assert scaled == (8, 12)
        return
    factors = [s / p for s, p in zip(scaled, (height, width), strict=True)]
    # Each side is rounded by at most half a pixel.
    assert abs(factors[0] - factors[1]) <= 0.5 / height + 0.5 / width + 1e-9 or min(scaled) == 1
    if resize == "shortest":
        assert scaled[0] >= 8
        assert scaled[1] >= 12
    else:
        assert scaled[0] <= 8
        assert scaled[1] <= 12


def test_shortest_cuts_the_centre_out():
    pixels = np.zeros((8, 36, 3), np.uint8)
    pixels[:, 12:24] = 255
    assert (replace(RAW, resize="shortest")(pixels) == 255).all()
    pixels = np.zeros((24, 12, 3), np.uint8)
    pixels[8:16] = 255
    assert (replace(RAW, resize="shortest")(pixels) == 255).all()


def test_letterbox_centres_between_black_bars():
    sample = replace(RAW, resize="letterbox")(np.full((8, 4, 3), 255, np.uint8))
    assert (sample[:, 4:8] == 255).all()
    assert (sample[:, :4] == 0).all()
    assert (sample[:, 8:] == 0).all()


def test_crop_keeps_that_share_of_the_canvas():
    seen = Preprocess(size=(224, 224), mean=(0,), std=(1,), crop=0.875)
    assert seen.scaled(512, 1024) == (256, 512)


def slow_antialias(pixels, height, width):
    """Means over whole blocks around the centre, rounded as OpenCV does, then bilinear."""
    rows, columns = max(1, pixels.shape[0] // height), max(1, pixels.shape[1] // width)
    if (rows, columns) != (1, 1):
        h, w = pixels.shape[0] // rows, pixels.shape[1] // columns
        top = (pixels.shape[0] - h * rows) // 2
        left = (pixels.shape[1] - w * columns) // 2
        inner = pixels[top : top + h * rows, left : left + w * columns].astype(np.float64)
        pixels = inner.reshape(h, rows, w, columns, 3).mean(axis=(1, 3)).astype(np.float32)
    return cv2.resize(pixels.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)


@given(st.integers(4, 60), st.integers(4, 60), st.integers(0, 9))
def test_antialias_agrees_with_its_slow_twin(height, width, seed):
    pixels = picture(height, width, seed)
    fast = INTERPOLATIONS["antialias"].scale(pixels, (9, 7))
    slow = slow_antialias(pixels, 9, 7)
    assert (
        np.abs(fast - slow).max() <= 1.3
    )  # half a level for blocks, half for lines; 11-bit weights


def test_antialias_shows_no_stripes_where_nearest_does():
    stripes = np.zeros((96, 96, 3), np.uint8)
    stripes[:, ::2] = 255
    small = {n: INTERPOLATIONS[n].scale(stripes, (10, 10)).astype(float) for n in INTERPOLATIONS}
    assert small["antialias"].std() < 20  # nine columns hold five of one colour
    assert small["nearest"].std() > 100


def test_only_antialias_lets_a_jpeg_be_reduced():
    data = cv2.imencode(".jpg", picture(160, 160))[1].tobytes()
    assert RGB.decode(data).pixels.shape == (20, 20, 3)
    assert replace(RGB, interpolation="linear").decode(data).pixels.shape == (160, 160, 3)


def test_all_settings_survive_json():
    seen = replace(RGB, crop=0.875, layout="nhwc", alpha="black", resize="stretch")
    assert Preprocess.from_json(seen.to_json()) == seen
    assert json.loads(seen.to_json()).keys() == {f.name for f in fields(Preprocess)}


def test_the_shortest_json_takes_the_defaults():
    said = '{"size":[224,224],"mean":[127,127,127],"std":128}'
    assert Preprocess.from_json(said) == Preprocess(size=(224, 224), mean=(127,), std=(128,))


BASE = {"size": [8, 12], "mean": 0, "std": 1}


@pytest.mark.parametrize(
    ("said", "error", "message"),
    [
        ({"sizes": 8}, NoSuchNameError, "no preprocessing setting named 'sizes'; did you mean"),
        ({"resize": "strech"}, NoSuchNameError, "no resize named 'strech'; did you mean 'stretch'"),
        ({"resize": ["stretch"]}, NoSuchNameError, "no resize named"),
        ({"channels": "grb"}, NoSuchNameError, "no channels named 'grb'"),
        ({"layout": "NCHW"}, NoSuchNameError, "no layout named 'NCHW'"),
        ({"alpha": None}, NoSuchNameError, "no alpha named 'None'"),
        ({"interpolation": "bicubic"}, NoSuchNameError, "did you mean 'cubic'"),
        ({"dtype": "int8"}, NoSuchNameError, "no dtype named 'int8'; did you mean 'uint8'"),
        ({"orientation": "up"}, NoSuchNameError, "no orientation named 'up'"),
        ({"size": [8]}, PicturesError, r"'size' is \[height, width\] in whole pixels, not \[8\]"),
        ({"size": [8, 0]}, PicturesError, "'size' is"),
        ({"size": [8.5, 9]}, PicturesError, "'size' is"),
        ({"crop": 0}, PicturesError, "'crop' is a share above 0 and at most 1, not 0"),
        ({"crop": 1.1}, PicturesError, "'crop' is a share"),
        ({"mean": [1, 2]}, PicturesError, r"'mean' is one number or 3, not \[1, 2\]"),
        ({"mean": "127"}, PicturesError, "'mean' is one number or 3, not '127'"),
        ({"std": [1, 0, 1]}, PicturesError, "'std' divides the pixels, so it cannot be 0"),
        ({"std": float("nan")}, PicturesError, "'std' is one number or 3, not nan"),
        ({"dtype": "uint8", "mean": 1}, PicturesError, "takes uint8 pixels as they are"),
    ],
)
def test_a_wrong_setting_is_named(said, error, message):
    with pytest.raises(error, match=message):
        Preprocess.from_json(json.dumps(BASE | said))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{size: 8}", "the preprocessing is not JSON: "),
        ("[8]", r"the preprocessing is a JSON object, not '\[8\]'"),
        ('{"size": 8, "mean": 0}', "the preprocessing does not say 'std'; it needs 'size'"),
    ],
)
def test_text_that_says_no_preprocessing_is_refused(text, message):
    with pytest.raises(PicturesError, match=message):
        Preprocess.from_json(text)


@given(
    st.sampled_from(LAYOUTS),
    st.sampled_from(["rgb", "bgr"]),
    st.tuples(st.integers(1, 30), st.integers(1, 30)),
    st.booleans(),
)
def test_bytes_are_the_pixels_wherever_they_are_put(layout, channels, size, spaced):
    seen = replace(RAW, layout=layout, channels=channels)
    pixels = picture(*size)
    floats = replace(seen, dtype="float32")(pixels)
    out = np.full((2, *seen.shape), 7, np.uint8)[0]
    if spaced:  # rows that are not one behind the other, as in a part of something larger
        out = np.full((*seen.shape[:2], 2 * seen.shape[2]), 7, np.uint8)[..., ::2]
    assert seen(pixels, out) is out
    assert np.array_equal(out, floats)


@pytest.mark.parametrize("shape", [(3, 8, 11), (8, 12, 3), (3, 9, 12)])
def test_a_place_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match="broadcast"):
        replace(RAW, layout="nchw")(picture(8, 12), np.zeros(shape, np.uint8))
