import pkgutil

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper
from tiny import tiny_model

import onnxprobe.targets
from onnxprobe.errors import NoSuchNameError, RunError, VersionError
from onnxprobe.graph.model import Model
from onnxprobe.runtime import Session
from onnxprobe.targets import TARGETS, obstacles, require, target


def model_of(node, *, opset=17, ir_version=8, dtype=TensorProto.FLOAT, domains=()):
    graph = helper.make_graph(
        [node],
        "one",
        [helper.make_tensor_value_info("x", dtype, ["N", 4])],
        [helper.make_tensor_value_info("y", dtype, ["N", 4])],
    )
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(*d) for d in domains)]
    return Model(helper.make_model(graph, opset_imports=opsets, ir_version=ir_version))


RELU = helper.make_node("Relu", ["x"], ["y"])
NEWEST = TARGETS["onnxruntime"].releases[-1].version
SCALER = helper.make_node("Scaler", ["x"], ["y"], domain="ai.onnx.ml", offset=[0.0], scale=[2.0])


@pytest.mark.parametrize("name", TARGETS)
def test_a_plain_model_is_for_every_target(name):
    assert obstacles(tiny_model(opset=13, ir_version=7), target(name)) == ()


@pytest.mark.parametrize(
    ("text", "opset", "ir"),
    [
        ("onnxruntime==1.16", 19, 9),
        ("onnxruntime==1.16.3", 19, 9),
        ("onnxruntime==1.18", 21, 10),
        ("onnxruntime", 28, 14),
        ("onnxruntime==9", 28, 14),
        ("tensorrt==8.6", 17, 14),
    ],
)
def test_a_version_has_the_facts_of_the_newest_release_that_is_not_newer(text, opset, ir):
    release = target(text).release
    assert (release.opset, release.ir) == (opset, ir)


def test_releases_are_in_order_and_never_forget():
    for runtime in TARGETS.values():
        versions = [tuple(map(int, r.version.split("."))) for r in runtime.releases]
        assert versions == sorted(set(versions))
        assert [r.opset for r in runtime.releases] == sorted(r.opset for r in runtime.releases)
        assert [r.ir for r in runtime.releases] == sorted(r.ir for r in runtime.releases)
        assert runtime.source


def loads(model):
    try:
        Session(model)
    except RunError:
        return False
    return True


@pytest.mark.parametrize("what", ["opset", "ir"])
def test_the_facts_of_the_installed_onnx_runtime_are_true(what):
    """Oracle: the runtime itself, at what the table says is the newest, and one beyond.

    One that came out after the table takes what the last one took, and maybe more.
    """
    release = target(f"onnxruntime=={onnxruntime.__version__}").release
    known, here = ((*map(int, v.split(".")[:2]),) for v in (NEWEST, onnxruntime.__version__))
    for step in (0,) if here > known else (0, 1):
        opset = release.opset + step if what == "opset" else 13
        ir = release.ir + step if what == "ir" else 8
        assert loads(model_of(RELU, opset=opset, ir_version=ir)) == (step == 0)


@pytest.mark.parametrize(
    ("model", "text", "message"),
    [
        (model_of(RELU, opset=21), "onnxruntime==1.16",
         "needs opset 21, but onnxruntime 1.16 loads at most 19; .*, or choose --target onnxruntime==1.18"),
        (model_of(RELU, ir_version=10), "onnxruntime==1.17",
         r"needs IR version 10, but onnxruntime 1.17 loads at most 9; .* --target onnxruntime==1.18"),
        (model_of(SCALER, domains=[("ai.onnx.ml", 3)]), "openvino",
         r"a head needs Scaler of ai.onnx.ml 3, but openvino 2024.6 has no ai.onnx.ml; choose another target"),
        (model_of(SCALER, domains=[("ai.onnx.ml", 5)]), "onnxruntime==1.16",
         r"Scaler of ai.onnx.ml 5, but onnxruntime 1.16 has ai.onnx.ml up to 3"),
        (model_of(helper.make_node("Det", ["x"], ["y"])), "tensorrt",
         r"needs Det \(opset 17\), but tensorrt 10.15 has no such operator"),
        (model_of(RELU, dtype=TensorProto.DOUBLE), "opencv",
         r"needs Relu in float64, but opencv 4.8 does not compute in it; leave --precision float64 out"),
        (model_of(helper.make_node("Identity", ["x"], ["y"]), dtype=TensorProto.STRING), "tract",
         r"the output 'y' of text, but tract 0.23 has no text"),
    ],
    ids=lambda value: value if isinstance(value, str) and "==" in value else None,
)  # fmt: skip
def test_what_a_target_does_not_load_is_refused_by_name_and_version(model, text, message):
    with pytest.raises(VersionError, match=message):
        require(model, target(text))


def test_what_the_backbone_had_already_is_the_backbones():
    old = model_of(RELU, opset=21)
    (found,) = obstacles(old, target("onnxruntime==1.16"), backbone=old)
    assert str(found).startswith("the backbone needs opset 21")


def with_output(node, kind, domains=()):
    proto = model_of(node, domains=domains).proto
    proto.graph.output[0].CopyFrom(
        helper.make_value_info("y", helper.make_sequence_type_proto(kind))
    )
    return Model(proto)


@pytest.mark.parametrize("kind", ["map", "sequence"])
def test_what_is_no_tensor_is_for_no_target_but_onnx_runtime(kind):
    tensor = helper.make_tensor_type_proto(1, [])
    if kind == "map":
        node = helper.make_node(
            "ZipMap", ["x"], ["y"], domain="ai.onnx.ml", classlabels_int64s=[0, 1, 2, 3]
        )
        model = with_output(node, helper.make_map_type_proto(7, tensor), [("ai.onnx.ml", 1)])
    else:
        model = with_output(helper.make_node("SequenceConstruct", ["x"], ["y"]), tensor)
    refusing = {name for name in TARGETS if obstacles(model, target(name))}
    assert refusing == set(TARGETS) - {"onnxruntime"}


def test_a_loop_inside_an_if_is_found():
    def body(name):
        loop = helper.make_node(
            "Loop", ["m", "c"], [f"{name}_y"], body=helper.make_graph([], "b", [], [])
        )
        return helper.make_graph(
            [loop], name, [], [helper.make_empty_tensor_value_info(f"{name}_y")]
        )

    node = helper.make_node("If", ["x"], ["y"], then_branch=body("a"), else_branch=body("b"))
    found = obstacles(model_of(node), target("tract"))
    assert [o.what for o in found] == ["Loop (opset 17)"]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (
            "onnxruntim==1.16",
            NoSuchNameError,
            "no target named 'onnxruntim'; did you mean 'onnxruntime'",
        ),
        ("onnxruntime==new", VersionError, "'new' is no version; write it as 1.16 or 1.16.3"),
        (
            "onnxruntime==1.2",
            VersionError,
            "nothing is known of onnxruntime 1.2; the oldest is 1.7",
        ),
    ],
)
def test_a_target_that_is_not_there_says_what_is(text, error, message):
    with pytest.raises(error, match=message):
        target(text)


def test_every_file_is_registered():
    files = {m.name for m in pkgutil.iter_modules(onnxprobe.targets.__path__)}
    assert files - {"_base", "fitting"} == set(TARGETS)


def test_numbers_are_compared_as_numbers():
    assert target("onnxruntime==1.9").release.opset < target("onnxruntime==1.15").release.opset
    assert (
        np.argmax([r.opset for r in TARGETS["onnxruntime"].releases])
        == len(TARGETS["onnxruntime"].releases) - 1
    )
