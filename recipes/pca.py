"""The baseline of dl-tsne: principal components, looked at by the pictures at their ends."""

from dataclasses import dataclass, field

import numpy as np

from onnxprobe.recipe import Findings, Kept, Run
from recipes.components import Components, Ends
from recipes.composed import composed
from recipes.door import at_the_door
from recipes.embedding import Embedding
from recipes.grouped import Grouped
from recipes.split import Split, split
from recipes.tsne import TSNE


@dataclass(frozen=True)
class Pca:
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
        everybody = Grouped(np.zeros((len(embedded.paths), 0), bool), (), ())
        sides = split(run, self.split, embedded.paths, Kept(everybody, embedded.views.key))
        found = run.do("components", self.components, embedded.views, sides)
        view, x = next(iter(embedded.views.value.items()))
        groups = self.ends.groups(x, found.value, sides.value.aside, view)
        ends = Kept(groups, Run.key("ends", repr(self.ends), found.key))
        trained = run.do("ends", self.ends, embedded.views, ends, found, sides)
        return composed(run, embedded, groups, layout.value, trained.value, head="detectors")
