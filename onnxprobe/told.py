"""What a fused file tells of its heads in its metadata: read strictly, as anybody may have written it."""

import json
from typing import Any, TypeVar

from onnxprobe.errors import GraphError
from onnxprobe.graph.model import Model

_Told = TypeVar("_Told", list[Any], dict[str, Any])


def told(model: Model, key: str, default: _Told) -> _Told:
    """Return the metadata ``key`` of ``model``, or ``default``, of whose type it must be.

    Raises:
        GraphError: it is no JSON, or another thing.
    """
    try:
        said = json.loads(model.metadata.get(key, json.dumps(default)))
    except ValueError:
        said = None
    if not isinstance(said, type(default)):
        raise damaged(key)
    return said


def damaged(key: str) -> GraphError:
    """Return the error that the metadata ``key`` cannot be understood."""
    return GraphError(
        f"the metadata {key!r} is damaged, so the heads cannot be told from the backbone"
    )
