import json
import shutil
import subprocess
from importlib.resources import files

import numpy as np
import pytest
from packaged_models import HOW, fused_file

from onnxprobe.errors import PackageError
from onnxprobe.images import Preprocess
from onnxprobe.images.alpha import ALPHAS, composite
from onnxprobe.images.resize import RESIZES
from onnxprobe.package import PACKAGINGS, package
from onnxprobe.package.browser import _INTERPOLATIONS

BROWSER = PACKAGINGS["browser"]
COPIED = files("onnxprobe.package.copied")
ASK = """
import { readFileSync } from "node:fs";
const { prepared } = await import(process.argv[1]);
const asked = JSON.parse(readFileSync(0));
console.log(JSON.stringify(asked.map(({ pixels, width, height, how }) =>
  Array.from(prepared({ data: Uint8Array.from(pixels), width, height }, how)))));
"""
node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def in_node(asked):
    """Prepare pictures, RGBA (height, width, 4), as a browser would."""
    said = [
        {
            "pixels": pixels.ravel().tolist(),
            "width": pixels.shape[1],
            "height": pixels.shape[0],
            "how": json.loads(how.to_json()),
        }
        for pixels, how in asked
    ]
    command = ["node", "--input-type=module", "-e", ASK, (COPIED / "pictures.js").as_uri()]
    done = subprocess.run(
        command, input=json.dumps(said), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [
        np.array(flat).reshape(how.shape)
        for flat, (_, how) in zip(json.loads(done.stdout), asked, strict=True)
    ]


def picture(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (*shape, 4), np.uint8)


def ours(pixels, how):
    bgra = np.ascontiguousarray(pixels[:, :, [2, 1, 0, 3]])
    return how(composite(bgra, how.alpha))


def settings(**said):
    return Preprocess(**{"size": (12, 10), "mean": (0.0,), "std": (1.0,)} | said)


@node
def test_the_script_prepares_pictures_as_the_library_does_but_for_single_steps():
    asked = [
        (picture(shape), settings(resize=resize, interpolation=how, crop=crop))
        for resize in RESIZES
        for how in _INTERPOLATIONS
        for crop in (1.0, 0.8)
        for shape in ((37, 64), (9, 5), (12, 10), (24, 21))
    ]
    apart = [
        np.abs(theirs - ours(pixels, how)).ravel()
        for (pixels, how), theirs in zip(asked, in_node(asked), strict=True)
    ]
    everything = np.concatenate(apart)
    # OpenCV enlarges in vector units that round once more, in other places
    assert everything.max() <= 1
    assert (everything > 0).mean() <= 0.01


@node
def test_ground_order_layout_and_normalisation_are_the_same():
    three = {"mean": (1.0, 2.0, 3.0), "std": (4.0, 5.0, 6.0)}
    asked = [
        (picture((12, 10)), settings(alpha=alpha, channels=channels, layout=layout, **three))
        for alpha in ALPHAS
        for channels in ("rgb", "bgr")
        for layout in ("nchw", "nhwc")
    ]
    asked.append((picture((12, 10)), settings(channels="gray", mean=(3.0,), std=(2.0,))))
    asked.append((picture((12, 10)), settings(dtype="uint8")))
    for (pixels, how), theirs in zip(asked, in_node(asked), strict=True):
        np.testing.assert_allclose(theirs, ours(pixels, how), rtol=1e-6, atol=1e-6)


def test_the_folder_has_what_a_page_needs(fused, tmp_path):
    done = package(fused, BROWSER, tmp_path / "out")
    assert {"index.html", "model.js", "pictures.js", "package.json", "model.onnx"} <= set(
        done.files
    )
    about = json.loads((tmp_path / "out" / "package.json").read_text())
    assert "onnxruntime-web" in about["dependencies"]


def test_a_model_that_does_not_say_how_pictures_are_prepared_is_refused(tmp_path):
    fused = fused_file(tmp_path, preprocess=None)
    with pytest.raises(PackageError, match="does not say how pictures are prepared"):
        package(fused, BROWSER, tmp_path / "out")


def test_a_way_to_scale_that_the_script_has_not_is_refused(tmp_path):
    fused = fused_file(tmp_path, preprocess=HOW | {"interpolation": "cubic"})
    with pytest.raises(PackageError, match=r"scale by 'antialias', .* scaled by 'cubic'"):
        package(fused, BROWSER, tmp_path / "out")
