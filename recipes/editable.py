"""Recipes whose groups people may change: heads are trained again for the groups as they are wanted."""

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from onnxprobe.recipe import Findings, Kept, Run
from onnxprobe.recipe.forecast import Forecast
from recipes.composed import composed
from recipes.embedding import Embedded, Views
from recipes.forecasting import forecast
from recipes.grouped import Grouped, Mask
from recipes.heads.noise import noise
from recipes.heads.split import split
from recipes.maps.tsne import Layout


class Editable:
    """A recipe that splits the pictures by ``split`` and trains by ``classifier``.

    Attributes:
        head: the kind of head that is trained (see ``HEADS``).
    """

    head: ClassVar[str] = "detectors"
    embedding: Any
    split: Any
    classifier: Any

    def forecast(self, run: Run) -> Forecast:
        """Return what the run will take."""
        return forecast(self, run)

    def trained(
        self, run: Run, embedded: Embedded, groups: Kept[Grouped], layout: Layout
    ) -> Findings:
        """Split the pictures, train a head for ``groups``, and put it all together."""
        sides = split(run, self.split, embedded.paths, groups)
        given = (embedded.views, groups, sides)
        strange = noise(run, embedded.probes, self.embedding, self.classifier)
        trained = run.do("classifier", self.classifier, *given, *strange)
        return composed(run, embedded, groups.value, layout, trained.value, head=self.head)

    def retrained(self, run: Run, before: Findings, views: Kept[Views]) -> Findings:
        """Train heads for the groups of ``before`` (see ``onnxprobe.recipe.edited.Retrains``)."""
        grouped = Grouped(
            before.member,
            tuple(domain.view for domain in before.domains),
            tuple(domain.stability for domain in before.domains),
            names=tuple(domain.name for domain in before.domains),
        )
        depth = {domain.view: domain.depth for domain in before.domains}
        embedded = Embedded(
            pick=before.pick,
            probes=before.probes,
            depths=tuple(depth.get(str(probe), 0.0) for probe in before.probes),
            views=views,
            paths=before.paths,
            counts=before.counts,
        )
        grouped = replace(grouped, known=self.told(embedded, grouped.member))
        groups = Kept(grouped, _key(grouped))  # without the names: a new name trains nothing
        return self.trained(run, embedded, groups, Layout(before.layout))

    def told(self, embedded: Embedded, member: Mask) -> Mask | None:  # noqa: ARG002  others look
        """Return ``(n, K)``: of which pictures it is known whether they are in; null: of all."""
        return None


def _key(grouped: Grouped) -> str:
    masks = [grouped.member] if grouped.known is None else [grouped.member, grouped.known]
    return Run.key("edited", *grouped.view, *(np.packbits(m).tobytes().hex() for m in masks))
