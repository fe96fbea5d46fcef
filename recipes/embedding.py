"""Embed pictures at several depths of the backbone, in one pass."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import RecipeError, quoted
from onnxprobe.graph.cost import costs
from onnxprobe.graph.midcuts import mid_cuts, views
from onnxprobe.graph.model import Model
from onnxprobe.graph.pick import Pick, pick
from onnxprobe.pooling import over_places
from onnxprobe.probe import Probe, chosen, width
from onnxprobe.recipe import Kept, Run
from onnxprobe.recipe.forecast import Cost
from onnxprobe.recipe.kinds import Bounds, Seed

Views = Mapping[str, NDArray[np.float32]]
"""Name of each view, ``"tensor:pooling"``, to its embeddings ``(n, d)``; rows are pictures."""

SMALL: Final = 50_000
"""Up to so many pictures all are embedded where nobody names a sample."""
_MACS: Final = 5e10
"""Multiply-accumulates a second on one core: 4.5e10 were seen of EfficientNet-Lite0, 8e10 of a ResNet-50."""
_WORKING: Final = 1e9
"""Bytes of the network and the pictures that are on their way."""
SHARE: Final = 0.02
"""Share that is embedded of more pictures than that, but never fewer than ``SMALL``."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """Pictures as vectors.

    Attributes:
        pick: the tensor that shows what is in a picture, and why.
        probes: where the vectors were taken; the first is at the pick.
        depths: how deep each probe lies, 0 (the picture) to 1 (the first probe).
        views: the vectors, rows in the order of ``paths``.
        paths: names of the pictures.
        counts: pictures by what became of them.
    """

    pick: Pick
    probes: tuple[Probe, ...]
    depths: tuple[float, ...]
    views: Kept[Views]
    paths: tuple[str, ...]
    counts: Mapping[str, int]

    @property
    def widths(self) -> tuple[int, ...]:
        """Length of the vectors of each probe."""
        return tuple(array.shape[1] for array in self.views.value.values())


@dataclass(frozen=True)
class Embedding:
    """Embed a seeded sample of the pictures at the pick and at mid-network cuts.

    Attributes:
        sample: share (0.02) or count of the pictures; null for all up to 50,000, else 2 % of
            them and at least 50,000.
        tensor: the tensor that shows what is in a picture; null for the pick.
        pooling: how it becomes a vector; null for what suits its shape.
        depths: how many mid-network cuts show how a picture looks.
        styles: poolings of those cuts; where the channels are on the last axis, what does the same there.
        seed: of the order in which pictures are taken.
        device: what the backbone is run on: cpu, cuda, cuda:0,cuda:1, tensorrt.
        precision: what it computes in, float32 or float16.
    """

    sample: float | int | None = None
    tensor: str | None = None
    pooling: str | None = None
    depths: Annotated[int, Bounds(least=0)] = 3
    styles: tuple[str, ...] = ("std",)
    seed: Seed = 0
    device: str = "cpu"
    precision: str = "float32"

    def __call__(self, run: Run) -> Embedded:
        from onnxprobe.devices import devices_of
        from onnxprobe.embed import embed
        from onnxprobe.embed.engines import LOCAL

        probes, depths = self.probed(run.model)
        for probe in probes:
            width(run.model, probe)  # fails here rather than after the first batch
        store = run.timed(
            "embedding",
            lambda: embed(
                run.model,
                probes,
                run.source,
                run.job.out / "embeddings.h5",
                preprocess=run.preprocess,
                sample=self._rows(len(run.source.names)),
                seed=self.seed,
                devices=devices_of(self.device, self.precision),
                engine=run.job.engine or LOCAL,
                progress=run.progress,
            ),
        )
        arrays = {str(probe): np.asarray(store.embeddings(probe)) for probe in probes}
        key = run.key("embedding", store.header.identity, str(store.pictures))
        return Embedded(
            pick=pick(run.model),
            probes=probes,
            depths=depths,
            views=Kept(arrays, key),
            paths=tuple(store.paths),
            counts=store.counts,
        )

    def probed(self, model: Model) -> tuple[tuple[Probe, ...], tuple[float, ...]]:
        """Return where ``model`` is tapped, the pick first, and how deep each of these probes lies."""
        first = chosen(model, self.tensor, self.pooling)
        cuts = mid_cuts(model, first.tensor)
        middle = views(cuts, self.depths) if self.depths else ()
        styles = [
            Probe(cut.tensor, over_places(style, cut.shape, cut.axis))
            for cut in middle
            for style in self.styles
        ]
        depth = {cut.tensor: cut.depth for cut in cuts}
        probes = (first, *styles)
        return probes, tuple(depth.get(probe.tensor, 1.0) for probe in probes)

    def pictures(self, total: int) -> int:
        """Return how many of ``total`` pictures are embedded."""
        from onnxprobe.store.manifest import sample_rows

        return sample_rows(total, self._rows(total))

    def cost(self, model: Model, pictures: int) -> Cost:
        """Return what embedding takes on the CPU; nothing is known of other devices."""
        work = sum(cost.macs or 0 for cost in costs(model)) if self.device == "cpu" else 0
        return Cost(pictures * work / _MACS, _WORKING)

    def _rows(self, total: int) -> float | int | None:
        if self.sample is not None or total <= SMALL:
            return self.sample
        return max(SMALL, round(SHARE * total))


def enough(embedded: Embedded, least: int, what: str) -> None:
    """Check that there are pictures enough.

    Raises:
        RecipeError: fewer than ``least`` could be embedded.
    """
    if len(embedded.paths) < least:
        others = quoted(f"{n} {status}" for status, n in embedded.counts.items() if status != "ok")
        raise RecipeError(
            f"{what} needs at least {least} pictures; {len(embedded.paths)} could be embedded"
            + (f" ({others})" if others else "")
        )
