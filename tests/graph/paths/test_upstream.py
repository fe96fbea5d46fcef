import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_graphs import graphs

from onnxprobe.errors import NoSuchNameError
from onnxprobe.graph.paths.upstream import upstream


def needed(model, name, stop):
    """The definition, said slowly: a tensor needs itself and what its producer's reads need."""
    if name in stop:
        return set()
    node = model.producers.get(name)
    reads = node.reads if node else ()
    return {name}.union(*(needed(model, read, stop) for read in reads))


@settings(max_examples=80, deadline=None)
@given(graphs(inputs=2), st.data())
def test_upstream_is_what_a_walk_over_all_paths_finds(model, data):
    names = sorted(set(model.producers) | set(model.inputs))
    name = data.draw(st.sampled_from(names))
    stop = data.draw(st.sets(st.sampled_from(names), max_size=3))
    nodes, tensors = upstream(model, [name], stop)
    assert tensors == needed(model, name, stop)
    assert nodes == {model.producers[t] for t in tensors if t in model.producers}


def test_what_a_branch_captures_is_upstream_of_the_if(tiny):
    assert upstream(tiny, ["block"])[1] >= {"image", "stem", "gate", "w1", "w2"}


def test_an_unknown_tensor_is_named_with_its_neighbours(tiny):
    with pytest.raises(NoSuchNameError, match="no tensor named 'blok'; did you mean 'block'"):
        upstream(tiny, ["blok"])
