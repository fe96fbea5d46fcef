"""The default recipe: domains of any depth that are really there, and detectors that find them."""

from dataclasses import dataclass, field

from onnxprobe.recipe import Findings, Kept, Run
from recipes.door import at_the_door
from recipes.editable import Editable
from recipes.embedding import Embedding
from recipes.grouped import Grouped
from recipes.groups.clustering import Communities
from recipes.heads.classifier import Detectors
from recipes.heads.split import Split
from recipes.maps.tsne import TSNE
from recipes.vectors.near import USUAL


@dataclass(frozen=True)
class Domains(Editable):
    """Find the domains that are really in the pictures, at any depth, and train a detector for each.

    Pictures are embedded at the pick, for what they show, and at mid-network cuts, for how they
    look. Communities that come back when pictures are drawn again, in any of these views, are the
    domains. They overlap, so that each has a detector of its own.
    """

    embedding: Embedding = field(default_factory=Embedding)
    clustering: Communities = field(default_factory=Communities)
    tsne: TSNE = field(default_factory=TSNE)
    split: Split = field(default_factory=Split)
    classifier: Detectors = field(default_factory=Detectors)

    def __call__(self, run: Run) -> Findings:
        at_the_door(self)
        embedded = self.embedding(run)
        near = run.do("neighbours", self.clustering.search(USUAL), embedded.views)
        found = run.do("clustering", self.clustering, embedded.views, near)
        layout = run.do("tsne", self.tsne, embedded.views, near)
        groups = found.value
        grouped = Grouped(groups.member, groups.view, tuple(groups.stability.tolist()))
        return self.trained(run, embedded, Kept(grouped, found.key), layout.value)
