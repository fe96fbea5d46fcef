from pathlib import Path

import pytest
from architectures import convolutional, others, transformers
from architectures.net import Net

from onnxprobe.graph.load import load
from onnxprobe.graph.midcuts import mid_cuts, views
from onnxprobe.graph.pick import pick

LITE0 = Path(__file__).parents[2] / "models" / "efficientnet-lite0.onnx"


def chosen(model, count=3):
    return views(mid_cuts(model, pick(model).tensor), count)


def test_a_pyramid_is_seen_at_the_last_block_of_each_size():
    cuts = chosen(convolutional.resnet().model)
    assert [(cut.tensor, cut.size, cut.channels) for cut in cuts] == [
        ("stage_64", (56, 56), 64),
        ("stage_128", (28, 28), 128),
        ("stage_256", (14, 14), 256),
    ]
    assert all(cut.block for cut in cuts)


def test_asking_for_the_shape_of_the_picture_hides_no_cut():
    model = transformers.vit().model  # the class token reads Shape(image)
    assert mid_cuts(model, pick(model).tensor)[0].op == "Conv"


def test_fewer_views_are_the_ones_nearest_to_the_pick():
    cuts = chosen(convolutional.resnet().model, count=1)
    assert [cut.tensor for cut in cuts] == ["stage_256"]


def test_a_plain_transformer_is_seen_at_even_distances():
    cuts = chosen(transformers.vit().model)
    depths = [cut.depth for cut in cuts]
    assert len(cuts) == 3
    assert {cut.size for cut in cuts} == {(197,)}
    assert depths == sorted(depths)
    assert depths[0] < 0.5 < depths[-1]


def test_windows_are_left_out():
    found = mid_cuts(transformers.swin().model, pick(transformers.swin().model).tensor)
    assert [cut.size for cut in views(found)] == [(56, 56), (28, 28), (14, 14)]
    assert [cut.channels for cut in views(found)] == [96, 192, 384]


def four_as_one(net, x, r):
    corners = [(0, 0), (1, 0), (0, 1), (1, 1)]
    ends, axes, steps = net.numbers([r, r]), net.numbers([1, 2]), net.numbers([2, 2])
    parts = [net.op("Slice", x, net.numbers(at), ends, axes, steps) for at in corners]
    return net.op("Concat", *parts, axis=-1)


def test_stages_whose_channels_come_last_are_seen():
    """Liu et al. 2021 (arXiv:2103.14030): four neighbours become one place between the stages."""
    net = Net()
    c, r = 32, 16
    x = net.conv(net.input("image", ["N", 3, 64, 64]), 3, c, 4, 4, pad=0)
    x = net.op("Transpose", x, perm=[0, 2, 3, 1])
    for stage in range(3):
        if stage:
            x = net.linear(four_as_one(net, x, r), 4 * c, 2 * c)
            c, r = 2 * c, r // 2
        x = net.op("Add", x, net.linear(net.layer_norm(x, c), c, c), out=f"stage{stage}")
    y = net.op("ReduceMean", net.layer_norm(x, c), axes=[1, 2], keepdims=0)
    seen = chosen(net.model(net.gemm(y, c, 10)))
    assert [(cut.tensor, cut.shape, cut.axis) for cut in seen] == [
        ("stage0", (16, 16, 32), 2),
        ("stage1", (8, 8, 64), 2),
    ]
    assert [cut.size for cut in seen] == [(16, 16), (8, 8)]


def test_a_network_that_widens_before_it_shrinks_is_seen_where_it_is_widest():
    cuts = chosen(convolutional.mobilenet_v2().model)
    assert [cut.channels for cut in cuts] == [192, 240, 576]


@pytest.mark.parametrize("build", [convolutional.mobilenet_v2, transformers.swin])
def test_no_cut_of_the_same_size_is_wider_or_as_wide_and_deeper(build):
    model = build().model
    cuts = mid_cuts(model, pick(model).tensor)
    for view in views(cuts):
        same = [cut for cut in cuts if cut.size == view.size]
        assert view == [cut for cut in same if cut.channels == max(c.channels for c in same)][-1]


def test_a_tensor_named_by_hand_is_seen_through_what_leads_to_it():
    model = convolutional.resnet().model
    cuts = mid_cuts(model, "stage_256")
    assert cuts[-1].tensor == "stage_256"
    assert [cut.tensor for cut in views(cuts)] == ["stage_64", "stage_128"]


@pytest.mark.parametrize(
    "build", [convolutional.resnet, transformers.vit, transformers.swin, others.unet]
)
def test_the_pick_comes_last_and_depth_never_falls(build):
    model = build().model
    found = mid_cuts(model, pick(model).tensor)
    assert found[-1].tensor == pick(model).tensor
    assert [cut.depth for cut in found] == sorted(cut.depth for cut in found)


def test_a_network_without_a_middle_has_no_views():
    net = Net()
    x = net.op("MaxPool", net.input("image", ["N", 3, 32, 32]), kernel_shape=[2, 2])
    assert chosen(net.model(net.gemm(net.op("Flatten", x), 3 * 31 * 31, 10))) == ()


@pytest.mark.real
def test_the_bundled_backbone_is_seen_where_its_blocks_widen():
    cuts = chosen(load(LITE0))
    assert [cut.shape for cut in cuts] == [(144, 56, 56), (240, 28, 28), (672, 14, 14)]
    assert all(cut.op == "Clip" for cut in cuts)
