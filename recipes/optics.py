"""Groups by OPTICS, and a detector for each."""

from dataclasses import dataclass, field

from onnxprobe.recipe import Findings, Run
from recipes.classifier import Detectors
from recipes.composed import composed
from recipes.density import Optics
from recipes.door import at_the_door
from recipes.editable import Editable
from recipes.embedding import Embedding
from recipes.split import Split, split
from recipes.tsne import TSNE


@dataclass(frozen=True)
class ByOptics(Editable):
    """OPTICS on the map of the pick, as the authors of dl-tsne suggest in place of their DBSCAN.

    Groups of different density are found at one setting; pictures between them are in none.
    """

    embedding: Embedding = field(default_factory=lambda: Embedding(depths=0))
    tsne: TSNE = field(default_factory=TSNE)
    clustering: Optics = field(default_factory=Optics)
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
