"""Shapes that only a run can tell: run the model twice, and look."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

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
    small, large = (
        _shapes(session, names, runtime.random_feeds(session.inputs, b)) for b in _BATCHES
    )
    return Model(model.proto, learnt(model, small, large))


def _shapes(
    session: runtime.Session, names: Sequence[str], feeds: dict[str, NDArray[np.generic]]
) -> dict[str, tuple[int, ...]]:
    found = session.run(feeds, names)
    return {name: array.shape for name, array in (feeds | found).items()}
