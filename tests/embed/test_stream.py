import threading
import time
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from onnx import TensorProto, helper
from store_parts import SEEN

from onnxprobe.embed import stream as stream_module
from onnxprobe.embed.network import Network
from onnxprobe.embed.stream import stream
from onnxprobe.errors import PicturesError
from onnxprobe.graph.model import Model
from onnxprobe.images import Preprocess, Status, TooLongError, open_source
from onnxprobe.store.ledger import Outcome, hash_of

OUTPUTS = ("scores",)


def batches(count, size):
    return [range(i, min(i + size, count)) for i in range(0, count, size)]


def everything(network, source, **settings):
    names = source.names
    return list(stream(network, source, names, batches(len(names), network.batch), **settings))


def rows(results):
    found = {}
    for batch in results:
        values = batch.outputs.get("scores", ())
        found |= dict(zip(batch.start + batch.kept, values, strict=True))
    return found


@pytest.fixture
def network(tiny):
    return Network.of(tiny, OUTPUTS, SEEN, batch=4)


def slow(tiny, source):
    """One picture at a time, one thread, nothing clever."""
    network, found, statuses = Network.of(tiny, OUTPUTS, SEEN, batch=1), {}, []
    for row, name in enumerate(source.names):
        picture = SEEN.decode(source.read(name))
        statuses.append(picture.status)
        if picture.pixels is not None:
            found[row] = network.run(network.preprocess(picture.pixels)[None])["scores"][0]
    return found, statuses


def test_the_stream_agrees_with_its_slow_twin(tiny, network, pictures):
    results = everything(network, pictures)
    found, (wanted, statuses) = rows(results), slow(tiny, pictures)
    assert [o.status for b in results for o in b.outcomes] == statuses
    assert [b.start for b in results] == list(range(0, 40, 4))
    assert found.keys() == wanted.keys()
    for row in wanted:  # another batch size, so sums may be made in another order
        np.testing.assert_allclose(found[row], wanted[row], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_number_of_threads_changes_no_bit(threads, network, pictures):
    one, other = rows(everything(network, pictures)), None
    other = rows(everything(network, pictures, threads=threads))
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[row], other[row]) for row in one)


def test_a_batch_may_begin_anywhere_and_end_early(network, pictures):
    whole = rows(everything(network, pictures))
    part = rows(stream(network, pictures, pictures.names, [range(8, 12), range(20, 22)]))
    assert set(part) <= {8, 9, 10, 11, 20, 21}
    assert all(np.array_equal(part[row], whole[row]) for row in part)


@dataclass
class Odd:
    """A source that misbehaves for some names."""

    names: tuple
    of: object
    path: object = "odd"
    kind: str = "odd"

    def read(self, name, most=None):
        if name == "gone":
            raise FileNotFoundError(2, "No such file or directory", name)
        if name == "long":
            raise TooLongError(5_000_000_000, most)
        if name == "endless":
            raise MemoryError
        if name == "html":
            return b"<html>"
        if name == "slow":
            time.sleep(0.05)
        return self.of.read(self.of.names[0])


def test_what_cannot_be_read_is_missing_and_the_rest_goes_on(network, pictures):
    source = Odd(("gone", "fine", "endless", "slow", "long"), pictures)
    batch, last = everything(network, source)
    assert [o.status for o in batch.outcomes] == ["missing", "ok", "missing", "ok"]
    assert batch.outcomes[0].error == "No such file or directory"
    assert batch.outcomes[2].error == "it does not fit into memory"
    assert last.outcomes == (
        Outcome(
            Status.TOO_LARGE,
            size=5_000_000_000,
            error="5,000,000,000 bytes are more than the limit of 1,073,741,824",
        ),
    )
    assert batch.kept.tolist() == [1, 3]
    assert np.array_equal(*batch.outputs["scores"])  # the same picture in another slot


def test_a_batch_without_one_good_picture_is_not_run(network, pictures, monkeypatch):
    monkeypatch.setattr(Network, "run", None)
    (batch,) = everything(network, Odd(("gone",) * 3, pictures))
    assert batch.outputs == {}
    assert batch.kept.size == 0


def test_the_facts_of_a_file_are_recorded(network, pictures):
    (first, *_) = everything(network, pictures)
    outcome, data = first.outcomes[0], pictures.read(pictures.names[0])
    assert outcome.size == len(data)
    assert outcome.hash == hash_of(data)
    assert outcome.width >= 8
    assert first.decode_seconds > 0
    assert first.run_seconds > 0


def test_however_many_read_no_more_decode_than_run(network, pictures, monkeypatch):
    lock, now, most = threading.Lock(), [0], [0]
    decode = Preprocess.decode

    def counted(self, data, **settings):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.002)
        with lock:
            now[0] -= 1
        return decode(self, data, **settings)

    monkeypatch.setattr(stream_module, "reads_at_once", lambda _: 16)
    monkeypatch.setattr(Preprocess, "decode", counted)
    everything(network, pictures, threads=3)
    assert 1 <= most[0] <= 3


def test_leaving_early_leaves_no_thread_behind(network, pictures):
    before = threading.active_count()
    going = stream(network, pictures, pictures.names, batches(40, 4))
    next(going)
    going.close()
    assert threading.active_count() == before


def through(op, inputs, *, shape=("N", 3, 8, 8), out=("N", 3, 8, 8), weights=(), **attributes):
    graph = helper.make_graph(
        [helper.make_node(op, inputs, ["scores"], name="guilty", **attributes)],
        "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, out)],
        weights,
    )
    opset = helper.make_opsetid("", 17)
    return Model(helper.make_model(graph, opset_imports=[opset], ir_version=8))


def test_a_row_that_is_not_finite_is_recorded_and_dropped(tmp_path):
    for name, level in (("black.png", 0), ("white.png", 255)):
        cv2.imwrite(str(tmp_path / name), np.full((8, 8, 3), level, np.uint8))
    seen = Preprocess(size=(8, 8), mean=(0,), std=(1,))
    network = Network.of(through("Log", ["x"]), OUTPUTS, seen, batch=4)  # log 0 is −∞
    (batch,) = everything(network, open_source(tmp_path))
    assert [o.status for o in batch.outcomes] == ["not finite", "ok"]
    assert batch.outcomes[0].error == "the model gives an infinity or a NaN"
    assert batch.kept.tolist() == [1]
    np.testing.assert_allclose(batch.outputs["scores"], np.log(255), rtol=1e-6)


def leaking():
    """Sums over the pictures before."""
    batch_axis = helper.make_tensor("axis", TensorProto.INT64, [], [0])
    return through("CumSum", ["x", "axis"], weights=[batch_axis])


def reshaping(to, out):
    """Writes the batch into a Reshape."""
    shape = helper.make_tensor("to", TensorProto.INT64, [2], to)
    return through("Reshape", ["x", "to"], out=out, weights=[shape])


COUNTING_ON_ONE = {
    "changes with its neighbours in the batch": leaking(),
    "changes with its neighbours' number in the batch": through("Softmax", ["x"], axis=0),
    "any number of pictures but does not run on 4 ": reshaping([1, 192], (1, 192)),
    r"output 'scores' is \[1, 768\] for 4 pictures, not one": reshaping([1, -1], (1, "m")),
}


@pytest.mark.parametrize("message", COUNTING_ON_ONE)
def test_a_model_that_counts_on_one_picture_is_refused_more(message):
    with pytest.raises(PicturesError, match=message):
        Network.of(COUNTING_ON_ONE[message], OUTPUTS, SEEN, batch=4)


@pytest.mark.parametrize("model", COUNTING_ON_ONE.values())
def test_and_is_run_on_one_where_nothing_else_was_asked_for(model):
    with pytest.warns(RuntimeWarning, match="; they are run one at a time"):
        network = Network.of(model, OUTPUTS, SEEN)
    assert network.batch == 1


def test_the_warning_names_the_node_and_says_what_mends_it():
    reshape = COUNTING_ON_ONE["any number of pictures but does not run on 4 "]
    said = r"time: Reshape 'guilty' writes batch 1 into its shape \[1, 192\]; repair with: onnxprobe batch"
    with pytest.warns(RuntimeWarning, match=said):
        Network.of(reshape, OUTPUTS, SEEN)


def test_the_node_that_counts_on_one_picture_is_named():
    model = COUNTING_ON_ONE["any number of pictures but does not run on 4 "]
    with pytest.raises(PicturesError, match="Name:'guilty'"):
        Network.of(model, OUTPUTS, SEEN, batch=4)


def test_a_fixed_batch_is_used_and_cannot_be_overruled(tiny):
    fixed = through("Relu", ["x"], shape=(1, 3, 8, 8), out=(1, 3, 8, 8))
    assert Network.of(fixed, OUTPUTS, SEEN).batch == 1
    with pytest.raises(PicturesError, match="the model takes 1 pictures a run, not 4; leave the"):
        Network.of(fixed, OUTPUTS, SEEN, batch=4)
    with pytest.raises(PicturesError, match="a batch is one picture or more, not 0"):
        Network.of(tiny, OUTPUTS, SEEN, batch=0)


def test_a_slot_without_a_picture_is_zero_whatever_was_in_it_before(network, pictures, monkeypatch):
    fed, real = [], Network.run
    monkeypatch.setattr(Network, "run", lambda n, x: fed.append(x.copy()) or real(n, x))
    source = Odd(("fine",) * 40 + ("fine", "gone", "html"), pictures)
    everything(network, source, threads=1)  # 43 pictures: every buffer is used more than once
    assert [slot.any() for slot in fed[-1]] == [True, False, False, False]
