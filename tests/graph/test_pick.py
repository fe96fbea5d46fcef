from pathlib import Path

import architectures
import onnx
import pytest
from architectures import convolutional, dense, others, several, transformers
from architectures.net import Net, proto_of
from onnx import TensorProto, helper

from onnxprobe.errors import GraphError, NoSuchNameError
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.pick import pick

LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"
REAL = {
    "bvlc_alexnet": ("MaxPool", (256, 6, 6)),
    "densenet121": ("Relu", (1024, 7, 7)),
    "inception_v1": ("Concat", (1024, 6, 6)),
    "inception_v2": ("Concat", (1024, 7, 7)),
    "resnet50": ("Relu", (2048, 7, 7)),
    "shufflenet": ("Relu", (544, 7, 7)),
    "squeezenet": ("Concat", (512, 13, 13)),
    "vgg19": ("MaxPool", (512, 7, 7)),
    "zfnet512": ("MaxPool", (512, 6, 6)),
}


@pytest.mark.parametrize("build", architectures.CASES, ids=lambda build: build.__name__)
def test_the_pick_is_what_an_expert_would_take(build):
    case = build()
    found = pick(case.model)
    assert found.ambiguous == case.ambiguous
    assert {*case.tips} <= {a.tensor for a in found.alternatives} | {found.tensor}
    if case.tensor is not None:
        assert (found.tensor, found.shape, found.role) == (case.tensor, case.shape, case.role)


def changed(model, change):
    proto = proto_of(model)
    change(proto.graph)
    return Model(proto)


def the_same(a, b):
    return (a.tensor, a.shape, a.role, a.ambiguous) == (b.tensor, b.shape, b.role, b.ambiguous)


def fixed_batch(graph):
    for declared in graph.input:
        declared.type.tensor_type.shape.dim[0].dim_value = 1


def nameless_batch(graph):
    for declared in graph.input:
        declared.type.tensor_type.shape.dim[0].Clear()


def dead_ends(graph):
    for i, node in enumerate(list(graph.node)):
        graph.node.append(helper.make_node("Neg", [node.output[0]], [f"dead{i}"]))


def other_order(graph):
    """As late as possible instead of as early as possible."""
    waiting, given = list(graph.node), {t.name for t in (*graph.input, *graph.initializer)} | {""}
    ordered = []
    while waiting:
        ready = [n for n in waiting if given.issuperset(n.input)][-1]
        waiting.remove(ready)
        ordered.append(ready)
        given |= set(ready.output)
    copies = [onnx.NodeProto.FromString(n.SerializeToString()) for n in ordered]
    del graph.node[:]
    graph.node.extend(copies)


@pytest.mark.parametrize("change", [fixed_batch, nameless_batch, dead_ends, other_order])
@pytest.mark.parametrize("build", architectures.CASES, ids=lambda build: build.__name__)
def test_what_does_not_change_the_network_does_not_change_the_pick(build, change):
    model = build().model
    assert the_same(pick(changed(model, change)), pick(model))


@pytest.mark.real
@pytest.mark.parametrize("name", REAL)
def test_the_pick_in_a_real_topology_is_what_an_expert_would_take(name):
    found = pick(load(LIGHT / f"light_{name}.onnx"))
    assert (found.op, found.shape) == REAL[name]
    assert not found.ambiguous


@pytest.mark.real
def test_later_vectors_are_offered_beside_the_pick():
    found = pick(load(LIGHT / "light_vgg19.onnx"))
    assert [a.shape for a in found.alternatives] == [(4096,), (4096,)]
    assert "2 weighted layers nearer to the answer" in found.alternatives[1].why


@pytest.mark.real
def test_a_map_of_classes_is_not_picked_but_offered():
    found = pick(load(LIGHT / "light_squeezenet.onnx"))
    assert found.role == "class-map"
    assert (1000, 13, 13) in {a.shape for a in found.alternatives}


def test_a_pooled_map_that_is_the_answer_itself_is_no_map_of_classes():
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 64, 64]), 3, 128, 3, 8, out="map")
    assert pick(net.model(net.op("GlobalAveragePool", x))).tensor == "map"


def test_what_the_last_layer_reads_is_offered_where_a_pooled_map_may_be_one_of_classes():
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 64, 64]), 3, 128, 3, 8, out="features")
    x = net.conv(x, 128, 100, out="scores")
    found = pick(net.model(net.op("Flatten", net.op("GlobalAveragePool", x))))
    assert (found.tensor, found.role) == ("scores", "collapse")
    (other,) = found.alternatives
    assert (other.tensor, other.shape) == ("features", (128, 8, 8))
    assert other.why == "what the last layer reads, should the channels of 'scores' be classes"


def test_the_reasons_say_what_is_lost_and_what_was_stepped_over():
    found = pick(convolutional.gem_pooling().model)
    assert found.ratio == 49
    assert any("of its 100352 numbers 2048 are left" in r for r in found.reasons)
    assert any(r.startswith("stepped back over Pow, which raises") for r in found.reasons)
    assert found.follows[:3] == ("Clip", "Pow", "GlobalAveragePool")


def kept_rows(height):
    """A map of which only some rows are kept: how many, a run tells."""
    net = Net()
    x = net.conv(net.input("image", ["N", 3, height, 64]), 3, 128, 3, 8)
    x = net.op("Compress", x, net.numbers([True, False] * 4, "bool"), axis=2, out="rows")
    return net.model(net.classify(x, 128))


def test_sizes_that_only_a_run_tells_are_said_to_be_guessed():
    found = pick(kept_rows(64))
    assert (found.tensor, found.shape) == ("rows", (128, None, 8))
    said = "a size of 1 tensor on the way is only known when the model runs, and was taken for more than 1: 'rows'"
    assert said in found.reasons


def test_sizes_that_follow_from_the_picture_are_no_guesses():
    assert not any("is only known when" in reason for reason in pick(kept_rows("H")).reasons)


def test_the_depth_of_a_bottleneck_is_counted_up_to_it():
    assert pick(others.autoencoder().model).depth == pytest.approx(2 / 3, abs=1e-3)


def test_decoded_boxes_and_scores_are_no_tips_of_branches():
    case = dense.decoupled_detector()
    shapes = {a.shape for a in pick(case.model).alternatives}
    assert not {(4, 1344), (80, 1344)} & shapes


def test_the_other_picture_of_a_pair_is_named():
    found = pick(several.siamese().model)
    assert found.source == "left"
    assert any("knows nothing of 'right'" in reason for reason in found.reasons)
    assert ("right_map", "the pick for the input 'right'") in {
        (a.tensor, a.why) for a in found.alternatives
    }


def test_an_input_that_the_pick_depends_on_is_no_twin():
    assert not any("beside" in r for r in pick(transformers.text_masked_mean().model).reasons)


def test_a_quantized_pick_says_so():
    net = Net()
    scale, zero = net.number(0.1), net.numbers(0, "uint8")
    grid = (scale, zero)
    x = net.op("QuantizeLinear", net.input("image", ["N", 3, 8, 8]), *grid)
    kernel = net.numbers([[[[1]] * 3]] * 4, "uint8")
    x = net.op(
        "QLinearConv", x, *grid, net.op("Transpose", kernel, perm=[0, 2, 1, 3]), *grid, *grid
    )
    y = net.op("Flatten", x)
    y = net.op("QLinearMatMul", y, *grid, net.numbers([[1] * 5] * 256, "uint8"), *grid, *grid)
    found = pick(net.model(net.op("DequantizeLinear", y, *grid)))
    assert (found.op, found.shape) == ("QLinearConv", (4, 8, 8))
    assert any("its numbers are quantized (uint8)" in reason for reason in found.reasons)


def test_one_output_can_be_picked_for():
    model = others.ssd().model
    assert pick(model, model.outputs[0]).outputs == model.outputs[:1]
    with pytest.raises(NoSuchNameError, match="no tensor named 'boxes'"):
        pick(model, "boxes")


def test_outputs_that_agree_are_said_to_agree():
    found = pick(convolutional.age_and_embedding().model)
    assert [p.tensor for p in found.per_output] == ["last", "last"]
    assert any("alone give the same tensor" in reason for reason in found.reasons)


def test_the_deepest_output_decides_where_outputs_share_little():
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 64, 64]), 3, 32, 3, 4)
    early = net.classify(x, 32, 10)
    for i in range(4):
        x = net.conv(x, 32, 32, 3, out=f"late{i}")
    found = pick(net.model(net.classify(x, 32, 10), early))
    assert (found.tensor, found.ambiguous) == ("late3", True)
    assert found.reasons[0].startswith("the outputs share no tensor deeper than")
    assert "the pick for" in found.alternatives[0].why


def test_a_model_input_is_no_alternative():
    net = Net()
    image = net.input("image", ["N", 3, 8, 8])
    x = net.conv(net.conv(image, 3, 32, 3), 32, 32, 3, out="map")
    ends = net.classify(x, 32, 10), net.gemm(net.op("Flatten", image), 192, 2)
    found = pick(net.model(*ends))
    assert {p.tensor for p in found.per_output} == {"map", "image"}
    assert "image" not in {a.tensor for a in found.alternatives}


def test_beside_a_pick_that_poolings_cannot_read_the_last_that_they_can_is_offered():
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 32, 32]), 3, 64, 3, 4, out="map")
    parts = net.op(
        "Reshape", net.op("Transpose", x, perm=[0, 2, 3, 1]), net.numbers([0, 2, 2, 16, 64])
    )
    rows = net.op(
        "Reshape", net.op("Transpose", parts, perm=[1, 0, 2, 3, 4]), net.numbers([-1, 16, 64])
    )
    x = net.linear(net.linear(rows, 64, 64, out="windows"), 64, 10)
    found = pick(net.model(x))
    assert (found.tensor, found.shape) == ("windows", (4, 16, 64))
    (other,) = found.alternatives
    assert (other.tensor, other.shape) == ("map", (64, 8, 8))
    assert other.why == "the last that poolings read: a sample takes several rows of 'windows'"


def test_a_pick_whose_batch_is_another_axis_than_the_first_needs_no_other():
    assert pick(dense.text_recogniser().model).alternatives == ()


def nearest(net, x, out=None):
    """The distance of each place of ``x`` (64 channels) to the nearest of 50 that were seen."""
    x = net.op("Reshape", net.op("Transpose", x, perm=[0, 2, 3, 1]), net.numbers([0, -1, 64]))
    own = net.op("ReduceSum", net.op("Mul", x, x), net.numbers([-1]), keepdims=1)
    far = net.op("Sub", own, net.op("MatMul", x, net.weight(64, 50)))
    far = net.op("Sqrt", net.op("Add", far, net.weight(50)), out=out)
    return net.op("ReduceMin", far, axes=[2], keepdims=0)


def test_what_each_place_is_compared_by_is_picked_not_how_far_it_is():
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 32, 32]), 3, 64, 3, 4, out="map")
    y = nearest(net, x, out="far")
    found = pick(net.model(net.op("ReduceMax", y, axes=[1], keepdims=0)))
    assert (found.tensor, found.shape, found.role) == ("map", (64, 8, 8), "class-map")
    assert found.alternatives[0].tensor == "far"


def test_pixels_that_are_compared_at_once_leave_nothing_else_to_pick():
    net = Net()
    x = net.input("image", ["N", 64, 8, 8])
    y = nearest(net, x, out="far")
    found = pick(net.model(net.op("ReduceMax", y, axes=[1], keepdims=0)))
    assert found.tensor == "far"


def test_channels_that_become_one_number_after_the_places_are_features():
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 32, 32]), 3, 64, 3, 4, out="map")
    y = net.op("ReduceMax", x, axes=[2, 3], keepdims=0)
    found = pick(net.model(net.op("ReduceMin", y, axes=[1], keepdims=0)))
    assert found.tensor == "map"


def test_frames_before_the_batch_are_picked_as_those_behind_it_are():
    """All first frames, then all second ones: what the layer reads that judges each frame."""
    net = Net()
    x = net.op("Transpose", net.input("frames", ["N", 4, 3, 32, 32]), perm=[1, 0, 2, 3, 4])
    x = net.op("Reshape", x, net.numbers([-1, 3, 32, 32]))
    x = net.op("GlobalAveragePool", net.conv(x, 3, 64, 3, 8, out="maps"), out="vectors")
    y = net.op("Reshape", net.gemm(net.op("Flatten", x), 64, 10), net.numbers([4, -1, 10]))
    found = pick(net.model(net.op("ReduceMean", y, axes=[0], keepdims=0)))
    assert (found.tensor, found.shape, found.role) == ("vectors", (4, 64, 1, 1), "class-map")


def test_what_poolings_cannot_read_is_no_alternative():
    """Pairs of frames around the batch: which rows are those of a clip, nothing says."""
    net = Net()
    x = net.op(
        "Reshape", net.input("frames", ["N", 4, 3, 32, 32]), net.numbers([0, 2, 2, 3, 32, 32])
    )
    x = net.op("Transpose", x, perm=[1, 0, 2, 3, 4, 5])
    x = net.op("Reshape", x, net.numbers([-1, 3, 32, 32]))
    x = net.op("GlobalAveragePool", net.conv(x, 3, 64, 3, 8, out="maps"), out="vectors")
    y = net.op("Reshape", net.gemm(net.op("Flatten", x), 64, 10), net.numbers([2, -1, 2, 10]))
    found = pick(net.model(net.op("ReduceMean", y, axes=[0, 2], keepdims=0)))
    assert "vectors" not in {found.tensor, *(a.tensor for a in found.alternatives)}


def test_rows_that_lie_one_sample_after_the_other_need_no_alternative():
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 32, 32]), 3, 64, 3, 4, out="map")
    rows = net.op("Reshape", net.op("Transpose", x, perm=[0, 2, 3, 1]), net.numbers([-1, 16, 64]))
    found = pick(net.model(net.linear(net.linear(rows, 64, 64, out="windows"), 64, 10)))
    assert (found.tensor, found.shape, found.alternatives) == ("windows", (4, 16, 64), ())


def test_vectors_of_as_many_frames_as_a_clip_may_have_are_no_vectors_of_a_clip():
    net = Net()
    clip = net.input("clip", ["N", "T", 3, 32, 32])
    sizes = net.op("Slice", net.op("Shape", clip), *(net.numbers([n]) for n in (0, 2, 0)))
    x = net.op("Reshape", clip, net.numbers([-1, 3, 32, 32]))
    x = net.op("Flatten", net.op("GlobalAveragePool", net.conv(x, 3, 64, 3, 8)))
    x = net.op("Reshape", x, net.op("Concat", sizes, net.numbers([64]), axis=0), out="frames")
    found = pick(net.model(net.gemm(net.op("ReduceMax", x, axes=[1], keepdims=0), 64, 10)))
    assert (found.tensor, found.shape) == ("frames", (None, 64))


def test_branches_before_the_end_are_said_to_come_after_the_pick():
    (said,) = (r for r in pick(dense.parts().model).reasons if "weights come after" in r)
    assert said.endswith("passes; 2 layers with weights come after it")


def test_two_towers_are_picked_in_one_by_one():
    image, text = transformers.clip_vit(), transformers.text_masked_mean()
    net = helper.make_graph(
        [*image.model.proto.graph.node, *_apart(text.model.proto.graph)],
        "two towers",
        [*image.model.proto.graph.input, *text.model.proto.graph.input],
        [*image.model.proto.graph.output, _end(text.model)],
        [*image.model.proto.graph.initializer, *_renamed_weights(text.model.proto.graph)],
    )
    both = Model(helper.make_model(net, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))
    found = {p.outputs: p.tensor for p in pick(both).per_output}
    assert found == {image.model.outputs: "block", (f"text/{text.model.outputs[0]}",): "text/norm2"}


def _apart(graph):
    kept = {v.name for v in graph.input}
    for node in graph.node:
        new = onnx.NodeProto.FromString(node.SerializeToString())
        new.input[:] = [n if n in kept or not n else f"text/{n}" for n in node.input]
        new.output[:] = [f"text/{n}" for n in node.output]
        yield new


def _end(model):
    return helper.make_tensor_value_info(f"text/{model.outputs[0]}", 1, None)


def _renamed_weights(graph):
    for tensor in graph.initializer:
        new = onnx.TensorProto.FromString(tensor.SerializeToString())
        new.name = f"text/{tensor.name}"
        yield new


def test_a_model_that_ends_in_features_is_picked_at_its_end():
    net = Net()
    x = net.layer_norm(net.encoder(net.patches(), 768), 768, out="last_hidden_state")
    found = pick(net.model(x))
    assert (found.tensor, found.role, found.depth) == ("last_hidden_state", "output", 1.0)


def test_in_a_perceptron_on_pictures_what_the_last_layer_reads_is_picked():
    net = Net()
    x = net.op("Flatten", net.input("image", ["N", 3, 8, 8]))
    for c, to in ((192, 64), (64, 32)):
        x = net.op("Relu", net.gemm(x, c, to))
    found = pick(net.model(net.gemm(x, 32, 10)))
    assert (found.tensor, found.role, found.ambiguous) == (x, "penultimate", False)
    assert "image" not in {other.tensor for other in found.alternatives}


def test_the_input_itself_is_never_a_clear_pick():
    one = Net()
    pictures = one.input("image", ["N", 3, 8, 8])
    conv = one.op("Conv", pictures, one.weight(10, 3, 8, 8))
    hidden = Net()
    mean = helper.make_node("ReduceMean", ["image"], ["mean"], axes=[2, 3], keepdims=0)
    answer = helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["N", 3])
    body = helper.make_graph([mean], "body", [], [answer])
    hidden.input("image", ["N", 3, 8, 8])
    hidden.input("is", [], TensorProto.BOOL)
    branch = hidden.op("If", "is", then_branch=body, else_branch=body)
    for found in (pick(one.model(conv)), pick(hidden.model(branch))):
        assert (found.tensor, found.ambiguous) == ("image", True)
        assert any(reason.startswith("it is the input itself") for reason in found.reasons)


def test_nothing_to_pick_is_said():
    net = Net()
    image = net.input("image", ["N", 3, 8, 8])
    net.op("Relu", image)
    with pytest.raises(GraphError, match="nothing flows from 'image' to 'size'"):
        pick(net.model(net.op("ConstantOfShape", net.numbers([3]), out="size")))
    lonely = Net()
    lonely.input("image", ["N", 3, 8, 8])
    with pytest.raises(GraphError, match="the model has no output"):
        pick(lonely.model())
