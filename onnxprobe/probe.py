"""A probe: where to tap a model, and how to turn what flows there into a vector."""

from collections.abc import Sequence
from dataclasses import dataclass

from onnxprobe.errors import PoolingError, quoted
from onnxprobe.graph.build import Builder
from onnxprobe.graph.expose import expose
from onnxprobe.graph.model import Model
from onnxprobe.graph.pick import Pick, pick
from onnxprobe.graph.shapes import batch_of, sample_shape
from onnxprobe.graph.stitch import Graft, stitch
from onnxprobe.graph.value import Value
from onnxprobe.pooling import POOLINGS, fitting, usual


@dataclass(frozen=True, slots=True)
class Probe:
    """One tap. ``Probe("relu5", "mean")`` reads tensor ``relu5`` and averages over space.

    >>> Probe.parse("relu5:std")
    Probe(tensor='relu5', pooling='std')
    """

    tensor: str
    pooling: str = "mean"

    def __str__(self) -> str:
        return f"{self.tensor}:{self.pooling}"

    @property
    def output(self) -> str:
        """Name of the graph tensor that holds the vectors ``(N, d)``."""
        return str(self)

    @classmethod
    def parse(cls, text: str) -> "Probe":
        """Read ``tensor:pooling``; tensor names may hold colons themselves.

        Raises:
            NoSuchNameError: no pooling is called that.
        """
        tensor, _, pooling = text.rpartition(":")
        return cls(tensor, POOLINGS[pooling].name)


def chosen(model: Model, tensor: str | None, pooling: str | None) -> Probe:
    """Return the probe that was asked for; the pick, and the usual pooling, where nobody says.

    Raises:
        NoSuchNameError: there is no such tensor or pooling.
        PoolingError: no tensor was named, and which one to tap is ambiguous.
    """
    if tensor is None:
        found = pick(model)
        if found.ambiguous:
            raise PoolingError(unclear(found))
        tensor = found.tensor
    name = usual(sample_shape(model, tensor)) if pooling is None else POOLINGS[pooling].name
    return Probe(model.value(tensor).name, name)


def unclear(found: Pick) -> str:
    """Say which tensors may be meant where the pick is ambiguous."""
    names = quoted((found.tensor, *(other.tensor for other in found.alternatives[:4])))
    return f"which tensor to tap is not clear: {names}; name one with --tensor"


def attach(model: Model, probes: Sequence[Probe]) -> Model:
    """Return ``model`` with one more output a probe: float32 ``(N, d)``, pooled in the graph.

    Raises:
        NoSuchNameError, PoolingError: as :func:`pooled`.
    """
    return expose(pooled(model, probes), [probe.output for probe in probes])


def pooled(model: Model, probes: Sequence[Probe]) -> Model:
    """Return ``model`` with the nodes that compute ``probes``, its outputs as they were.

    A probe that the model has already is not computed again.

    Raises:
        NoSuchNameError: a probe names a tensor or a pooling that does not exist.
        PoolingError: the tensor's shape is unknown, or one that the pooling cannot read.
    """
    fresh = [p for p in dict.fromkeys(probes) if p.output not in model.values]
    return stitch(model, *(_graft(model, p) for p in fresh), outputs=model.outputs)


def width(model: Model, probe: Probe) -> int:
    """Return d, the length of the vectors that ``probe`` gives.

    Raises:
        NoSuchNameError, PoolingError: as :func:`attach`.
    """
    value, shape = model.value(probe.tensor), sample_shape(model, probe.tensor)
    found = fitting(value, shape, probe.pooling).width(shape or ())
    if found is None:
        raise PoolingError(f"how long the vectors of {probe} are cannot be told from {value}")
    return found


def _graft(model: Model, probe: Probe) -> Graft:
    value, shape = model.value(probe.tensor), sample_shape(model, probe.tensor)
    pooling, length = fitting(value, shape, probe.pooling), width(model, probe)
    build = Builder(model.opset, prefix=f"{probe.output}/")
    tapped = f"{probe.output}/in"
    read = tapped if value.dtype in ("float32", None) else build.op("Cast", tapped, to=1)
    pooling.nodes(build, read, shape or (), probe.output)
    head = build.model(
        probe.output,
        [Value(tapped, value.dtype, value.shape)],
        [Value(probe.output, "float32", (batch_of(model), length))],
        ir_version=model.ir_version,
    )
    return Graft(head, {tapped: probe.tensor})
