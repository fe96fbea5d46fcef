"""The one file that imports onnxruntime."""

import ctypes
import io
import math
import os
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray

from onnxprobe.binding import Bound
from onnxprobe.devices import ON_CPU, Device, Kind
from onnxprobe.errors import DeviceError, MissingExtraError, RunError
from onnxprobe.graph.disk.outside import gathered
from onnxprobe.graph.disk.spill import spilled
from onnxprobe.graph.disk.wire import dump, fitting
from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Value

Arrays = dict[str, NDArray[Any]]
_WEIGHTS_FOLDER: Final = "session.model_external_initializers_file_folder_path"
_DTYPES: Final = {"float": "float32", "double": "float64", "float16": "float16", "string": "str"}
_ERRORS: Final = 3
_FATAL: Final = 4
"""What ONNX Runtime prints. On a CPU it raises every error as well; why a GPU does not start it prints only."""
_HINTS: Final = {
    "Cannot parse data from external tensors": "; small constants lie beside the file; repair with: "
    "onnxprobe repair",
}
"""What is added where an error of ONNX Runtime has this in it."""
_MOST: Final = 1 << 31
"""Numbers that are made up for one input at most."""
_OPEN_SIZE: Final = 64
"""What a size that the model leaves open, other than the batch, is set to."""


class Session:
    """A model that is loaded and can be run.

    Attributes:
        inputs: what it must be fed, in order.
        outputs: what it gives, in order.
        providers: the execution providers that really run it, in order.
        device: what it was loaded on.
    """

    def __init__(
        self, model: Model | str | Path, *, threads: int = 0, device: Device = ON_CPU
    ) -> None:
        """Load ``model`` on ``device``; ``threads`` is how many one operator may use, 0 for all cores.

        Raises:
            MissingExtraError: onnxruntime is not installed.
            DeviceError: the device is not there; nothing else is taken in its place.
            RunError: ONNX Runtime does not load the model; the message says why.
        """
        options = library().SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = _FATAL if device.kind.memory == "cpu" else _ERRORS
        options.use_deterministic_compute = device.kind.memory != "cpu"
        _require_offered(device)
        os.environ.update(device.kind.environment)
        if device.kind.memory == "cuda":
            _find_cuda()
        self._session = _loaded(model, options, device)
        self.inputs = tuple(map(_value, self._session.get_inputs()))
        self.outputs = tuple(map(_value, self._session.get_outputs()))
        self.providers: tuple[str, ...] = tuple(self._session.get_providers())
        self.device = device
        if device.kind.provider not in self.providers:
            raise DeviceError(
                f"{str(device)!r} was asked for, but ONNX Runtime could not start it and would run "
                f"the model on {_listed(self.providers)}{_missing(device.kind)}; it needs "
                f"{device.kind.needs}"
            )
        self._session.disable_fallback()
        self._own = threading.local()

    def run(
        self, feeds: Mapping[str, NDArray[Any]], outputs: Sequence[str] | None = None
    ) -> Arrays:
        """Run once; return ``outputs`` by name, all of them where none are named.

        Raises:
            RunError: the model does not run on ``feeds``; the message says why.
        """
        names = [value.name for value in self.outputs] if outputs is None else list(outputs)
        with _explained(feeds):
            results = self._session.run(names, dict(feeds))
        return dict(zip(names, map(_array, results), strict=True))

    def steadily(self, feed: str, samples: NDArray[Any], outputs: Sequence[str]) -> Arrays:
        """Run on ``samples``, fed to ``feed``, of one shape and type nearly every time.

        On a GPU, buffers are allocated with the first run of each thread and shape, and used again.

        Raises:
            RunError: the model does not run on ``samples``; the message says why.
        """
        if self.device.kind.memory == "cpu":
            return self.run({feed: samples}, outputs)
        mine: dict[Any, Bound] = vars(self._own)
        key = f"{feed} {samples.shape}"
        if key not in mine:
            mine[key] = self.bound(feed, outputs)
        with _explained({feed: samples}):
            return mine[key].run(samples)

    def bound(self, feed: str, outputs: Sequence[str]) -> Bound:
        """Return buffers for runs of one thread; see ``steadily``."""
        return Bound(library(), self._session, self.device, feed=feed, outputs=outputs)


@contextmanager
def _explained(feeds: Mapping[str, NDArray[Any]]) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in feeds.items())
        raise RunError(f"the model does not run on {shapes}: {_line(error)}") from error


def _loaded(model: Model | str | Path, options: Any, device: Device) -> Any:
    if not isinstance(model, Model):
        return _session(str(model), options, device)
    with tempfile.TemporaryDirectory() as folder:
        long = fitting(model.proto) is None
        proto = spilled(model.proto, Path(folder, "weights")) if long else model.proto
        proto, root = gathered(proto)
        if root is not None:
            options.add_session_config_entry(_WEIGHTS_FOLDER, str(root))
        return _session(dump(proto), options, device)


def _session(source: str | bytes, options: Any, device: Device) -> Any:
    onnxruntime = library()
    try:
        return onnxruntime.InferenceSession(
            source,
            options,
            providers=[(name, dict(said)) for name, said in device.providers],
            enable_fallback=0,  # it would try others, and print that on the terminal
        )
    except Exception as error:  # its exceptions share no base class of their own
        why = _line(error)
        hint = next((told for part, told in _HINTS.items() if part in why), "")
        raise RunError(
            f"ONNX Runtime {onnxruntime.__version__} does not load the model{_on(device)}: {why}{hint}"
            f"{_missing(device.kind)}"
        ) from error


def _on(device: Device) -> str:
    return "" if device == ON_CPU else f" on {str(device)!r}"


def _require_offered(device: Device) -> None:
    offered = tuple(library().get_available_providers())
    if device.kind.provider not in offered:
        raise DeviceError(
            f"{str(device)!r} was asked for, but the ONNX Runtime that is installed "
            f"({version()}) offers only {_listed(offered)}; it needs {device.kind.needs}"
        )


def _find_cuda() -> None:
    """Load CUDA and cuDNN from where pip has put them: ONNX Runtime looks only where the system does."""
    runtime = library()
    runtime.set_default_logger_severity(_FATAL)  # what it prints is raised below, in one line
    preload = getattr(runtime, "preload_dlls", None)  # from 1.21 on
    if preload is not None:
        with redirect_stdout(io.StringIO()):  # what is missing is told where it matters
            preload()


def _missing(kind: Kind) -> str:
    """Say what the library of a provider needs that is not there, where that is what is wrong."""
    folder = Path(library().__file__).parent / "capi"
    for file in folder.glob(f"*onnxruntime_providers_{kind.name}.*"):
        try:
            ctypes.CDLL(str(file))
        except OSError as error:
            why = _line(error)
            return "" if "undefined symbol" in why else f" ({why})"
    return ""


def _listed(providers: Sequence[str]) -> str:
    return ", ".join(name.removesuffix("ExecutionProvider") for name in providers)


def run(model: Model | str | Path, feeds: Mapping[str, NDArray[Any]]) -> Arrays:
    """Run a model once and return its outputs by name."""
    return Session(model).run(feeds)


def operators(model: Model) -> Counter[str]:
    """Return how many of which operators ONNX Runtime really runs, after fusing what it can.

    Raises:
        RunError: ONNX Runtime does not load the model; the message says why.
    """
    options = library().SessionOptions()
    options.log_severity_level = _FATAL
    with tempfile.TemporaryDirectory() as folder:
        options.optimized_model_filepath = str(Path(folder, "optimised.onnx"))
        _loaded(model, options, ON_CPU)
        proto = onnx.load(options.optimized_model_filepath, load_external_data=False)
    return Counter(node.op_type for node in proto.graph.node)


def random_feeds(
    inputs: Sequence[Value], batch: int, *, size: int = _OPEN_SIZE, seed: int = 0
) -> dict[str, NDArray[Any]]:
    """Return something to feed a model: normal numbers, small whole numbers, or coin flips.

    ``size`` is what any other size is set to that the model leaves open.

    Raises:
        RunError: an input is of more numbers than one would make up.
    """
    rng = np.random.default_rng((seed, batch))
    return {value.name: _random(rng, value, batch, size) for value in inputs}


def _random(rng: np.random.Generator, value: Value, batch: int, size: int) -> NDArray[Any]:
    sizes = [d if isinstance(d, int) else size for d in value.shape or ()]
    if value.shape and not isinstance(value.shape[0], int):
        sizes[0] = batch
    if min(sizes, default=0) < 0 or math.prod(sizes) > _MOST:
        raise RunError(f"the model does not run on random numbers: {value} is too large to make up")
    dtype = np.dtype(value.dtype or "float32")
    if dtype.kind == "b":
        return np.asarray(rng.random(sizes) < 0.5)  # noqa: PLR2004
    if dtype.kind in "iu":
        top = 256 if dtype == np.uint8 else 2
        return np.asarray(rng.integers(0, top, sizes), dtype)
    return np.asarray(rng.normal(size=sizes), dtype)


def halved(model: Model) -> Model:
    """Return ``model`` computing in float16, its inputs and outputs as they were.

    Converted by onnxruntime.transformers; weights are read into memory.

    Raises:
        DeviceError: it is too large, or the converter does not take it.
    """
    library()
    from onnxruntime.transformers.float16 import convert_float_to_float16

    try:
        whole = onnx.load_from_string(dump(model.proto))
        return Model(convert_float_to_float16(whole, keep_io_types=True))
    except Exception as error:
        raise DeviceError(
            f"the model cannot be made to compute in float16: {_line(error)}; say float32"
        ) from error


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


def _array(answer: Any) -> NDArray[Any]:
    """Return an answer as an array: a sequence as one of objects, a tensor or map each."""
    if not isinstance(answer, list):
        return np.asarray(answer)
    items = np.empty(len(answer), object)
    for place, item in enumerate(answer):
        items[place] = item
    return items


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
