import json

import numpy as np
import pytest
from typer.testing import CliRunner

from onnxprobe.cli.app import app
from onnxprobe.cli.taps import heads_of, parted, taps_of
from onnxprobe.errors import GraphError, NoSuchNameError, PoolingError, StitchError
from onnxprobe.fuse import Part, with_metadata
from onnxprobe.graph.load import load
from onnxprobe.graph.save import save
from onnxprobe.headfiles import probes_of
from onnxprobe.heads import HEADS, LinearHead
from onnxprobe.probe import Probe
from onnxprobe.runtime import run

MEAN, STD = Probe("block", "mean"), Probe("stem", "std")


def invoke(*args):
    return CliRunner().invoke(app, list(map(str, args)), catch_exceptions=False)


def head(model, path, probes=(MEAN,), name="domain"):
    """A head as a recipe writes it: it says what it reads."""
    weight = np.random.default_rng(len(name)).normal(size=(2, 4 * len(probes))).astype(np.float32)
    zeros, half = np.zeros(2, np.float32), np.full(2, 0.5, np.float32)
    widths = (4,) * len(probes)
    made = LinearHead(HEADS["detectors"], weight, zeros, half, ("a", "b"), widths, name)
    return save(Part.linear(made, probes, like=model).head, path)


def mute(model, path, name):
    """A head that does not say what it reads."""
    told = load(head(model, path, name=name))
    return save(with_metadata(told, {"onnxprobe.head": "[]"}), path)


def listed(fused):
    return {h["head"]: h for h in map(_named, json.loads(invoke("heads", fused, "--json").output))}


def _named(head):
    return {"head": head["name"], "reads": head["probes"], "returns": head["outputs"]} | head


def test_a_probe_is_a_tensor_with_or_without_a_pooling(tiny):
    assert taps_of(tiny, ["block:std"], None, None) == [Probe("block", "std")]
    assert taps_of(tiny, ["block"], None, None) == taps_of(tiny, [], "block", None)
    with pytest.raises(PoolingError, match="'block:mean' is given twice"):
        taps_of(tiny, ["block:mean", "block:mean"], None, None)
    with pytest.raises(PoolingError, match="leave --tensor and --pooling out"):
        taps_of(tiny, ["block:mean"], None, "std")
    with pytest.raises(NoSuchNameError, match="no tensor named 'block:maen'; did you mean 'block'"):
        taps_of(tiny, ["block:maen"], None, None)


def test_several_probes_are_added_in_one_pass(tiny_file, tmp_path, images):
    out = tmp_path / "p.onnx"
    shown = invoke("probe", tiny_file, "--probe", "block:std", "--probe", "stem", "-o", out)
    assert shown.output == f"{out}: outputs 'block:std', 'stem:mean' added\n"
    assert list(run(out, {"image": images})) == ["scores", "block:std", "stem:mean"]


def test_a_head_that_says_what_it_reads_needs_no_probe(tiny, tiny_file, tmp_path):
    head(tiny, tmp_path / "head.onnx", (MEAN, STD))
    invoke("stitch", tiny_file, tmp_path / "head.onnx", "-o", tmp_path / "f.onnx")
    (found,) = listed(tmp_path / "f.onnx").values()
    assert (found["name"], found["reads"]) == ("domain", ["block:mean", "stem:std"])
    assert (found["classes"], found["kind"]) == (["a", "b"], "detectors")


def test_many_heads_read_many_probes_and_a_shared_one_is_computed_once(tiny, tiny_file, tmp_path):
    one, two = (mute(tiny, tmp_path / f"{n}.onnx", n) for n in ("one", "two"))
    both = head(tiny, tmp_path / "both.onnx", (MEAN, STD), "both")
    said = ["--probe", "block:mean", "--probe", "two=stem:std", "--probe", "both=block:mean"]
    out = tmp_path / "f.onnx"
    invoke("stitch", tiny_file, one, two, both, *said, "--probe", "both=stem:std", "-o", out)
    found = listed(out)
    assert {name: h["reads"] for name, h in found.items()} == {
        "one": ["block:mean"],
        "two": ["stem:std"],
        "both": ["block:mean", "stem:std"],
    }
    fused = load(out)
    assert [n.outputs[0] for n in fused.nodes].count("block:mean") == 1
    assert invoke("check", tiny_file, out).exit_code == 0
    again = tmp_path / "again.onnx"
    invoke("stitch", tiny_file, one, two, both, *said, "--probe", "both=stem:std", "-o", again)
    assert again.read_bytes() == out.read_bytes()


def test_one_file_can_be_two_heads_under_two_names(tiny, tiny_file, tmp_path):
    file, out = head(tiny, tmp_path / "head.onnx"), tmp_path / "f.onnx"
    said = ["--probe", "left=block:mean", "--probe", "right=stem:mean"]
    invoke("stitch", tiny_file, f"left={file}", f"right={file}", *said, "-o", out)
    assert {name: h["reads"] for name, h in listed(out).items()} == {
        "left": ["block:mean"],
        "right": ["stem:mean"],
    }
    assert load(out).outputs == (
        "scores", "domain_scores", "domain_id", "domain_confidence",
        "right/domain_scores", "right/domain_id", "right/domain_confidence",
    )  # fmt: skip
    right, bare = tmp_path / "right.onnx", tmp_path / "bare.onnx"
    invoke("unstitch", out, "--head", "left", "-o", right)
    invoke("unstitch", right, "--head", "right", "-o", bare)
    assert bare.read_bytes() == tiny_file.read_bytes()


def test_a_name_is_told_from_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a=b.onnx").touch()
    found = heads_of(["a=b.onnx", "c=d.onnx", "e.onnx", "=f.onnx"])
    assert {name: (str(h.path), h.name) for name, h in found.items()} == {
        "a=b": ("a=b.onnx", None),
        "c": ("d.onnx", "c"),
        "e": ("e.onnx", None),
        "=f": ("=f.onnx", None),
    }


@pytest.mark.parametrize("heads", [["x/head.onnx", "y/head.onnx"], ["a=x.onnx", "a=y.onnx"]])
def test_two_heads_of_one_name_are_refused_with_the_way_out(heads):
    with pytest.raises(
        StitchError, match=r"two heads are called .*; give one another name: NAME=y"
    ):
        heads_of(heads)


def test_two_heads_that_say_they_are_one_are_refused_with_the_way_out(tiny, tiny_file, tmp_path):
    files = [head(tiny, tmp_path / f"{n}.onnx") for n in ("one", "two")]
    with pytest.raises(StitchError, match="two heads are called 'domain'; give one another name"):
        invoke("stitch", tiny_file, *files, "-o", tmp_path / "f.onnx")


def test_a_probe_that_no_head_reads_is_refused():
    with pytest.raises(PoolingError, match="every head has probes of its own, so none reads 'c:m'"):
        parted(["a"], ["a=b:mean", "c:m"])


def test_a_tensor_may_hold_an_equals_sign():
    assert parted(["a"], ["w=x:mean"]) == {"a": ["w=x:mean"]}


@pytest.mark.parametrize("said", ["{", "[1]", '[{"probes": [3]}]', '[{"probes": ["block:maen"]}]'])
def test_a_head_that_says_nonsense_of_itself_is_refused(tiny, tmp_path, said):
    file = head(tiny, tmp_path / "head.onnx")
    save(with_metadata(load(file), {"onnxprobe.head": said}), file)
    with pytest.raises((GraphError, NoSuchNameError)):
        probes_of(file)
