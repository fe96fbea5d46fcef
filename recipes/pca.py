"""The baseline of dl-tsne: principal components, looked at by the pictures at their ends."""

from dataclasses import dataclass, field

import numpy as np

from onnxprobe.recipe import Findings, Kept, Run
from recipes.composed import composed
from recipes.door import at_the_door
from recipes.editable import Editable
from recipes.embedding import Embedded, Embedding
from recipes.grouped import Grouped
from recipes.heads.components import Components, Ends, Principal
from recipes.heads.split import Sides, Split, split
from recipes.maps.tsne import TSNE, Layout


@dataclass(frozen=True)
class Pca(Editable):
    """Principal components for 80 % of the variance, each shown by the pictures at its two ends.

    What a component means is for you to see; most mean several things at once. Its stability says
    whether it comes back in half of the pictures.
    """

    embedding: Embedding = field(default_factory=lambda: Embedding(depths=0))
    tsne: TSNE = field(default_factory=TSNE)
    split: Split = field(default_factory=Split)
    components: Components = field(default_factory=Components)
    ends: Ends = field(default_factory=Ends)

    def __call__(self, run: Run) -> Findings:
        at_the_door(self)
        embedded = self.embedding(run)
        layout = run.do("tsne", self.tsne, embedded.views)
        sides, found = self._components(run, embedded)
        view, x = next(iter(embedded.views.value.items()))
        groups = self.ends.groups(x, found.value, sides.value.aside, view)
        ends = Kept(groups, Run.key("ends", repr(self.ends), found.key))
        return self._ended(run, embedded, ends, sides=sides, found=found, layout=layout.value)

    def trained(
        self, run: Run, embedded: Embedded, groups: Kept[Grouped], layout: Layout
    ) -> Findings:
        """Take the components again for the ends that people want, under their names."""
        sides, found = self._components(run, embedded)
        return self._ended(run, embedded, groups, sides=sides, found=found, layout=layout)

    def _components(self, run: Run, embedded: Embedded) -> tuple[Kept[Sides], Kept[Principal]]:
        everybody = Grouped(np.zeros((len(embedded.paths), 0), bool), (), ())
        sides = split(run, self.split, embedded.paths, Kept(everybody, embedded.views.key))
        return sides, run.do("components", self.components, embedded.views, sides)

    def _ended(  # noqa: PLR0913  one argument a step
        self,
        run: Run,
        embedded: Embedded,
        groups: Kept[Grouped],
        *,
        sides: Kept[Sides],
        found: Kept[Principal],
        layout: Layout,
    ) -> Findings:
        trained = run.do("ends", self.ends, embedded.views, groups, found, sides)
        return composed(run, embedded, groups.value, layout, trained.value, head=self.head)
