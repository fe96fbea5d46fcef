"""Real architectures as torch exports them: torch itself says what should be picked, and its value."""

import json
import logging
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from torch_networks import NETWORKS, imported
from typer.testing import CliRunner

from onnxprobe.cli.app import app
from onnxprobe.graph.expose import expose
from onnxprobe.graph.load import load
from onnxprobe.graph.save import save
from onnxprobe.heads import HEADS, LinearHead
from onnxprobe.pooling import POOLINGS
from onnxprobe.runtime import run

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # torch's, of its own ways
EXPORTERS = ("torchscript", "dynamo")
BATCH = 2


@dataclass(frozen=True)
class Exported:
    """A network as a file, and what torch answers.

    Attributes:
        path: the file.
        pictures: what both were fed.
        logits: the answer.
        picked: what should be picked.
        pooled: the penultimate features; ``None`` where no pooling of ours gives them.
    """

    path: Path
    pictures: np.ndarray
    logits: np.ndarray
    picked: np.ndarray
    pooled: np.ndarray | None


def invoke(*args, code=0):
    result = CliRunner().invoke(app, list(map(str, args)), catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.stdout


def exported(network, exporter, folder):
    """Build, see what torch's modules give and take, export."""
    if exporter == "dynamo":
        pytest.importorskip("onnxscript")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        try:
            torch, package = imported("torch"), imported(network.package)
        except ImportError as error:
            pytest.skip(str(error))
        torch.manual_seed(0)
        torch.backends.mha.set_fastpath_enabled(False)  # one operator that no exporter knows
        model = network.build(package)
        pictures = torch.randn(BATCH, 3, network.size, network.size)
        with torch.no_grad():
            normalised(model, torch.randn(8, *pictures.shape[1:]))
            seen, logits = watched(model, network, pictures)
            path = folder / "model.onnx"
            export(torch, exporter, model, pictures, path)
    return Exported(path, pictures.numpy(), logits, *seen)


def normalised(model, pictures):
    """Give batch normalisation statistics of pictures; else what random weights give fades to zero."""
    for module in model.modules():
        if hasattr(module, "running_var"):
            module.momentum = 1.0
    model.train()(pictures)
    model.eval()


def watched(model, network, pictures):
    seen = {}

    def gives(_module, _read, written):
        seen["picked"] = written.numpy()

    def takes(_module, read):
        seen["pooled"] = read[0].numpy().reshape(BATCH, -1)

    hooks = [model.get_submodule(network.picked).register_forward_hook(gives)]
    if network.reads:
        hooks.append(model.get_submodule(network.reads).register_forward_pre_hook(takes))
    logits = model(pictures).numpy()
    for hook in hooks:
        hook.remove()
    picked = np.maximum(seen["picked"], 0) if network.then == "relu" else seen["picked"]
    return (picked, seen.get("pooled")), logits


def export(torch, exporter, model, pictures, path):
    names = {"input_names": ["image"], "output_names": ["logits"]}
    if exporter == "dynamo":
        shapes = ({0: torch.export.Dim("N", max=64)},)
        torch.onnx.export(
            model, (pictures,), path, dynamo=True, dynamic_shapes=shapes, verbose=False, **names
        )
        return
    axes = {name: {0: "N"} for name in ("image", "logits")}
    torch.onnx.export(
        model, (pictures,), path, dynamo=False, dynamic_axes=axes, opset_version=17, **names
    )


def places_by_channels(array, axis):
    """Lay a map, or tokens, out as (n, places, channels)."""
    last = np.moveaxis(array, axis, -1)
    return last.reshape(len(last), -1, last.shape[-1])


def close(a, b):
    """Tell whether two libraries gave the same.

    Each sums thousands of products a hundred layers deep in an order of its own, and batch
    normalisation by few pictures magnifies what is lost: 2e-4 was seen.
    """
    return a.shape == b.shape and np.abs(a - b).max() <= 1e-3 * max(1, np.abs(b).max())


def head_for(width, path, like):
    rng = np.random.default_rng(0)
    coef = rng.normal(size=(2, width)).astype(np.float32) / np.sqrt(width).astype(np.float32)
    zeros, half = np.zeros(2, np.float32), np.full(2, 0.5, np.float32)
    head = LinearHead(HEADS["softmax"], coef, zeros, half, ("a", "b"), (width,), "mine")
    return save(head.model(opset=like.opset, ir_version=like.ir_version, batch="N"), path)


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_the_pick_the_probe_and_the_old_answers_are_those_of_torch(network, exporter, tmp_path):
    made = exported(network, exporter, tmp_path)
    assert np.abs(made.picked).max() > 1e-3  # all zeros would agree with anything
    feeds = {"image": made.pictures}
    assert close(run(load(made.path), feeds)["logits"], made.logits)

    tensor = invoke("pick", made.path).strip()
    listed = json.loads(invoke("inspect", made.path, "--json"))
    unsure = any("only known when the model runs" in why for why in listed["pick"]["reasons"])
    assert unsure or listed["pick"]["tensor"] == tensor
    assert tensor in {layer["output"] for layer in listed["layers"]}
    found = run(expose(load(made.path), [tensor]), feeds)[tensor]
    expected = places_by_channels(made.picked, network.channels)
    axes = range(1, found.ndim)
    assert any(close(places_by_channels(found, axis), expected) for axis in axes)

    usual = "mean" if network.pooling == "mean" else "token-mean"
    invoke("probe", made.path, "-o", tmp_path / "usual.onnx")
    assert load(tmp_path / "usual.onnx").outputs == ("logits", f"{tensor}:{usual}")
    invoke("probe", made.path, "--pooling", network.pooling, "-o", tmp_path / "probed.onnx")
    probed = run(load(tmp_path / "probed.onnx"), feeds)
    vectors = probed[f"{tensor}:{network.pooling}"]
    assert close(vectors, POOLINGS[network.pooling].apply(pooled_as(made.picked, network)))
    assert made.pooled is None or close(vectors, made.pooled)

    head = head_for(vectors.shape[1], tmp_path / "mine.onnx", load(made.path))
    fused = tmp_path / "fused.onnx"
    said = invoke("stitch", made.path, head, "--pooling", network.pooling, "-o", fused)
    assert "1 old output bit-identical at batch 1, 2, 5" in said
    assert invoke("check", made.path, fused).endswith("contract kept\n")
    answers = run(load(fused), feeds)
    assert answers["logits"].tobytes() == run(load(made.path), feeds)["logits"].tobytes()


def pooled_as(picked, network):
    """Return torch's features as the pooling reads them: places flat, channels where it wants them."""
    flat = places_by_channels(picked, network.channels)
    return np.moveaxis(flat, -1, 1) if network.pooling == "mean" else flat
