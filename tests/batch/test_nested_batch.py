"""Local functions, and branches that are always taken, are followed inside."""

import numpy as np
import onnx
import pytest
from batch_cases import floats, ints, model, node, together_is_alone
from nested import in_branch, in_function
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.batch import diagnose, dynamic
from onnxprobe.errors import BatchError
from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Value

FLAT = (node("Reshape", "rows", "to", out="flat"), node("MatMul", "flat", "w", out="y"))
"""A Reshape that writes a batch of 1."""
WEIGHTS = {"to": ints(1, 12), "w": floats(12, 2)}


def called(*nodes, constants=WEIGHTS):
    """The nodes as a local function from ``rows`` to ``y``, called on a map of one picture."""
    inside = [
        node("Constant", out=n, value=numpy_helper.from_array(a)) for n, a in constants.items()
    ]
    imports = [helper.make_opsetid("", 17)]
    function = helper.make_function("ours", "Net", ["rows"], ["y"], [*inside, *nodes], imports)
    old = model([node("Net", "x", out="y", domain="ours")], (1, 4, 3)).proto
    old.functions.append(function)
    old.opset_import.append(helper.make_opsetid("ours", 1))
    return Model(old)


def branched(*nodes, constants=WEIGHTS, known=True):
    """The same in the branch of an If."""
    out = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    weights = [numpy_helper.from_array(np.asarray(a), n) for n, a in constants.items()]
    first = node("Identity", "x", out="rows")
    taken = helper.make_graph([first, *nodes], "taken", [], out, weights)
    never = helper.make_graph([node("Neg", "x", out="y")], "never", [], out)
    fork = node("If", "yes", out="y", then_branch=taken, else_branch=never)
    if known:
        return model([fork], (1, 4, 3), {"yes": np.bool_(1)})
    ask = [node("ReduceMax", "x", out="top", keepdims=0), node("Cast", "top", out="yes", to=9)]
    return model([*ask, fork], (1, 4, 3))


@pytest.mark.parametrize("wrap", [called, branched])
def test_a_batch_that_is_written_inside_is_mended_and_the_inside_written_out(wrap):
    old = wrap(*FLAT)
    found = together_is_alone(old)
    assert [place.becomes for place in found.baked] == ["shape [0, 12]"]
    assert found.model is not old
    assert not dynamic(old).proto.functions


@pytest.mark.parametrize("old", [in_function(), in_function(2), in_branch()], ids=str)
def test_where_nothing_inside_counts_on_a_batch_it_stays_inside(old):
    proto = onnx.ModelProto()
    proto.CopyFrom(old.proto)
    for info in (proto.graph.input[0], proto.graph.output[0]):
        info.type.tensor_type.shape.dim[0].dim_value = 1
    fixed = Model(proto)
    new = dynamic(fixed)
    assert diagnose(fixed).model is fixed
    assert list(new.proto.functions) == list(fixed.proto.functions)
    assert list(new.proto.graph.node) == list(fixed.proto.graph.node)
    assert Value.of(new.proto.graph.input[0]).shape == ("N", 3, 8, 8)


@pytest.mark.parametrize("wrap", [called, branched])
def test_what_mixes_pictures_inside_is_named(wrap):
    mean = node("ReduceMean", "rows", out="y", axes=[0])
    with pytest.raises(BatchError, match=r"ReduceMean .* reduces axis 0, where the pictures"):
        dynamic(wrap(mean, constants={}))


def test_a_branch_that_the_pictures_choose_is_named():
    with pytest.raises(BatchError, match="so pictures must go in 1 at a time"):
        dynamic(branched(*FLAT, known=False))
