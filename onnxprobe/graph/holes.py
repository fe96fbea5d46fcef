"""Shapes that only a run can tell, and how to put what a run told into a model.

The graph layer runs nothing itself. A caller with a runtime does:

    asked = expose(model, holes(model))
    small, large = (feeds | run(asked, feeds) for feeds in (two_samples, three_samples))
    model = Model(model.proto, learnt(model, small, large))
"""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from onnxprobe.graph.inference.infer import has_holes
from onnxprobe.graph.inference.trials import Sizes, merged
from onnxprobe.graph.model import Model
from onnxprobe.graph.paths.live import live
from onnxprobe.graph.shapes import batch_of
from onnxprobe.graph.value import Value


def holes(model: Model) -> tuple[str, ...]:
    """Return the tensors between inputs and outputs whose shape inference could not tell.

    Where the file leaves more than the batch open (heights, lengths), sizes that follow from it
    are unknown rightly; then only tensors of unknown rank are named.

    Raises:
        GraphError: the graph has a cycle, or its nodes are out of order.
    """
    part = live(model, model.inputs, model.outputs)
    rank_only = any(_opens_more_than_batch(model, name) for name in part.sources)
    names = (name for node in part.reads for name in node.writes if name in part.tensors)
    values = (model.values[name] for name in names)
    return tuple(v.name for v in values if (v.shape is None if rank_only else has_holes(v)))


def learnt(
    model: Model, small: Mapping[str, NDArray[Any]], large: Mapping[str, NDArray[Any]]
) -> dict[str, Value]:
    """Return what two runs told, as the ``known`` of a model.

    ``small`` and ``large`` hold every model input as it was fed and the tensors asked for. A size
    that is equal in both runs is fixed; one that follows an open size of an input carries its
    name. Feed every open size differently: a size that might follow one that was fed alike stays
    unknown. A model that takes one size only is run once and given twice. What holds objects, such
    as texts or the tensors of a sequence, has no such shape and stays as it is.

    Raises:
        NoSuchNameError: a name is not a tensor of the model.
    """
    tried: dict[str, Sizes] = {}
    untried = False
    for name in model.inputs:
        fed = zip(small[name].shape, large[name].shape, strict=True)
        for size, (a, b) in zip(model.value(name).shape or (), fed, strict=False):
            untried |= a == b and not isinstance(size, int)
            if isinstance(size, str) and a != b:
                tried.setdefault(size, (a, b))
    found = dict(model.known)
    for name in small.keys() & large.keys():
        if small[name].dtype.kind == "O":
            continue
        old = model.value(name).shape
        shape = merged(old, small[name].shape, large[name].shape, tried)
        if untried and shape is not None:
            shape = tuple(
                None if isinstance(new, int) and (old is None or old[axis] is None) else new
                for axis, new in enumerate(shape)
            )
        found[name] = Value(name, str(small[name].dtype), shape)
    return found


def _opens_more_than_batch(model: Model, name: str) -> bool:
    batch = batch_of(model)
    return any(
        not isinstance(size, int) and size != batch for size in model.value(name).shape or ()
    )
