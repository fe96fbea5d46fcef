"""The recipe for pictures that have labels: a head for the classes, and how it really does."""

from dataclasses import dataclass, field
from typing import ClassVar

from onnxprobe.recipe import Findings, Run
from recipes.door import at_the_door
from recipes.editable import Editable
from recipes.embedding import Embedding
from recipes.heads.choice import Choice
from recipes.heads.split import Split
from recipes.labels import Labels
from recipes.maps.tsne import TSNE


@dataclass(frozen=True)
class Labelled(Editable):
    """A folder for each class: train a head that tells them apart, on features as they are.

    Linear, perceptron and centroid heads are compared on pictures held out; the one that is fused
    answers −1 where a picture is like none of the classes.
    """

    head: ClassVar[str] = "softmax"

    embedding: Embedding = field(default_factory=lambda: Embedding(depths=0))
    labels: Labels = field(default_factory=Labels)
    tsne: TSNE = field(default_factory=TSNE)
    split: Split = field(default_factory=Split)
    classifier: Choice = field(default_factory=Choice)

    def __call__(self, run: Run) -> Findings:
        at_the_door(self)
        embedded = self.embedding(run)
        groups = self.labels.read(embedded)
        layout = run.do("tsne", self.tsne, embedded.views)
        return self.trained(run, embedded, groups, layout.value)
