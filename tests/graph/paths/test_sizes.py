import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from tiny import tiny_model

from onnxprobe.errors import NotACutError
from onnxprobe.graph.cuts import cuts
from onnxprobe.graph.extract import extract
from onnxprobe.graph.model import Model
from onnxprobe.graph.split import split
from onnxprobe.graph.stitch import stitch
from onnxprobe.runtime import run

ASKED = pytest.mark.filterwarnings("ignore:the batch is no longer asked of 'image'")


def asking(opset=17, batch="N", **ends):
    """The small network, its answer divided by a length that is expanded to the image's batch."""
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny_model(opset=opset, batch=batch).proto)
    nodes, n = proto.graph.node, helper.make_node
    nodes[-1].output[0] = "raw"
    nodes.append(n("ReduceL2", ["raw"], ["length"], axes=[1], keepdims=1))
    nodes.append(n("Shape", ["image"], ["sizes"], **ends))
    nodes.append(n("Gather", ["sizes", "first"], ["batch"]))
    nodes.append(n("Concat", ["batch", "five"], ["wide"], axis=0))
    nodes.append(n("Expand", ["length", "wide"], ["lengths"]))
    nodes.append(n("Div", ["raw", "lengths"], ["scores"]))
    for name, number in (("first", 0), ("five", 5)):
        proto.graph.initializer.append(numpy_helper.from_array(np.array([number]), name))
    return Model(proto)


@ASKED
@pytest.mark.parametrize(
    ("opset", "ends"), [(11, {}), (14, {}), (17, {}), (17, {"end": 1}), (17, {"end": 2})]
)
def test_halves_that_need_the_batch_answer_as_the_whole_did(opset, ends):
    model = asking(opset, **ends)
    found = [cut.tensor for cut in cuts(model)]
    assert found == ["stem", "block", "pooled", "flat", "raw"]
    for tensor in found:
        trunk, head = split(model, tensor)
        assert head.inputs == (tensor,)
        for count in (1, 2, 5):
            images = np.random.default_rng(count).normal(size=(count, 3, 8, 8)).astype(np.float32)
            expected = run(model, {"image": images})["scores"]
            halves = run(head, run(trunk, {"image": images}))["scores"]
            whole = run(stitch(trunk, head), {"image": images})["scores"]
            # the runtime fuses other nodes where a graph ends elsewhere
            np.testing.assert_allclose(halves, expected, rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(whole, expected, rtol=1e-5, atol=1e-6)


def test_it_is_said_whom_the_batch_is_asked_of():
    with pytest.warns(RuntimeWarning, match="no longer asked of 'image' but of 'block'"):
        split(asking(), "block")


@ASKED
def test_a_fixed_batch_is_written_down():
    trunk, head = split(asking(batch=2), "flat")
    assert [node.op for node in head.nodes if node.outputs == ("sizes",)] == ["Constant"]
    images = np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype(np.float32)
    expected = run(asking(batch=2), {"image": images})["scores"]
    halves = run(head, run(trunk, {"image": images}))["scores"]
    np.testing.assert_allclose(halves, expected, rtol=1e-5, atol=1e-6)


def test_a_part_that_has_the_image_asks_it_as_before():
    model = asking()
    part = extract(model, ["block", "image"], ["scores"])
    assert next(node for node in part.nodes if node.op == "Shape").inputs == ("image",)


def test_a_size_that_is_open_besides_the_batch_is_not_made_up():
    proto = onnx.ModelProto()
    proto.CopyFrom(asking().proto)
    proto.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"
    model = Model(proto)
    assert cuts(model) == ()
    with pytest.raises(NotACutError, match="it also needs the model input 'image'"):
        split(model, "block")


@ASKED
def test_of_two_tensors_the_one_with_the_batch_is_asked():
    proto = onnx.ModelProto()
    proto.CopyFrom(asking().proto)
    proto.graph.node.insert(0, helper.make_node("Identity", ["w3"], ["same"]))
    gemm = next(node for node in proto.graph.node if node.op_type == "Gemm")
    gemm.input[1] = "same"
    part = extract(Model(proto), ["same", "flat"], ["scores"])
    assert next(node for node in part.nodes if node.op == "Shape").inputs == ("flat",)


@pytest.mark.parametrize("reads", [["nowhere"], [""], []])
def test_sizes_of_what_is_not_there_are_no_batch(reads):
    model = asking()
    (shape,) = (node for node in model.proto.graph.node if node.op_type == "Shape")
    shape.input[:] = reads
    assert "raw" in {cut.tensor for cut in cuts(Model(model.proto))}
