"""What recipes have in common whose groups are clusters of a map."""

from dataclasses import dataclass, field

from onnxprobe.recipe import Findings, Run
from recipes.door import at_the_door
from recipes.editable import Editable
from recipes.embedding import Embedding
from recipes.groups.density import ByDensity
from recipes.heads.classifier import Detectors
from recipes.heads.split import Split
from recipes.maps.tsne import TSNE


@dataclass(frozen=True)
class OnMap(Editable):
    """Embed at the pick, lay out, cluster, and train a detector for each cluster."""

    embedding: Embedding = field(default_factory=lambda: Embedding(depths=0))
    tsne: TSNE = field(default_factory=TSNE)
    clustering: ByDensity = field(kw_only=True)
    split: Split = field(default_factory=Split)
    classifier: Detectors = field(default_factory=Detectors)

    def __call__(self, run: Run) -> Findings:
        at_the_door(self)
        embedded = self.embedding(run)
        layout = run.do("tsne", self.tsne, embedded.views)
        groups = run.do("clustering", self.clustering, embedded.views, layout)
        return self.trained(run, embedded, groups, layout.value)
