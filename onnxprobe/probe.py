"""A probe: where to tap a model, and how to turn what flows there into a vector."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from onnxprobe.errors import PoolingError, plural, quoted
from onnxprobe.graph.build import Builder
from onnxprobe.graph.expose import expose
from onnxprobe.graph.inline import showing
from onnxprobe.graph.model import Model
from onnxprobe.graph.paths.rows import rows_a_sample, rows_apart, sample_of
from onnxprobe.graph.pick import Pick, pick
from onnxprobe.graph.picking.channels import channels_of
from onnxprobe.graph.quantised import Scale, scale_of
from onnxprobe.graph.shapes import batch_axis, batch_of
from onnxprobe.graph.stitch import Graft, stitch
from onnxprobe.graph.value import Value
from onnxprobe.graph.within import doubled, reached
from onnxprobe.pooling import POOLINGS, Array, Pooling, Shape, fitting, spatial, usual


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
    shown = showing(model, (tensor,))
    if pooling is None:
        pooling = usual(sample_of(shown, tensor), channels_of(shown, tensor))
    return Probe(tensor, POOLINGS[pooling].name)


def unclear(found: Pick) -> str:
    """Say which tensors may be meant where the pick is ambiguous."""
    near = (found.tensor, *(other.tensor for other in found.alternatives[:4]))
    names = quoted(name for name in near if name != found.source)
    if not names:
        return (
            f"no tensor behind the input {found.source!r} carries everything, so which one to tap is "
            "not clear; name one with --tensor"
        )
    return f"which tensor to tap is not clear: {names}; name one with --tensor"


def attach(model: Model, probes: Sequence[Probe]) -> Model:
    """Return ``model`` with one more output a probe: float32 ``(N, d)``, pooled in the graph.

    Raises:
        NoSuchNameError, PoolingError: as :func:`pooled`.
    """
    return expose(pooled(model, probes), [probe.output for probe in probes])


def pooled(model: Model, probes: Sequence[Probe]) -> Model:
    """Return ``model`` with the nodes that compute ``probes``, its outputs as they were.

    A probe that the model has already is not computed again. Whole numbers of a quantised network
    are scaled back first. What leads to a tensor inside a local function, or inside an If on a
    constant, is written out beside it and runs twice (see ``graph.within``); a warning says so.

    Raises:
        NoSuchNameError: a probe names a tensor or a pooling that does not exist.
        PoolingError: the tensor's shape is unknown, or one that the pooling cannot read.
    """
    fresh = [p for p in dict.fromkeys(probes) if p.output not in model.names]
    tensors = [probe.tensor for probe in fresh]
    if twice := doubled(model, tensors):
        warnings.warn(
            f"{plural(twice, 'node')} inside local functions or Ifs will run twice, for the probes; to "
            "spare that, first run: onnxprobe repair MODEL --also functions -o FLAT",
            RuntimeWarning,
            stacklevel=2,
        )
    reach = reached(model, tensors)
    grafts = (_graft(reach.model, probe, reach.tensor(probe.tensor)) for probe in fresh)
    return stitch(reach.model, *grafts, outputs=model.outputs)


def width(model: Model, probe: Probe) -> int:
    """Return d, the length of the vectors that ``probe`` gives.

    Raises:
        NoSuchNameError, PoolingError: as :func:`attach`.
    """
    return _width(showing(model, (probe.tensor,)), probe, probe.tensor)


def by_sample(model: Model, probe: Probe, values: Array) -> Array:
    """Return the ``values`` of the tensor of ``probe`` as its pooling reads them: a sample a row.

    It says in numpy what :func:`pooled` says in nodes.

    Raises:
        NoSuchNameError: there is no such tensor or pooling.
    """
    rows = rows_a_sample(model, probe.tensor)
    if rows is None:
        axis = batch_axis(model.value(probe.tensor), batch_of(model))
        return np.moveaxis(values, axis or 0, 0)
    sizes = (rows, -1) if rows_apart(model, probe.tensor) else (-1, rows)
    apart = values.reshape(*sizes, *values.shape[1:])
    return np.moveaxis(apart, sizes.index(rows), 1 + POOLINGS[probe.pooling].rows)


def _width(model: Model, probe: Probe, tensor: str) -> int:
    pooling, shape = _read(model, probe, tensor)
    found = pooling.width(shape)
    if found is None:
        value = model.value(tensor)
        raise PoolingError(f"how long the vectors of {probe} are cannot be told from {value}")
    return found


def _read(model: Model, probe: Probe, tensor: str) -> tuple[Pooling, Shape]:
    """Return the pooling of ``probe``, and the shape of a sample as it reads it."""
    value, rows, shape = model.value(tensor), rows_a_sample(model, tensor), sample_of(model, tensor)
    if rows is not None and shape is not None:
        at = POOLINGS[probe.pooling].rows
        shape = (*shape[1 : at + 1], rows, *shape[at + 1 :])
    return fitting(value, shape, probe.pooling), shape or ()


def _graft(model: Model, probe: Probe, tensor: str) -> Graft:
    """Return the nodes of one probe, which reads what is called ``tensor`` in ``model``."""
    value, rows, length = (
        model.value(tensor),
        rows_a_sample(model, tensor),
        _width(model, probe, tensor),
    )
    pooling, shape = _read(model, probe, tensor)
    build, own = Builder(model.opset, prefix=f"{probe.output}/"), f"{probe.output}/in"
    axis, scale = batch_axis(value, batch_of(model)), scale_of(model, tensor)
    there = "" if axis or rows else _computed(model, value, pooling)
    fed = {own: there or tensor}
    if scale is not None:
        fed |= {f"{own}/{name}": name for name in scale.tensors}
    reads = {name: model.value(source) for name, source in fed.items()}
    if there:
        build.squeeze(own, spatial(shape), probe.output)
    else:
        read = _floats(build, reads, scale)
        rank = len(value.shape or ())
        if rows:
            sizes = [rows, -1] if rows_apart(model, tensor) else [-1, rows]
            read = _parted(build, read, sizes, rank, pooling.rows)
        elif axis:
            others = (i for i in range(rank) if i != axis)
            read = build.op("Transpose", read, perm=[axis, *others])
        pooling.nodes(build, read, shape, probe.output)
    head = build.model(
        probe.output,
        [Value(name, read.dtype, read.shape) for name, read in reads.items()],
        [Value(probe.output, "float32", (batch_of(model), length))],
        ir_version=model.ir_version,
    )
    return Graft(head, fed)


def _parted(build: Builder, read: str, sizes: Sequence[int], rank: int, place: int) -> str:
    """Return what has the rows of a sample as an axis of their own, at ``place`` of a sample.

    The axis of size 1 lets the sizes of a row be those that come in, known or not.

    Args:
        build: takes the nodes.
        read: the tensor.
        sizes: how many rows a sample has, and -1 for the samples, as they lie.
        rank: how many axes ``read`` has.
        place: of the rows among the axes of a sample.
    """
    shape = build.integers([*sizes, *[0] * (rank - 1)])
    apart = build.op("Reshape", build.unsqueeze(read, [0]), shape)
    samples = sizes.index(-1)
    order = [samples, *range(2, place + 2), 1 - samples, *range(place + 2, rank + 1)]
    return apart if order == sorted(order) else build.op("Transpose", apart, perm=order)


def _computed(model: Model, value: Value, pooling: Pooling) -> str:
    """Return the tensor that is what ``pooling`` makes of ``value`` but for axes of size 1, if any."""
    if value.dtype != "float32" or not pooling.same_as:
        return ""
    alike = (n for n in model.nodes if n.op == pooling.same_as and value.name in n.inputs)
    same = (node.outputs[0] for node in alike)
    return next(same, "")


def _floats(build: Builder, reads: Mapping[str, Value], scale: Scale | None) -> str:
    """Return what holds the first of ``reads`` as float32; the others scale its whole numbers back."""
    (read, value), *others = reads.items()
    dtype = value.dtype
    if scale is not None:
        axis: dict[str, Any] = {} if scale.axis is None else {"axis": scale.axis}
        read, dtype = build.op("DequantizeLinear", *reads, **axis), others[0][1].dtype
    return read if dtype in ("float32", None) else build.op("Cast", read, to=1)
