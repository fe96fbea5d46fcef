import numpy as np
import pytest
from architectures.net import Net

from onnxprobe.graph.expose import expose
from onnxprobe.graph.paths.rows import rows_a_sample, rows_apart, sample_of
from onnxprobe.runtime import run

FRAMES, SIDE = 4, 8


def weights(net, *shape):
    return net.numbers(np.random.default_rng(sum(shape)).normal(size=shape), np.float32)


def clips(batch="N", frames=FRAMES):
    net = Net()
    return net, net.input("clip", [batch, frames, 3, SIDE, SIDE])


def merged(net, clip, out="frames"):
    return net.op("Reshape", clip, net.numbers([-1, 3, SIDE, SIDE]), out=out)


def network(batch="N"):
    """Frames in the batch, through every kind of operator that keeps them where they are."""
    net, clip = clips(batch)
    x = merged(net, clip)
    x = net.op("Conv", x, weights(net, 6, 3, 3, 3), kernel_shape=[3, 3], pads=[1] * 4, out="map")
    x = net.op("Add", net.op("Relu", x), x, out="block")
    parts = [net.op("Slice", x, *(net.numbers([n]) for n in (i, i + 3, 1))) for i in (0, 3)]
    x = net.op("Concat", *parts, axis=1, out="joined")
    x = net.op("Transpose", x, perm=[0, 2, 3, 1], out="last")
    x = net.op("MatMul", x, weights(net, 6, 5), out="linear")
    x = net.op("ReduceMean", x, axes=[1, 2], keepdims=0, out="vectors")
    x = net.op("Reshape", x, net.numbers([-1, FRAMES, 5]), out="apart")
    pairs = net.op("Reshape", x, net.numbers([-1, 2, 5]), out="pairs")
    return net.model(net.op("ReduceMean", pairs, axes=[1], keepdims=0, out="pooled"))


ROWS = {
    **dict.fromkeys(("frames", "map", "block", "joined", "last", "linear", "vectors"), FRAMES),
    "pairs": 2,
    "pooled": 2,
}


@pytest.mark.parametrize("name", ROWS)
def test_the_rows_of_a_sample_are_those_it_has_alone(name):
    model = network()
    assert rows_a_sample(model, name) == ROWS[name]
    shown, rng = expose(model, [name]), np.random.default_rng(0)
    for batch in (1, 2, 5):
        clip = rng.normal(size=(batch, FRAMES, 3, SIDE, SIDE)).astype(np.float32)
        whole = run(shown, {"clip": clip})[name]
        alone = [run(shown, {"clip": clip[i : i + 1]})[name] for i in range(batch)]
        assert [len(rows) for rows in alone] == [ROWS[name]] * batch
        # a batch may be computed in another order than one sample
        np.testing.assert_allclose(whole, np.concatenate(alone), rtol=1e-5, atol=1e-6)


def test_a_tensor_with_one_row_a_sample_takes_no_several():
    model = network()
    assert (rows_a_sample(model, "apart"), rows_a_sample(model, "clip")) == (None, None)
    assert sample_of(model, "apart") == (FRAMES, 5)


def test_how_many_rows_comes_first_in_the_shape_of_a_sample():
    assert sample_of(network(), "map") == (FRAMES, 6, SIDE, SIDE)


def test_a_written_batch_is_parted_likewise():
    model = network(batch=2)
    assert {name: rows_a_sample(model, name) for name in ROWS} == ROWS


def pairs_around_the_batch(net, clip):
    """The first two frames of all clips before the last two: some lie together, others apart."""
    pairs = net.op("Reshape", clip, net.numbers([0, 2, 2, 3, SIDE, SIDE]))
    return merged(net, net.op("Transpose", pairs, perm=[1, 0, 2, 3, 4, 5]))


def chosen_rows(net, clip):
    return net.op("Gather", merged(net, clip), net.input("which", ["4*N"], 7), axis=0)


def turned_round(net, clip):
    steps = [net.numbers([n]) for n in (-1, -999, 0, -1)]
    return net.op("Slice", merged(net, clip), *steps)


def not_known(net, clip):
    return net.op("Unheard", merged(net, clip), domain="elsewhere")


@pytest.mark.parametrize("build", [pairs_around_the_batch, chosen_rows, turned_round, not_known])
@pytest.mark.parametrize("batch", ["N", 2])
def test_rows_whose_order_does_not_follow_are_nobodys(build, batch):
    net, clip = clips(batch)
    x = net.op("Relu", build(net, clip), out="x")
    model = net.model(net.op("Add", x, merged(net, clip, "y"), out="both"), domains=["elsewhere"])
    assert [rows_a_sample(model, name) for name in ("x", "y", "both")] == [None, FRAMES, None]


def all_first_frames(batch="N"):
    """Frames before the batch, in one axis with it, worked on row by row, and two axes again."""
    net, clip = clips(batch)
    x = merged(net, net.op("Transpose", clip, perm=[1, 0, 2, 3, 4], out="turned"))
    x = net.op("Conv", x, weights(net, 6, 3, 3, 3), kernel_shape=[3, 3], pads=[1] * 4, out="map")
    x = net.op("Transpose", x, perm=[0, 2, 3, 1], out="last")
    x = net.op("ReduceMean", x, axes=[1, 2], keepdims=0, out="vectors")
    x = net.op("Reshape", x, net.numbers([FRAMES, -1, 6]), out="apart")
    net.op("Reshape", net.op("Transpose", x, perm=[1, 0, 2]), net.numbers([-1, 6]), out="together")
    return net.model(net.op("ReduceMean", x, axes=[0], keepdims=0), "together")


@pytest.mark.parametrize("batch", ["N", 1, 2, FRAMES])
@pytest.mark.parametrize("name", ["frames", "map", "last", "vectors"])
def test_all_first_frames_may_come_before_all_second_ones(name, batch):
    model = all_first_frames(batch)
    assert (rows_a_sample(model, name), rows_apart(model, name)) == (FRAMES, True)
    shown, samples = expose(model, [name]), batch if isinstance(batch, int) else 3
    clip = np.random.default_rng(0).normal(size=(samples, FRAMES, 3, SIDE, SIDE))
    whole = run(shown, {"clip": clip.astype(np.float32)})[name]
    same = run(shown, {"clip": clip[[0] * samples].astype(np.float32)})[name]
    np.testing.assert_allclose(whole[::samples], same[::samples], rtol=1e-5, atol=1e-6)
    assert samples == 1 or not np.allclose(whole[1::samples], same[::samples])


def test_frames_that_are_taken_apart_or_turned_back_lie_as_they_do_then():
    model = all_first_frames()
    assert [rows_a_sample(model, name) for name in ("turned", "apart")] == [None, None]
    assert (rows_a_sample(model, "together"), rows_apart(model, "together")) == (FRAMES, False)
    assert sample_of(model, "apart") == (FRAMES, 6)


@pytest.mark.parametrize("batch", ["N", 1, 2])
def test_frames_beside_an_axis_for_the_batch_are_no_rows(batch):
    model = all_first_frames(batch)
    assert [rows_a_sample(model, name) for name in ("turned", "apart")] == [None, None]
    told = batch in {"N", 1}  # another number may be of that size by chance
    assert told == (sample_of(model, "apart") == (FRAMES, 6))


def test_axes_that_hold_the_batch_and_more_are_not_followed_once_they_are_turned():
    net, clip = clips()
    rows = net.op("Reshape", clip, net.numbers([3, -1, SIDE, SIDE]))
    net.op(
        "Reshape", net.op("Transpose", rows, perm=[0, 2, 1, 3]), net.numbers([-1, SIDE]), out="x"
    )
    assert rows_a_sample(net.model("x"), "x") is None


def test_what_works_along_the_batch_behind_the_frames_is_nobodys():
    net, clip = clips(FRAMES)
    turned = net.op("Transpose", clip, perm=[1, 0, 2, 3, 4])
    x = merged(net, net.op("Softmax", turned, axis=1))
    assert rows_a_sample(net.model(net.op("Relu", x, out="x")), "x") is None


def read_step_by_step(hidden=3, **layout):
    """Rows of a picture as steps: a recurrence has them before the batch, its directions too."""
    net = Net()
    grid = (net.number(0.1), net.numbers(0, "int8"))
    steps = net.op("Tanh", net.op("Transpose", net.input("x", ["N", 4, 5]), perm=[1, 0, 2]))
    steps = net.op("DequantizeLinear", net.op("QuantizeLinear", steps, *grid), *grid)
    parts = (weights(net, 2, 3 * hidden, 5), weights(net, 2, 3 * hidden, hidden))
    x = net.op("GRU", steps, *parts, hidden_size=hidden, direction="bidirectional", **layout)
    return net, net.op("Transpose", x, perm=[0, 2, 1, 3])


def test_what_a_recurrence_gives_has_the_steps_before_the_batch():
    net, x = read_step_by_step()
    model = net.model(net.op("Reshape", x, net.numbers([-1, 6]), out="rows"))
    assert (rows_a_sample(model, "rows"), rows_apart(model, "rows")) == (4, True)
    pictures = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)
    whole = run(model, {"x": pictures})["rows"]
    alone = [run(model, {"x": pictures[i : i + 1]})["rows"] for i in range(3)]
    np.testing.assert_allclose(whole, np.stack(alone, 1).reshape(12, 6), rtol=1e-5, atol=1e-6)


def test_what_a_recurrence_of_another_layout_gives_is_nobodys():
    net, x = read_step_by_step(layout=1)
    model = net.model(net.op("Reshape", x, net.numbers([-1, 6]), out="rows"))
    assert rows_a_sample(model, "rows") is None
