"""Groups by HDBSCAN, and a detector for each."""

from dataclasses import dataclass, field

from onnxprobe.recipe import Findings, Run
from recipes.classifier import Detectors
from recipes.composed import composed
from recipes.density import Hdbscan
from recipes.door import at_the_door
from recipes.editable import Editable
from recipes.embedding import Embedding
from recipes.split import Split, split
from recipes.tsne import TSNE


@dataclass(frozen=True)
class ByHdbscan(Editable):
    """HDBSCAN on the map of the pick: quick, coarse groups that cover most of the pictures.

    It asks less of a group than ``domains`` does: nobody looks whether it comes back.
    """

    embedding: Embedding = field(default_factory=lambda: Embedding(depths=0))
    tsne: TSNE = field(default_factory=TSNE)
    clustering: Hdbscan = field(default_factory=Hdbscan)
    split: Split = field(default_factory=Split)
    classifier: Detectors = field(default_factory=Detectors)

    def __call__(self, run: Run) -> Findings:
        at_the_door(self)
        embedded = self.embedding(run)
        layout = run.do("tsne", self.tsne, embedded.views)
        groups = run.do("clustering", self.clustering, embedded.views, layout)
        sides = split(run, self.split, embedded.paths, groups)
        trained = run.do("classifier", self.classifier, embedded.views, groups, sides)
        return composed(run, embedded, groups.value, layout.value, trained.value, head="detectors")
