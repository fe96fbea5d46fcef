import json
from dataclasses import replace

import numpy as np
import onnx
import pytest
from architectures.net import Net
from onnx import TensorProto, helper
from tiny import tiny_model

from onnxprobe.contract import compare, kept
from onnxprobe.errors import ContractError, PoolingError
from onnxprobe.fuse import HEADS as HEADS_KEY
from onnxprobe.fuse import Part, fuse, write_fused
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save
from onnxprobe.heads import HEADS, LinearHead
from onnxprobe.probe import Probe, attach, pooled, width
from onnxprobe.proof import sha256
from onnxprobe.runtime import Session, run


def head(widths, name="domain", kind="detectors"):
    rng = np.random.default_rng(0)
    return LinearHead(
        HEADS[kind],
        rng.normal(size=(3, sum(widths))).astype(np.float32),
        rng.normal(size=3).astype(np.float32),
        np.full(3, 0.5, np.float32),
        ("a", "b", "c"),
        widths,
        name,
    )


VIEWS = (Probe("block", "mean"), Probe("stem", "std"))


def part(model, name="domain"):
    return Part.linear(head((4, 4), name), VIEWS, like=model)


@pytest.mark.parametrize(
    ("opset", "ir_version"), [(7, 3), (8, 3), (9, 3), (11, 6), (13, 7), (17, 8), (21, 10)]
)
def test_a_fused_file_keeps_the_contract_and_is_proven(tmp_path, opset, ir_version):
    model = tiny_model(opset, ir_version)
    save(model, tmp_path / "old.onnx")
    proof = write_fused(tmp_path / "old.onnx", [part(model)], tmp_path / "new.onnx")
    fused = load(tmp_path / "new.onnx")
    assert kept(compare(model, fused))
    assert fused.outputs == ("scores", "domain_scores", "domain_id", "domain_confidence")
    assert (proof.kept, proof.batches) == (True, (1, 2, 5))
    assert [output.name for output in proof.new_outputs] == list(fused.outputs[1:])
    onnx.checker.check_model(str(tmp_path / "new.onnx"), full_check=True)


def test_the_file_says_what_was_done(tmp_path, tiny_file, tiny):
    write_fused(tiny_file, [part(tiny)], tmp_path / "new.onnx")
    said = load(tmp_path / "new.onnx").metadata
    assert said["owner"] == "somebody"
    (facts,) = json.loads(said[HEADS_KEY])
    assert (facts["prefix"], facts["classes"], facts["probes"]) == (
        "domain",
        ["a", "b", "c"],
        ["block:mean", "stem:std"],
    )
    assert json.loads(said["onnxprobe.backbone"]) == {"sha256": sha256(tiny_file)}
    assert json.loads(said["onnxprobe.proof"])["old_outputs"] == "bit-identical"


def test_without_proof_the_file_says_so(tmp_path, tiny_file, tiny):
    assert write_fused(tiny_file, [part(tiny)], tmp_path / "new.onnx", proven=False) is None
    assert json.loads(load(tmp_path / "new.onnx").metadata["onnxprobe.proof"]) == "not proven"


def test_a_head_that_answers_otherwise_than_numpy_is_not_written(tmp_path, tiny_file, tiny):
    honest = part(tiny)
    wrong = {
        name: array + 1
        for name, array in honest.answers([np.zeros((1, 4), np.float32)] * 2).items()
    }

    def lies(vectors):
        return {name: np.repeat(array, len(vectors[0]), 0) for name, array in wrong.items()}

    (tmp_path / "new.onnx").write_text("precious")
    with pytest.raises(
        ContractError, match=r"the new output 'domain_scores' is .* from what numpy computes"
    ):
        write_fused(
            tiny_file,
            [Part(honest.name, honest.head, honest.probes, lies, {})],
            tmp_path / "new.onnx",
        )
    assert (tmp_path / "new.onnx").read_text() == "precious"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["new.onnx", "tiny.onnx"]


@pytest.mark.parametrize("spoil", ["nan", "shape"])
def test_a_new_answer_that_is_no_number_or_of_another_shape_is_not_written(
    tmp_path, tiny_file, tiny, monkeypatch, spoil
):
    real = Session.run

    def spoilt(self, feeds, outputs=None):
        results = real(self, feeds, outputs)
        if "domain_scores" in results and len(feeds["image"]) == 5:  # the last batch only
            scores = results["domain_scores"].copy()
            scores[0, 0] = np.nan
            results["domain_scores"] = scores if spoil == "nan" else scores.T
        return results

    monkeypatch.setattr(Session, "run", spoilt)
    with pytest.raises(ContractError, match=r"the new output 'domain_scores' is (nan|inf) from"):
        write_fused(tiny_file, [part(tiny)], tmp_path / "new.onnx")


def test_an_old_answer_that_would_change_keeps_the_file_from_being_written(
    tmp_path, tiny_file, tiny, monkeypatch
):
    real = Session.run

    def noisy(self, feeds, outputs=None):
        results = real(self, feeds, outputs)
        if "domain_scores" in results:  # the fused model
            results["scores"] = np.nextafter(results["scores"], np.float32(9))
        return results

    monkeypatch.setattr(Session, "run", noisy)
    with pytest.raises(
        ContractError, match=r"the output 'scores' would change by .*; nothing was written"
    ):
        write_fused(tiny_file, [part(tiny)], tmp_path / "new.onnx")
    assert not (tmp_path / "new.onnx").exists()


def test_several_heads_share_a_probe_that_is_computed_once(tiny, images):
    fused = fuse(tiny, [part(tiny, "one"), part(tiny, "two")])
    assert fused.outputs[1:4] == ("one_scores", "one_id", "one_confidence")
    assert [n.op for n in fused.nodes].count("ReduceMean") == 2  # both inside std
    answers = run(fused, {"image": images})
    np.testing.assert_array_equal(answers["one_scores"], answers["two_scores"])


def test_a_second_head_can_be_fused_later(tmp_path, tiny_file, tiny):
    write_fused(tiny_file, [part(tiny, "one")], tmp_path / "once.onnx")
    write_fused(tmp_path / "once.onnx", [part(tiny, "two")], tmp_path / "twice.onnx")
    twice = load(tmp_path / "twice.onnx")
    assert len(json.loads(twice.metadata[HEADS_KEY])) == 2
    assert [n.op for n in twice.nodes].count("ReduceMean") == 2


def test_a_head_from_a_file_is_fused_at_a_probe(tmp_path, tiny_file, images):
    trained = head((4,), "topic", "softmax")
    save(trained.model(opset=17, ir_version=8), tmp_path / "topic.onnx")
    proof = write_fused(
        tiny_file,
        [Part.file(tmp_path / "topic.onnx", [Probe("block", "mean")])],
        tmp_path / "new.onnx",
    )
    assert proof.kept
    answers = run(tmp_path / "new.onnx", {"image": images})
    vectors = run(attach(load(tiny_file), [Probe("block", "mean")]), {"image": images})[
        "block:mean"
    ]
    np.testing.assert_allclose(answers["topic_scores"], trained([vectors]).scores, rtol=1e-5)


def test_pooled_adds_nodes_but_no_output(tiny):
    assert pooled(tiny, VIEWS).outputs == tiny.outputs
    assert attach(tiny, VIEWS).outputs == ("scores", "block:mean", "stem:std")


def test_half_precision_is_raised_before_it_is_pooled():
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        "half",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT16, ["N", 3, 4, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT16, ["N", 3, 4, 4])],
    )
    opsets = [helper.make_opsetid("", 17)]
    from onnxprobe.graph.model import Model

    model = Model(helper.make_model(graph, opset_imports=opsets, ir_version=8))
    x = np.random.default_rng(0).uniform(size=(2, 3, 4, 4)).astype(np.float16)
    vectors = run(attach(model, [Probe("y", "mean")]), {"x": x})["y:mean"]
    np.testing.assert_allclose(vectors, x.astype(np.float32).mean((2, 3)), rtol=1e-5)


def test_a_probe_on_a_vector_says_what_fits(tiny):
    with pytest.raises(PoolingError, match=r"mean pooling reads maps .*; what fits: flatten"):
        attach(tiny, [Probe("flat", "mean")])


def test_a_backbone_of_fixed_batch_is_fused_and_proven_at_it(tmp_path):
    model = tiny_model(batch=1)
    save(model, tmp_path / "old.onnx")
    proof = write_fused(tmp_path / "old.onnx", [part(model)], tmp_path / "new.onnx")
    assert proof.batches == (1,)
    assert kept(compare(model, load(tmp_path / "new.onnx")))


def with_half(model):
    """``model`` with its block in half precision beside it."""
    proto = onnx.ModelProto()
    proto.CopyFrom(model.proto)
    half = helper.make_node("Cast", ["block"], ["half"], to=TensorProto.FLOAT16)
    proto.graph.node.append(half)
    return Model(proto)


@pytest.mark.parametrize("tensor", ["block", "half"])
def test_what_comes_from_half_precision_may_be_farther_from_numpy(tmp_path, tiny, tensor):
    model = with_half(tiny)
    save(model, tmp_path / "old.onnx")
    plain = Part.linear(head((4,)), [Probe(tensor)], like=model)

    def farther(vectors):
        scores, *others = plain.answers(vectors).items()
        return dict([(scores[0], scores[1] + np.float32(2e-3)), *others])

    shifted = replace(plain, answers=farther)
    if tensor == "half":
        assert write_fused(tmp_path / "old.onnx", [shifted], tmp_path / "new.onnx").kept
        return
    with pytest.raises(ContractError, match=r"'domain_scores' is 0.002 from what numpy computes"):
        write_fused(tmp_path / "old.onnx", [shifted], tmp_path / "new.onnx")


def frames(net, clip):
    """Frames in the batch: a sample takes four rows."""
    rows = net.op("Reshape", clip, net.numbers([-1, 3, 6, 6]))
    net.op("Relu", rows, out="seen")
    return net.op("Reshape", net.op("GlobalAveragePool", "seen"), net.numbers([-1, 4, 3]))


def batch_second(net, clip):
    """Frames before the batch, as recurrences have them."""
    net.op("Relu", net.op("Transpose", clip, perm=[1, 0, 2, 3, 4]), out="five")
    net.op("Reshape", "five", net.numbers([4, -1, 3, 36]), out="seen")
    return net.op("ReduceMean", "five", axes=[0], keepdims=0)


@pytest.mark.parametrize("pooling", ["mean", "max"])
@pytest.mark.parametrize("build", [frames, batch_second])
def test_a_head_is_proven_wherever_the_samples_lie(tmp_path, build, pooling):
    net = Net()
    model = net.model(build(net, net.input("clip", ["N", 4, 3, 6, 6])))
    path, probe = save(model, tmp_path / "clips.onnx"), Probe("seen", pooling)
    length = width(load(path), probe)
    proof = write_fused(
        path, [Part.linear(head((length,)), [probe], like=model)], tmp_path / "fused.onnx"
    )
    assert [output.identical for output in proof.outputs] == [True]
