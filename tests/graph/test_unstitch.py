import numpy as np
import onnx
import pytest
from functions import with_function
from onnx import TensorProto, helper, numpy_helper
from tiny import tiny_model

from onnxprobe.errors import NoSuchNameError, StitchError
from onnxprobe.graph.build import Builder
from onnxprobe.graph.disk import wire
from onnxprobe.graph.expose import expose
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save
from onnxprobe.graph.stitch import Graft, stitch
from onnxprobe.graph.unstitch import unstitch
from onnxprobe.graph.value import Value


def bytes_of(model):
    return model.proto.SerializeToString(deterministic=True)


def on_disk(model):
    return [piece for piece in wire.pieces(model.proto) if not isinstance(piece, bytes)]


def plus_one(name="plus", opset=17, ir_version=8):
    build = Builder(opset)
    build.op("Add", "x", build.number(1), out="y")
    ends = [Value(n, "float32", ("N", 4)) for n in ("x", "y")]
    return build.model(name, ends[:1], ends[1:], ir_version=ir_version)


def owned(model, prefix):
    return [name for name in model.values if name.startswith(prefix)]


@pytest.mark.parametrize(("opset", "ir_version"), [(9, 3), (13, 7), (17, 8), (21, 10)])
def test_what_was_stitched_is_taken_out_to_the_byte(opset, ir_version):
    trunk = tiny_model(opset, ir_version)
    fused = stitch(trunk, Graft(plus_one(opset=opset, ir_version=ir_version), {"x": "flat"}, "p/"))
    assert bytes_of(unstitch(fused, [*owned(fused, "p/"), "y"])) == bytes_of(trunk)


def test_weights_that_lie_on_disk_stay_there(loaded_big, tmp_path):
    build = Builder(17)
    build.op("MatMul", "x", build.constant(np.ones((600, 900), np.float32)), out="out")
    head = build.model(
        "wide",
        [Value("x", "float32", ("N", 600))],
        [Value("out", "float32", ("N", 900))],
        ir_version=8,
    )
    fused = load(
        save(stitch(loaded_big, Graft(head, {"x": "wide"}, "w/")), tmp_path / "fused.onnx")
    )
    bare = unstitch(fused, [*owned(fused, "w/"), "out"])
    assert wire.dump(bare.proto) == wire.dump(loaded_big.proto)
    assert str(tmp_path / "fused.onnx") in {str(p.path) for p in on_disk(bare)}


OURS = {"domains": ["ours"], "functions": [("ours", "Inner"), ("ours", "Outer")]}


def test_functions_and_imports_go_with_the_last_head_that_uses_them(tiny):
    one = stitch(tiny, Graft(with_function("y1"), {"x": "flat"}, "one/"))
    both = stitch(one, Graft(with_function("y2"), {"x": "flat"}, "two/"))
    assert bytes_of(unstitch(both, ["y2"], **OURS)) == bytes_of(one)
    assert bytes_of(unstitch(one, ["y1"], **OURS)) == bytes_of(tiny)


def test_functions_and_imports_that_nobody_names_stay(tiny):
    fused = stitch(tiny, Graft(with_function("y"), {"x": "flat"}, "one/"))
    bare = unstitch(fused, ["y"])
    assert len(bare.proto.functions) == 2
    assert [o.domain for o in bare.proto.opset_import] == ["", "ours"]


def test_a_function_called_only_inside_an_if_stays(tiny):
    fused = stitch(tiny, Graft(with_function("y"), {"x": "flat"}, "one/"))
    proto = onnx.ModelProto()
    proto.CopyFrom(fused.proto)
    out = [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)]
    body = helper.make_graph(
        [helper.make_node("Outer", ["scores"], ["z"], domain="ours")], "body", [], out
    )
    proto.graph.initializer.append(numpy_helper.from_array(np.bool_(1), "flag"))
    proto.graph.node.append(
        helper.make_node("If", ["flag"], ["late"], then_branch=body, else_branch=body)
    )
    assert len(unstitch(Model(proto), ["y"], **OURS).proto.functions) == 2


def test_what_something_else_reads_cannot_be_taken_out(tiny):
    with pytest.raises(
        StitchError, match="'gate' cannot be taken out: Add 'add' needs it and stays"
    ):
        unstitch(tiny, ["gate"])


def test_an_unknown_tensor_suggests_a_near_name(tiny):
    with pytest.raises(NoSuchNameError, match="no tensor named 'score'; did you mean 'scores'"):
        unstitch(tiny, ["score"])


def test_sparse_weights_and_notes_on_quantisation_go_too(tiny):
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny.proto)
    values = numpy_helper.from_array(np.ones(1, np.float32), "few")
    places = numpy_helper.from_array(np.zeros(1, np.int64), "places")
    proto.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [4]))
    proto.graph.quantization_annotation.add(tensor_name="few")
    assert bytes_of(unstitch(Model(proto), ["few"])) == bytes_of(tiny)


def test_the_input_is_left_alone(tiny):
    fused = expose(tiny, ["block"])
    before = bytes_of(fused)
    unstitch(fused, ["scores"])
    assert bytes_of(fused) == before
