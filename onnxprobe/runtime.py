"""The one file that imports onnxruntime."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import MissingExtraError, RunError
from onnxprobe.graph.model import Model
from onnxprobe.graph.outside import gathered
from onnxprobe.graph.spill import spilled
from onnxprobe.graph.value import Value
from onnxprobe.graph.wire import LIMIT, dump, length, pieces

Arrays = dict[str, NDArray[Any]]
_WEIGHTS_FOLDER: Final = "session.model_external_initializers_file_folder_path"
_DTYPES: Final = {"float": "float32", "double": "float64", "float16": "float16", "string": "str"}
_ERRORS_ONLY: Final = 3
_OPEN_SIZE: Final = 64
"""What a size that the model leaves open, other than the batch, is set to."""


class Session:
    """A model that is loaded and can be run.

    Attributes:
        inputs: what it must be fed, in order.
        outputs: what it gives, in order.
        providers: the execution providers that really run it.
    """

    def __init__(self, model: Model | str | Path, *, threads: int = 0) -> None:
        """Load ``model``; ``threads`` is how many one operator may use, 0 for all cores.

        Raises:
            MissingExtraError: onnxruntime is not installed.
            RunError: ONNX Runtime does not load the model; the message says why.
        """
        options = library().SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = _ERRORS_ONLY
        self._session = _loaded(model, options)
        self.inputs = tuple(map(_value, self._session.get_inputs()))
        self.outputs = tuple(map(_value, self._session.get_outputs()))
        self.providers: tuple[str, ...] = tuple(self._session.get_providers())

    def run(
        self, feeds: Mapping[str, NDArray[Any]], outputs: Sequence[str] | None = None
    ) -> Arrays:
        """Run once; return ``outputs`` by name, all of them where none are named.

        Raises:
            RunError: the model does not run on ``feeds``; the message says why.
        """
        names = [value.name for value in self.outputs] if outputs is None else list(outputs)
        try:
            results = self._session.run(names, dict(feeds))
        except Exception as error:
            shapes = ", ".join(f"{name} {array.shape}" for name, array in feeds.items())
            raise RunError(f"the model does not run on {shapes}: {_line(error)}") from error
        return dict(zip(names, map(np.asarray, results), strict=True))


def _loaded(model: Model | str | Path, options: Any) -> Any:
    if not isinstance(model, Model):
        return _session(str(model), options)
    with tempfile.TemporaryDirectory() as folder:
        long = length(pieces(model.proto)) > LIMIT
        proto = spilled(model.proto, Path(folder, "weights")) if long else model.proto
        proto, root = gathered(proto)
        if root is not None:
            options.add_session_config_entry(_WEIGHTS_FOLDER, str(root))
        return _session(dump(proto), options)


def _session(source: str | bytes, options: Any) -> Any:
    onnxruntime = library()
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions share no base class of their own
        raise RunError(
            f"ONNX Runtime {onnxruntime.__version__} does not load the model: {_line(error)}"
        ) from error


def run(model: Model | str | Path, feeds: Mapping[str, NDArray[Any]]) -> Arrays:
    """Run a model once and return its outputs by name."""
    return Session(model).run(feeds)


def random_feeds(
    inputs: Sequence[Value], batch: int, *, size: int = _OPEN_SIZE, seed: int = 0
) -> dict[str, NDArray[Any]]:
    """Return something to feed a model: normal numbers, small whole numbers, or coin flips.

    ``size`` is what any other size is set to that the model leaves open.
    """
    rng = np.random.default_rng((seed, batch))
    return {value.name: _random(rng, value, batch, size) for value in inputs}


def _random(rng: np.random.Generator, value: Value, batch: int, size: int) -> NDArray[Any]:
    sizes = [d if isinstance(d, int) else size for d in value.shape or ()]
    if value.shape and not isinstance(value.shape[0], int):
        sizes[0] = batch
    dtype = np.dtype(value.dtype or "float32")
    if dtype.kind == "b":
        return rng.random(sizes) < 0.5  # noqa: PLR2004
    if dtype.kind in "iu":
        top = 256 if dtype == np.uint8 else 2
        return rng.integers(0, top, sizes).astype(dtype)
    return rng.normal(size=sizes).astype(dtype)


def version() -> str:
    """Return the version of ONNX Runtime."""
    return str(library().__version__)


def library() -> Any:
    """Return the module ``onnxruntime``; whoever only looks at graphs does without it.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import onnxruntime
    except ImportError as missing:
        raise MissingExtraError("running a model", "onnxruntime", extra="cpu") from missing
    return onnxruntime


def _value(node: Any) -> Value:
    inner = str(node.type).removeprefix("tensor(").removesuffix(")")
    dtype = _DTYPES.get(inner, inner) if str(node.type).startswith("tensor(") else None
    return Value(str(node.name), dtype, tuple(node.shape))


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
