"""Shapes that only a run can tell: run the model twice, and look."""

from typing import Final

from onnxprobe import runtime
from onnxprobe.graph.expose import expose
from onnxprobe.graph.holes import holes, learnt
from onnxprobe.graph.model import Model

_BATCHES: Final = (2, 3)


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
    for batch in _BATCHES:
        feeds = runtime.random_feeds(session.inputs, batch)
        runs.append(feeds | session.run(feeds, names))
    return Model(model.proto, learnt(model, *runs))
