import json

import numpy as np
import onnx
import pytest
from functions import with_function
from tiny import tiny_model

from onnxprobe.errors import ContractError, GraphError, NoSuchNameError, StitchError
from onnxprobe.fuse import HEADS, Part, write_fused
from onnxprobe.graph.expose import expose
from onnxprobe.graph.load import load
from onnxprobe.graph.save import save
from onnxprobe.heads import HEADS as KINDS
from onnxprobe.heads import LinearHead
from onnxprobe.probe import Probe, attach, pooled
from onnxprobe.runtime import Session, run
from onnxprobe.unfuse import FusedHead, heads, unfuse, write_unfused

MEAN, STD = Probe("block", "mean"), Probe("stem", "std")


def part(model, name, probes=(MEAN, STD)):
    rng = np.random.default_rng(len(name))
    head = LinearHead(
        KINDS["detectors"],
        rng.normal(size=(2, 4 * len(probes))).astype(np.float32),
        rng.normal(size=2).astype(np.float32),
        np.full(2, 0.5, np.float32),
        ("yes", "no"),
        (4,) * len(probes),
        name,
    )
    return Part.linear(head, probes, like=model)


def fuse(path, out, *names, probes=(MEAN, STD)):
    model = load(path)
    write_fused(path, [part(model, name, probes) for name in names], out)
    return out


def test_heads_are_listed_with_what_they_read_and_return(tmp_path, tiny_file):
    fuse(tiny_file, tmp_path / "once.onnx", "one")
    fused = load(fuse(tmp_path / "once.onnx", tmp_path / "twice.onnx", "two", probes=(MEAN,)))
    assert heads(fused) == (
        FusedHead("one", "detectors", ("yes", "no"), ("block:mean", "stem:std"), outputs("one")),
        FusedHead("two", "detectors", ("yes", "no"), ("block:mean",), outputs("two")),
    )


def outputs(name):
    return (f"{name}_scores", f"{name}_id", f"{name}_confidence")


def test_a_backbone_has_no_heads(tiny):
    assert heads(tiny) == ()


@pytest.mark.parametrize(("opset", "ir_version"), [(9, 3), (11, 6), (13, 7), (17, 8), (21, 10)])
def test_without_its_heads_the_file_is_the_backbone_byte_for_byte(tmp_path, opset, ir_version):
    old = save(tiny_model(opset, ir_version), tmp_path / "old.onnx")
    fused = fuse(old, tmp_path / "fused.onnx", "one", "two")
    found = write_unfused(fused, tmp_path / "bare.onnx")
    assert (tmp_path / "bare.onnx").read_bytes() == old.read_bytes()
    assert (found.removed, found.kept, found.original) == (("one", "two"), (), True)


def test_heads_fused_one_after_the_other_are_all_taken_out(tmp_path, tiny_file):
    once = fuse(tiny_file, tmp_path / "once.onnx", "one", probes=(MEAN,))
    twice = fuse(once, tmp_path / "twice.onnx", "two")
    assert write_unfused(twice, tmp_path / "bare.onnx").original
    assert (tmp_path / "bare.onnx").read_bytes() == tiny_file.read_bytes()


def test_the_first_head_out_leaves_the_probes_that_the_second_reads(tmp_path, tiny_file, images):
    fused = fuse(tiny_file, tmp_path / "fused.onnx", "one", "two")
    found = write_unfused(fused, tmp_path / "rest.onnx", "one")
    rest = load(tmp_path / "rest.onnx")
    assert (found.removed, found.kept, found.original) == (("one",), ("two",), False)
    assert (found.batches, [o.identical for o in found.outputs]) == ((1, 2, 5), [True] * 4)
    assert rest.outputs == ("scores", *outputs("two"))
    assert [head.name for head in heads(rest)] == ["two"]
    np.testing.assert_array_equal(
        run(rest, {"image": images})["two_scores"],
        run(load(fused), {"image": images})["two_scores"],
    )
    assert write_unfused(tmp_path / "rest.onnx", tmp_path / "bare.onnx").original


def test_a_probe_goes_with_the_last_head_that_reads_it(tmp_path, tiny_file):
    fused = fuse(tiny_file, tmp_path / "fused.onnx", "one", probes=(MEAN, STD))
    both = load(fuse(fused, tmp_path / "both.onnx", "two", probes=(STD,)))
    rest = unfuse(both, "one")
    assert "block:mean" not in rest.values
    assert "stem:std" in rest.values
    assert unfuse(rest).proto == load(tiny_file).proto


def test_a_probe_that_the_backbone_had_stays(tmp_path, tiny):
    for had in (attach, pooled):
        old = save(had(tiny, [MEAN]), tmp_path / "old.onnx")
        fused = fuse(old, tmp_path / "fused.onnx", "one")
        assert write_unfused(fused, tmp_path / "bare.onnx").original


def test_a_probe_that_was_made_an_output_since_stays(tmp_path, tiny_file):
    fused = load(fuse(tiny_file, tmp_path / "fused.onnx", "one"))
    assert unfuse(expose(fused, ["block:mean"])).outputs == ("scores", "block:mean")


def test_a_head_is_swapped_by_taking_it_out_and_stitching_another(tmp_path, tiny_file, images):
    fused = fuse(tiny_file, tmp_path / "fused.onnx", "one", "two")
    write_unfused(fused, tmp_path / "rest.onnx", "one")
    swapped = fuse(tmp_path / "rest.onnx", tmp_path / "swapped.onnx", "one", probes=(STD,))
    assert [head.name for head in heads(load(swapped))] == ["two", "one"]
    assert run(swapped, {"image": images})["one_scores"].shape == (5, 2)
    assert write_unfused(swapped, tmp_path / "bare.onnx").original


def test_one_head_s_name_may_begin_the_other_s(tmp_path, tiny_file):
    inner = fuse(tiny_file, tmp_path / "inner.onnx", "a")
    both = load(fuse(inner, tmp_path / "both.onnx", "a/b"))
    assert unfuse(both, "a").outputs == ("scores", *outputs("a/b"))


def test_a_head_of_the_same_name_must_be_taken_out_first(tmp_path, tiny_file):
    fused = fuse(tiny_file, tmp_path / "fused.onnx", "one")
    with pytest.raises(
        StitchError,
        match=r"named 'one' is in the file already; take it out .*--head one.*NAME=FILE",
    ):
        fuse(fused, tmp_path / "again.onnx", "one", probes=(STD,))


def test_a_name_that_begins_names_of_the_backbone_is_refused(tmp_path, tiny):
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny.proto)
    proto.graph.node[3].output[0] = proto.graph.node[4].input[0] = "domain/block"
    old = save(type(tiny)(proto), tmp_path / "old.onnx")
    with pytest.raises(
        StitchError,
        match="a head named 'domain' would not be told from the backbone, which has 'domain/block'",
    ):
        fuse(old, tmp_path / "fused.onnx", "domain", probes=(STD,))


def test_metadata_that_fusing_wrote_over_is_put_back(tmp_path, tiny):
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny.proto)
    proto.metadata_props.add(key="onnxprobe.proof", value="older")
    old = save(type(tiny)(proto), tmp_path / "old.onnx")
    fused = load(fuse(old, tmp_path / "fused.onnx", "one"))
    assert unfuse(fused).metadata == {"owner": "somebody", "onnxprobe.proof": "older"}


def test_what_fusing_said_further_is_taken_back_and_what_the_backbone_said_stays(tmp_path, tiny):
    proto = onnx.ModelProto()
    proto.metadata_props.add(key="onnxprobe.preprocess", value="its own")
    proto.MergeFrom(tiny.proto)
    old = save(type(tiny)(proto), tmp_path / "old.onnx")
    said = {"onnxprobe.preprocess": "its own", "onnxprobe.more": "of the run"}
    write_fused(old, [part(tiny, "one")], tmp_path / "fused.onnx", metadata=said)
    assert unfuse(load(tmp_path / "fused.onnx")).metadata == load(old).metadata
    write_fused(old, [part(tiny, "one")], tmp_path / "fused.onnx")
    assert write_unfused(tmp_path / "fused.onnx", tmp_path / "bare.onnx").original


def test_a_file_that_was_written_otherwise_is_proven_by_running(tmp_path, tiny_file):
    fused = load(fuse(tiny_file, tmp_path / "fused.onnx", "one"))
    proto = onnx.ModelProto()
    proto.CopyFrom(fused.proto)
    proto.producer_name = "somebody else"
    save(type(fused)(proto), tmp_path / "other.onnx")
    found = write_unfused(tmp_path / "other.onnx", tmp_path / "bare.onnx")
    assert (found.original, found.batches) == (False, (1, 2, 5))
    assert all(output.identical for output in found.outputs)


def test_an_answer_that_would_change_keeps_the_file_from_being_written(
    tmp_path, tiny_file, monkeypatch
):
    fused = fuse(tiny_file, tmp_path / "fused.onnx", "one", "two")
    real = Session.run

    def noisy(self, feeds, outputs=None):
        results = real(self, feeds, outputs)
        if "one_scores" in results:  # the file with both heads
            results["scores"] = np.nextafter(results["scores"], np.float32(9))
        return results

    monkeypatch.setattr(Session, "run", noisy)
    with pytest.raises(ContractError, match="without its head the output 'scores' would change by"):
        write_unfused(fused, tmp_path / "rest.onnx", "one")
    assert not (tmp_path / "rest.onnx").exists()


def test_without_proof_nothing_is_run(tmp_path, tiny_file, monkeypatch):
    fused = fuse(tiny_file, tmp_path / "fused.onnx", "one", "two")
    monkeypatch.setattr(Session, "run", None)
    found = write_unfused(fused, tmp_path / "rest.onnx", "one", proven=False)
    assert found.batches == ()


def test_an_unknown_head_suggests_a_near_name(tmp_path, tiny_file):
    fused = load(fuse(tiny_file, tmp_path / "fused.onnx", "domain"))
    with pytest.raises(NoSuchNameError, match="no head named 'domian'; did you mean 'domain'"):
        unfuse(fused, "domian")


def test_a_backbone_has_nothing_to_take_out(tiny):
    with pytest.raises(GraphError, match="no head was fused into this model"):
        unfuse(tiny)


@pytest.mark.parametrize("said", ["{", "7", '[{"prefix": "one"}]'])
def test_damaged_metadata_is_said(tiny, said):
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny.proto)
    proto.metadata_props.add(key=HEADS, value=said)
    with pytest.raises(GraphError, match=f"the metadata '{HEADS}' is damaged"):
        heads(type(tiny)(proto))


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (HEADS, "{"),
        (HEADS, "[7]"),
        (HEADS, "null"),
        ("onnxprobe.brought", "[]"),
        ("onnxprobe.brought", '{"probes": 7}'),
    ],
)
def test_a_backbone_of_damaged_metadata_takes_no_head(tiny, tmp_path, key, said):
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny.proto)
    proto.metadata_props.add(key=key, value=said)
    old = save(type(tiny)(proto), tmp_path / "old.onnx")
    with pytest.raises(GraphError, match=f"the metadata '{key}' is damaged"):
        fuse(old, tmp_path / "fused.onnx", "one")
    assert not (tmp_path / "fused.onnx").exists()


def test_a_head_from_a_file_with_functions_of_its_own_leaves_no_trace(
    tmp_path, tiny_file, monkeypatch
):
    monkeypatch.setattr("onnxprobe.fuse.kept", lambda _: True)  # a new operator set breaks callers
    save(with_function("y"), tmp_path / "caller.onnx")
    write_fused(tiny_file, [Part.file(tmp_path / "caller.onnx", [MEAN])], tmp_path / "fused.onnx")
    said = json.loads(load(tmp_path / "fused.onnx").metadata["onnxprobe.brought"])
    assert (said["domains"], said["functions"]) == (
        ["ours"],
        [["ours", "Inner"], ["ours", "Outer"]],
    )
    assert write_unfused(tmp_path / "fused.onnx", tmp_path / "bare.onnx").original


def test_hints_for_other_tools_go_with_the_heads_they_speak_of(tmp_path, tiny_file):
    backbone = load(tiny_file).metadata
    fused = load(fuse(tiny_file, tmp_path / "fused.onnx", "one", "two"))
    assert fused.metadata["names"] == "{0: 'yes', 1: 'no'}"
    assert "names" in unfuse(fused, "one").metadata
    assert unfuse(fused).metadata == backbone
