import numpy as np
import onnx
import pytest
from nested import in_branch, in_function

from onnxprobe.errors import NoSuchNameError
from onnxprobe.graph.expose import expose
from onnxprobe.graph.extract import extract
from onnxprobe.graph.inline import inline
from onnxprobe.graph.split import split
from onnxprobe.graph.stitch import stitch
from onnxprobe.graph.within import COPIES, doubled, reached
from onnxprobe.runtime import run

MODELS = {"function": in_function(), "called twice": in_function(2), "branch": in_branch()}


def inner(model):
    """The maps that only the model written out flat has."""
    flat = inline(model)
    ops = {"Conv", "Relu"}
    return [n.outputs[0] for n in flat.nodes if n.op in ops and n.outputs[0] not in model.values]


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_inner_tensor_is_what_the_flat_model_computes(model, images):
    names = inner(model)
    assert len(names) >= 3
    reach = reached(model, names)
    given = [reach.tensor(name) for name in names]
    found = run(expose(reach.model, given), {"image": images})
    wanted = run(expose(inline(model), names), {"image": images})
    for name, copy in zip(names, given, strict=True):
        np.testing.assert_array_equal(found[copy], wanted[name])


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_what_was_there_stays_and_what_comes_has_names_of_its_own(model):
    before = model.proto.SerializeToString(deterministic=True)
    reach = reached(model, inner(model))
    assert model.proto.SerializeToString(deterministic=True) == before
    old, new = model.proto.graph, reach.model.proto.graph
    assert list(new.node[: len(old.node)]) == list(old.node)
    assert list(new.initializer) == list(old.initializer)  # no weight is stored a second time
    assert (list(new.input), list(new.output)) == (list(old.input), list(old.output))
    assert all(node.output[0].startswith(f"{COPIES}/") for node in new.node[len(old.node) :])
    onnx.checker.check_model(reach.model.proto, full_check=True)


def test_only_what_leads_to_the_tensor_runs_a_second_time():
    model = in_branch()
    assert [doubled(model, [name]) for name in ("block", "stem", "branch", "gate")] == [0, 1, 2, 3]
    assert doubled(model, ["stem", "gate"]) == 3


def test_a_second_time_round_the_names_are_others(images):
    once = reached(in_branch(), ["stem"]).model
    twice = reached(once, ["gate"])
    assert twice.tensor("gate") == f"{COPIES}-2/gate"
    run(expose(twice.model, [twice.tensor("gate")]), {"image": images})


def test_tensors_of_the_outer_graph_need_nothing(tiny):
    assert reached(tiny, ["block", "stem"]).model is tiny


def test_a_name_that_is_nowhere_is_refused():
    with pytest.raises(NoSuchNameError, match="no tensor named 'gaet'; did you mean 'gate'"):
        reached(in_branch(), ["gaet"])


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_part_can_be_taken_out_and_a_model_cut_inside(model, images):
    at = inner(model)[0]
    trunk = extract(model, model.inputs, [at])
    np.testing.assert_array_equal(
        run(trunk, {"image": images})[at], run(expose(inline(model), [at]), {"image": images})[at]
    )
    if model is not MODELS["called twice"]:  # there the other call reads the image again
        middle = "block"
        joined = stitch(*split(model, middle))
        np.testing.assert_array_equal(
            run(joined, {"image": images})["scores"], run(model, {"image": images})["scores"]
        )
