import json

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

from onnxprobe.cli.app import app
from onnxprobe.embed.stream import stream
from onnxprobe.errors import PicturesError, PoolingError
from onnxprobe.graph.model import Model
from onnxprobe.graph.pick import pick
from onnxprobe.graph.save import save
from onnxprobe.images import Preprocess, open_source
from onnxprobe.probe import Probe
from onnxprobe.rank import rank, read_labels
from onnxprobe.rank.augmented import Augmented, augmented
from onnxprobe.rank.candidates import candidates
from onnxprobe.rank.scores import foretold, places, similarities

SEEN = Preprocess(size=(16, 16), mean=(127.5,), std=(127.5,))
PICTURES = 48


def forgetful():
    """``knows`` keeps the three colours of a picture; ``forgot``, behind it, their sum alone."""
    n, weight = helper.make_node, numpy_helper.from_array
    keep = np.eye(3, dtype=np.float32)[:, :, None, None]
    lose = np.ones((2, 3, 1, 1), np.float32) * np.float32([1, 0.5])[:, None, None, None]
    nodes = [
        n("Conv", ["image", "keep"], ["knows"]),
        n("Conv", ["knows", "lose"], ["forgot"]),
        n("GlobalAveragePool", ["forgot"], ["pooled"]),
        n("Flatten", ["pooled"], ["flat"]),
        n("Gemm", ["flat", "last"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes,
        "forgetful",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 16, 16])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 2])],
        [weight(keep, "keep"), weight(lose, "lose"), weight(np.eye(2, dtype=np.float32), "last")],
    )
    opset = helper.make_opsetid("", 17)
    proto = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    helper.set_model_props(proto, {"onnxprobe.preprocess": SEEN.to_json()})
    return Model(proto)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Red, green and blue pictures; how light they are has nothing to do with their colour."""
    root = tmp_path_factory.mktemp("photos")
    rng, lines = np.random.default_rng(0), ["path,label"]
    for i in range(PICTURES):
        pixels = rng.integers(0, 20, (20, 20, 3), dtype=np.uint8)
        pixels[..., i % 3] += np.uint8(80 + 3 * (i // 3))
        cv2.imwrite(str(root / f"{i:02}.png"), pixels)
        lines.append(f"{i:02}.png,{('blue', 'green', 'red')[i % 3]}")
    (root / "labels.csv").write_text("\n".join(lines))
    return root


@pytest.fixture(scope="module")
def found(photos):
    labels = read_labels(photos / "labels.csv")
    return rank(forgetful(), open_source(photos), preprocess=SEEN, labels=labels)


def score(found, probe):
    return next(score for score in found.scores if str(score.probe) == probe)


def test_a_probe_that_knows_the_label_ranks_above_one_that_forgot_it(found):
    assert score(found, "knows:mean").accuracy == 1.0
    # Three labels, equally frequent, and lightness says nothing of them.
    assert score(found, "forgot:mean").accuracy < 0.6
    order = [str(score.probe) for score in found.scores]
    assert order.index("knows:mean") < order.index("forgot:mean")


def test_the_best_comes_first_and_facts_are_counted(found):
    assert list(found.scores) == sorted(found.scores, key=lambda s: s.order, reverse=True)
    assert (found.pictures, found.left_out, found.labelled) == (PICTURES, 0, PICTURES)
    assert found.most_frequent == pytest.approx(1 / 3)
    assert {s.probe.tensor for s in found.scores if s.picked} == {"forgot"}
    assert score(found, "knows:mean").width == 3
    assert all(0 <= s.agreement <= s.reciprocal_rank <= 1 for s in found.scores)
    assert json.loads(json.dumps(found.to_json()))["scores"][0]["pooling"]


def test_the_same_seed_ranks_the_same_and_threads_do_not_matter(photos):
    def one(threads):
        return rank(forgetful(), open_source(photos), preprocess=SEEN, threads=threads, sample=20)

    assert one(1) == one(3)


def test_changed_pictures_are_harder_to_know_again_than_plain_ones(found):
    assert 0 < score(found, "knows:mean").agreement < 1


def test_pictures_without_a_label_take_no_part_in_the_accuracy(photos):
    labels = {n: x for n, x in read_labels(photos / "labels.csv").items() if n >= "24"}
    found = rank(forgetful(), open_source(photos), preprocess=SEEN, labels=labels)
    assert (found.pictures, found.labelled) == (PICTURES, 24)
    assert score(found, "knows:mean").accuracy == 1.0


def test_labels_do_not_change_the_agreement(photos, found):
    bare = rank(forgetful(), open_source(photos), preprocess=SEEN)
    assert bare.most_frequent is None
    for one in bare.scores:
        assert one.accuracy is None
        assert one.agreement == score(found, str(one.probe)).agreement


def test_the_network_is_run_once_a_look_for_all_probes(photos, monkeypatch):
    looks = []

    def counted(network, source, names, batches, **settings):
        looks.append(type(source).__name__)
        return stream(network, source, names, batches, **settings)

    monkeypatch.setattr("onnxprobe.rank.ranking.stream", counted)
    rank(forgetful(), open_source(photos), preprocess=SEEN)
    assert looks == [type(open_source(photos)).__name__, "Augmented"]


def test_pictures_that_cannot_be_used_are_counted(photos, tmp_path):
    for path in photos.glob("*.png"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "broken.png").write_bytes(b"<html>")
    found = rank(forgetful(), open_source(tmp_path), preprocess=SEEN)
    assert (found.pictures, found.left_out) == (PICTURES, 1)


def test_the_pick_comes_first_among_the_candidates_and_top_counts_tensors(tiny):
    picked = pick(tiny)
    probes = candidates(tiny, picked, top=1)
    assert {p.tensor for p in probes} == {"block"}
    assert [p.pooling for p in probes] == ["mean", "std", "max", "gem", "center"]
    several = candidates(tiny, picked, top=6)
    assert several[: len(probes)] == probes
    assert list(dict.fromkeys(p.tensor for p in several)) == ["block", "pooled", "stem"]
    # All poolings of a map of one place give the same; one will do.
    assert [p for p in several if p.tensor == "pooled"] == [Probe("pooled", "mean")]


def test_places_agree_with_sorting():
    rng = np.random.default_rng(0)
    plain = rng.normal(size=(30, 4)).astype(np.float32)
    changed = plain + rng.normal(size=plain.shape).astype(np.float32)
    near = similarities(changed, plain)
    slow = [1 + list(np.argsort(-row)).index(i) for i, row in enumerate(near)]
    assert places(changed, plain).tolist() == slow
    assert 1 < np.mean(slow) < 15


def test_a_probe_to_which_all_pictures_are_one_recognises_none():
    same = np.ones((12, 3), np.float32)
    assert (places(same, same) == 12).all()


def test_what_all_pictures_share_does_not_count():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, 5)).astype(np.float32)
    # The sums are made in another order of magnitude: 100 + x keeps about 1e-5 of x.
    np.testing.assert_allclose(similarities(x + 100, x + 100), similarities(x, x), atol=1e-4)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_votes_agree_with_counting_one_by_one(k):
    rng = np.random.default_rng(k)
    x, labels = rng.normal(size=(40, 3)).astype(np.float32), rng.integers(0, 4, 40)
    near, right = similarities(x, x), 0
    for i in range(40):
        others = sorted((j for j in range(40) if j != i), key=lambda j: -near[i, j])[:k]
        said = [labels[j] for j in others]
        right += max(said, key=said.count) == labels[i]  # of equals, the first: the nearest
    assert foretold(x, labels, k=k) == right / 40


def test_a_picture_never_votes_for_itself():
    x = np.array([[0, 1], [0, 1.01], [5, 0], [5, 0.1]], np.float32)
    assert foretold(x, np.array([0, 1, 2, 3]), k=1) == 0


def test_a_changed_picture_is_smaller_lit_anew_and_depends_on_its_name_alone(photos):
    source = open_source(photos)
    changed = Augmented(source, SEEN, seed=3)
    once = {name: changed.read(name) for name in source.names}
    assert once == {name: changed.read(name) for name in reversed(source.names)}
    assert once != {name: Augmented(source, SEEN, seed=4).read(name) for name in source.names}
    shapes = {SEEN.decode(data).pixels.shape for data in once.values()}
    assert all(14 <= side <= 19 for shape in shapes for side in shape[:2])
    assert len(shapes) > 1


def test_about_half_of_the_pictures_are_flipped():
    ramp = np.repeat(np.arange(100, 200, dtype=np.uint8), 3).reshape(1, 100, 3).repeat(8, axis=0)
    rngs = map(np.random.default_rng, range(100))
    flipped = [np.diff(augmented(ramp, rng)[0, :, 0].astype(int)).sum() < 0 for rng in rngs]
    assert 30 < sum(flipped) < 70


def test_the_colours_of_a_changed_picture_keep_their_places(photos):
    source = open_source(photos)
    for name in source.names[:3]:
        plain, changed = (
            SEEN.decode(s.read(name)).pixels.mean(axis=(0, 1))
            for s in (source, Augmented(source, SEEN))
        )
        assert plain.argmax() == changed.argmax()


def invoke(*args):
    return CliRunner().invoke(app, list(map(str, args)), catch_exceptions=False)


@pytest.fixture
def forgetful_file(tmp_path):
    return save(forgetful(), tmp_path / "forgetful.onnx")


def test_the_command_prints_a_table_and_json(forgetful_file, photos):
    labels = ("--labels", photos / "labels.csv")
    shown = invoke("rank", forgetful_file, photos, *labels)
    assert shown.exit_code == 0
    words = " ".join(shown.output.split())
    assert "◀ pick" in words
    assert f"share of {PICTURES} labelled pictures" in words
    assert "depends on the task" in words
    said = json.loads(invoke("rank", forgetful_file, photos, *labels, "--json").stdout)
    assert said["labelled"] == PICTURES
    assert said["scores"][0]["accuracy"] == 1.0


def test_other_columns_can_be_named(forgetful_file, photos, tmp_path):
    table = (photos / "labels.csv").read_text().replace("path,label", "file,colour")
    (tmp_path / "colours.csv").write_text(table)
    labels = ("--labels", tmp_path / "colours.csv", "--columns", "file,colour", "--json")
    assert json.loads(invoke("rank", forgetful_file, photos, *labels).stdout)["labelled"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("file,label\na.png,x\n", "have no column 'path'; there is 'file', 'label'; name the two"),
        ("", "have no column 'path', 'label'; there is none"),
        (b"path,label\n\xff,x\n", "are not CSV in UTF-8"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_labels_that_are_no_table_are_refused(table, message, tmp_path):
    path = tmp_path / "labels.csv"
    if table is not None:
        path.write_bytes(table if isinstance(table, bytes) else table.encode())
    with pytest.raises(PicturesError, match=message):
        read_labels(path)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            {"other.png": "x"},
            "none of the 48 pictures has a label: .* the labels are of 'other.png'",
        ),
        ({}, "the labels are of 'nothing'"),
        ({"00.png": "x", "01.png": "y"}, "no two of the 48 pictures have the same label"),
    ],
)
def test_labels_that_tell_nothing_are_refused(photos, labels, message):
    with pytest.raises(PicturesError, match=message):
        rank(forgetful(), open_source(photos), preprocess=SEEN, labels=labels)


def test_too_few_pictures_are_refused(photos):
    with pytest.raises(PicturesError, match="at least 10 pictures; 9 of 9 can be used"):
        rank(forgetful(), open_source(photos), preprocess=SEEN, sample=9)


def test_why_pictures_cannot_be_used_is_said(tmp_path):
    """Most of them, that is: one of these is no picture, which says nothing of the others."""
    (tmp_path / "a.png").write_bytes(b"no picture")
    for i in range(10):
        cv2.imwrite(str(tmp_path / f"{i}.png"), np.full((16, 16, 3), i, np.uint8))
    proto = onnx.ModelProto.FromString(forgetful().proto.SerializeToString())
    proto.graph.node.insert(0, helper.make_node("Sqrt", ["image"], ["root"]))
    proto.graph.node[1].input[0] = "root"
    with pytest.raises(
        PicturesError, match="0 of 11 can be used; others are not finite: the model gives an inf"
    ):
        rank(Model(proto), open_source(tmp_path), preprocess=SEEN)


def layers(nodes, *constants):
    """A network from a picture to ``scores`` that has nothing but what is said here."""
    ends = [
        helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 8, 8]),
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, None),
    ]
    weights = [numpy_helper.from_array(np.ones(s, np.float32), n) for n, s in constants]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], weights)
    return Model(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    )


def test_in_a_perceptron_what_is_learnt_is_compared_and_not_the_picture():
    node = helper.make_node
    nodes = [
        node("Transpose", ["image"], ["turned"], perm=[0, 2, 3, 1]),
        node("Flatten", ["turned"], ["flat"]),
        node("Gemm", ["flat", "w"], ["hidden"]),
        node("Relu", ["hidden"], ["seen"]),
        node("Gemm", ["seen", "v"], ["scores"]),
    ]
    model = layers(nodes, ("w", (192, 5)), ("v", (5, 2)))
    assert candidates(model, pick(model), top=6) == (Probe("seen", "flatten"),)


def test_where_nothing_learnt_carries_everything_there_is_nothing_to_compare():
    model = layers([helper.make_node("Conv", ["image", "w"], ["scores"])], ("w", (2, 3, 8, 8)))
    with pytest.raises(PoolingError, match="no tensor behind the input 'image' carries everything"):
        candidates(model, pick(model), top=6)


def test_columns_are_two_names(forgetful_file, photos):
    with pytest.raises(PicturesError, match="--columns takes two names, PATH,LABEL, not 'path'"):
        invoke("rank", forgetful_file, photos, "--labels", "x.csv", "--columns", "path")
