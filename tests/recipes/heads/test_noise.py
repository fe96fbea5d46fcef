"""Pictures that show nothing, and what a backbone makes of them."""

from types import SimpleNamespace

import numpy as np
import pytest
from drawn import SEEN

from onnxprobe.graph.load import load
from onnxprobe.probe import Probe
from onnxprobe.recipe import Job, Run
from recipes.heads.noise import MadeUp, Tapped, noise, nothing


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 300), (64, 64)])
def test_the_pictures_are_pictures_of_any_size_and_no_two_are_the_same(height, width):
    pictures = list(nothing(height, width, np.random.default_rng(0)))
    assert len(pictures) == 80
    assert {(p.shape, p.dtype) for p in pictures} == {((height, width, 3), np.dtype(np.uint8))}
    if height > 1:
        assert len({p.tobytes() for p in pictures}) == 80
        assert min(p.std() for p in pictures[::4]) > 50
        assert max(p.std(axis=(0, 1)).max() for p in pictures[1::4]) == 0


def test_the_vectors_are_those_of_every_view_side_by_side(backbone):
    model, probes = load(backbone), (Probe("c2", "mean"), Probe("c1", "std"))
    found = MadeUp()(Tapped(model, probes, SEEN, "cpu", "float32")).vectors
    alone = MadeUp()(Tapped(model, probes[1:], SEEN, "cpu", "float32")).vectors
    assert found.shape[0] == 80
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found[:, -alone.shape[1] :], alone)


def test_they_are_made_once_for_a_run(backbone, tmp_path):
    run = Run(
        Job(backbone, "nowhere", tmp_path), load(backbone), "hash", SimpleNamespace(), SEEN, "given"
    )
    embedding = SimpleNamespace(device="cpu", precision="float32")
    asked = embedding, SimpleNamespace(rejection="best")
    (first,) = noise(run, (Probe("c2", "mean"),), *asked)
    assert run.seconds["noise"] > 0
    (again,) = noise(run, (Probe("c2", "mean"),), *asked)
    assert run.seconds["noise"] == 0
    assert first.key == again.key
    np.testing.assert_array_equal(first.value.vectors, again.value.vectors)
    (other,) = noise(run, (Probe("c1", "mean"),), *asked)
    assert other.key != first.key


@pytest.mark.parametrize("classifier", [SimpleNamespace(), SimpleNamespace(rejection="none")])
def test_they_are_not_made_for_a_head_that_rejects_nothing(classifier):
    assert noise(None, (), None, classifier) == ()
