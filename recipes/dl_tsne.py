"""The published recipe, for comparison: centre pixel, t-SNE, DBSCAN on the map, one softmax.

NTech Lab, dl-tsne, 2021. Its settings were found by hand for 342,012 faces.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from onnxprobe.recipe import Findings, Kept, Run
from recipes.door import at_the_door
from recipes.editable import Editable
from recipes.embedding import Embedding
from recipes.grouped import partition
from recipes.groups.knn_dbscan import KnnDbscan
from recipes.heads.logistic import LogisticCV
from recipes.heads.split import Split
from recipes.maps.tsne import TSNE


@dataclass(frozen=True)
class DlTsne(Editable):
    """The published pipeline dl-tsne, verbatim: every picture is put into one of the clusters of a map.

    The centre of the pick is embedded, laid out by t-SNE, clustered by DBSCAN on half of the map,
    and a softmax is trained to name the cluster.
    """

    head: ClassVar[str] = "softmax"

    embedding: Embedding = field(
        default_factory=lambda: Embedding(pooling="center", depths=0, seed=2463426724)
    )
    tsne: TSNE = field(
        default_factory=lambda: TSNE(
            perplexity=200, neighbours=1000, iterations=4000, learning_rate=2000, space="as is"
        )
    )
    clustering: KnnDbscan = field(default_factory=KnnDbscan)
    split: Split = field(default_factory=Split)
    classifier: LogisticCV = field(default_factory=LogisticCV)

    def __call__(self, run: Run) -> Findings:
        at_the_door(self)
        embedded = self.embedding(run)
        layout = run.do("tsne", self.tsne, embedded.views)
        found = run.do("clustering", self.clustering, layout)
        groups = Kept(partition(found.value.labels, str(embedded.probes[0])), found.key)
        return self.trained(run, embedded, groups, layout.value)
