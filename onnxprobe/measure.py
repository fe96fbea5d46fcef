"""Shapes that only a run can tell: run the model twice, and look."""

from collections.abc import Collection, Sequence
from typing import Final

from onnxprobe import runtime
from onnxprobe.errors import RunError, quoted
from onnxprobe.graph.expose import expose
from onnxprobe.graph.holes import holes, learnt
from onnxprobe.graph.model import Model

_SIZES: Final = ((2, 64), (3, 96))
"""Batch and open sizes of the two runs; what differs between them follows one or the other."""


def measured(model: Model) -> Model:
    """Return ``model`` with the shapes that inference could not tell, learnt by running it.

    A model whose shapes are all known is returned as it is, without a runtime.

    Raises:
        MissingExtraError: a run is needed and no runtime is installed.
        RunError: the model does not load or run.
    """
    names = holes(model)
    if not names:
        return model
    session = runtime.Session(expose(model, names))
    runs = []
    for batch, size in _SIZES:
        feeds = runtime.random_feeds(session.inputs, batch, size=size)
        runs.append(feeds | _answers(model, session, feeds, names))
    return Model(model.proto, learnt(model, *runs))


def _answers(
    model: Model, session: runtime.Session, feeds: runtime.Arrays, names: Sequence[str]
) -> runtime.Arrays:
    unsaid = [name for name in model.inputs if model.value(name).shape is None]
    try:
        return session.run(feeds, names)
    except RunError as error:
        if not unsaid:
            raise
        raise RunError(
            f"the model does not say what shape {quoted(unsaid)} has, not even how many sizes, and does "
            "not run on a single number; declare it in the file, e.g. as (N, 3, 224, 224)"
        ) from error


def typed(model: Model, names: Collection[str]) -> Model:
    """Return ``model``, run to learn the types of ``names`` where inference could not tell them.

    Raises:
        MissingExtraError, RunError: as :func:`measured`.
    """
    declared = {*model.inputs, *model.outputs}
    inner = (model.value(name) for name in names if name in model.names and name not in declared)
    return measured(model) if any(value.dtype is None for value in inner) else model
