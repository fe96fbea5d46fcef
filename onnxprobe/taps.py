"""What it costs to tap a network at a tensor: measured before one is chosen."""

import statistics
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any, Final

from onnxprobe import runtime
from onnxprobe.answers import batches, same
from onnxprobe.errors import NoSuchNameError
from onnxprobe.graph.expose import expose
from onnxprobe.graph.midcuts import MidCut, mid_cuts
from onnxprobe.graph.model import Model
from onnxprobe.graph.pick import pick
from onnxprobe.probe import Probe, attach, chosen
from onnxprobe.progress import Progress, silent
from onnxprobe.proof import BATCHES

TOP: Final = 12
ROUNDS: Final = 40
_WARM: Final = 3
"""Runs before any is timed."""


@dataclass(frozen=True, slots=True)
class Tap:
    """What tapping one tensor costs, with its usual pooling.

    Attributes:
        tensor: its name.
        pooling: what makes a vector of it.
        shape: of one sample.
        depth: share of the layers up to the pick that lie before it, 0 to 1.
        picked: whether it is the pick.
        identical: whether the old answers stay the same to the bit, at batches 1, 2 and 5.
        more: operators that ONNX Runtime runs only because the tensor must be there: what it would
            have fused, or converted once; those of the pooling are not counted.
        fewer: operators that it runs no more: what did the work of those before.
        ratio: time of a run, tapped against not, at batch 1: lower quartile, median, upper quartile
            over the rounds.
    """

    tensor: str
    pooling: str
    shape: tuple[int | None, ...]
    depth: float
    picked: bool
    identical: bool
    more: dict[str, int]
    fewer: dict[str, int]
    ratio: tuple[float, float, float]

    @property
    def fusions(self) -> int:
        """How many operators more there are."""
        return sum(self.more.values()) - sum(self.fewer.values())


@dataclass(frozen=True, slots=True)
class Taps:
    """What was measured.

    Attributes:
        taps: front to back.
        rounds: how many ratios each is the median of.
        cuts: how many cuts there are that could be tapped.
    """

    taps: tuple[Tap, ...]
    rounds: int
    cuts: int

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {**asdict(self), "taps": [{**asdict(t), "fusions": t.fusions} for t in self.taps]}


def taps(
    model: Model,
    tensors: Collection[str] = (),
    *,
    top: int = TOP,
    rounds: int = ROUNDS,
    progress: Progress = silent,
) -> Taps:
    """Measure what tapping costs at ``tensors``, or at the cuts up to the pick, evenly chosen.

    Each tapped model runs in turns with the model itself, the order changing, so that other load
    falls on both; a ratio is taken within a round.

    Args:
        model: the backbone.
        tensors: where to tap; cuts where none are named.
        top: how many cuts to measure; the pick is always one.
        rounds: runs of each.
        progress: told after each tap.

    Raises:
        NoSuchNameError: one of ``tensors`` is no cut of the model.
        RunError: the model does not load or run.
    """
    found = pick(model)
    cuts = mid_cuts(model, found.tensor, found.source)
    wanted = _named(cuts, tensors) if tensors else _spread(cuts, top)
    bare, plain = runtime.operators(model), runtime.Session(model, threads=1)
    measured = []
    for cut in wanted:
        measured.append(_measured(model, cut, plain, bare, rounds, picked=cut is cuts[-1]))
        progress("taps", len(measured), len(wanted))
    return Taps(tuple(measured), rounds, len(cuts))


def _measured(  # noqa: PLR0913  two sides, and how to compare them
    model: Model,
    cut: MidCut,
    plain: runtime.Session,
    bare: Counter[str],
    rounds: int,
    *,
    picked: bool,
) -> Tap:
    probe: Probe = chosen(model, cut.tensor, None)
    # exposed without a pooling: whatever it reads, the network before it is the same
    there = runtime.operators(expose(model, [cut.tensor]))
    tapped = runtime.Session(attach(model, [probe]), threads=1)
    return Tap(
        tensor=cut.tensor,
        pooling=probe.pooling,
        shape=cut.shape,
        depth=cut.depth,
        picked=picked,
        identical=_identical(plain, tapped),
        more=dict(there - bare),
        fewer=dict(bare - there),
        ratio=_ratio(plain, tapped, rounds),
    )


def _identical(plain: runtime.Session, tapped: runtime.Session) -> bool:
    names = [value.name for value in plain.outputs]
    for batch in batches(plain.inputs, BATCHES):
        feeds = runtime.random_feeds(plain.inputs, batch)
        old, new = plain.run(feeds, names), tapped.run(feeds, names)
        if not all(same(old[name], new[name]) for name in names):
            return False
    return True


def _ratio(
    plain: runtime.Session, tapped: runtime.Session, rounds: int
) -> tuple[float, float, float]:
    feeds = runtime.random_feeds(plain.inputs, batches(plain.inputs, (1,))[0])
    for session in (plain, tapped) * _WARM:
        session.run(feeds)
    ratios = []
    for place in range(rounds):
        order = (plain, tapped) if place % 2 else (tapped, plain)
        taken = {session: _seconds(session, feeds) for session in order}
        ratios.append(taken[tapped] / taken[plain])
    low, middle, high = statistics.quantiles(ratios)
    return round(low, 4), round(middle, 4), round(high, 4)


def _seconds(session: runtime.Session, feeds: dict[str, Any]) -> float:
    start = perf_counter()
    session.run(feeds)
    return perf_counter() - start


def _named(cuts: Sequence[MidCut], tensors: Collection[str]) -> list[MidCut]:
    by_name = {cut.tensor: cut for cut in cuts}
    for tensor in tensors:
        if tensor not in by_name:
            raise NoSuchNameError("cut", tensor, by_name)
    return [cut for cut in cuts if cut.tensor in set(tensors)]


def _spread(cuts: Sequence[MidCut], top: int) -> list[MidCut]:
    """Choose ends of blocks, where there are enough, at even distances, and the last."""
    *before, last = cuts
    blocks = [cut for cut in before if cut.block]
    chosen_from, count = (blocks if len(blocks) >= top - 1 else before), max(0, top - 1)
    if len(chosen_from) <= count:
        return [*chosen_from, last]
    return [
        *(chosen_from[(2 * i + 1) * len(chosen_from) // (2 * count)] for i in range(count)),
        last,
    ]
