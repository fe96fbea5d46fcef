"""The recipe for pictures of which something is known: heads for that, and groups for the rest."""

from dataclasses import dataclass, field

import numpy as np

from onnxprobe.recipe import Findings, Kept, Run
from recipes.attributes import Attributes
from recipes.composed import composed
from recipes.door import at_the_door
from recipes.editable import Editable
from recipes.embedding import Embedded, Embedding
from recipes.grouped import Mask, known
from recipes.groups.clustering import Communities
from recipes.heads.classifier import Detectors
from recipes.heads.noise import noise
from recipes.heads.split import Split, split
from recipes.maps.tsne import TSNE
from recipes.reading import Reading
from recipes.rest import beside


@dataclass(frozen=True)
class Known(Editable):
    """Detectors for attributes that a table tells of some pictures, and for the groups nobody named.

    Each attribute is read from the view that shows it best; pictures of which it is not known neither
    teach nor score its detector. Groups that one of the attributes explains are left out.
    """

    embedding: Embedding = field(default_factory=Embedding)
    attributes: Attributes = field(default_factory=Attributes)
    reading: Reading = field(default_factory=Reading)
    clustering: Communities = field(default_factory=Communities)
    tsne: TSNE = field(default_factory=TSNE)
    split: Split = field(default_factory=Split)
    classifier: Detectors = field(default_factory=Detectors)

    def __call__(self, run: Run) -> Findings:
        at_the_door(self)
        embedded = self.embedding(run)
        told = self.attributes.read(embedded)
        sides = split(run, self.split, embedded.paths, told)
        read = run.do("reading", self.reading, embedded.views, told, sides)
        first = run.do("attributes", self.classifier, embedded.views, read, sides)
        found = run.do("clustering", self.clustering, embedded.views)
        layout = run.do("tsne", self.tsne, embedded.views)
        both = beside(read.value, first.value.predicted, found.value)
        groups = Kept(both, Run.key("beside", read.key, first.key, found.key))
        given = (embedded.views, groups, sides)
        strange = noise(run, embedded.probes, self.embedding, self.classifier)
        trained = run.do("classifier", self.classifier, *given, *strange)
        return composed(run, embedded, both, layout.value, trained.value, head="detectors")

    def told(self, embedded: Embedded, member: Mask) -> Mask:
        """Return what is known of groups that people have changed.

        Where a group is made of attributes, or is a part of one, what is not known of these is not
        known of it, but that its pictures are in it.
        """
        attributes = self.attributes.read(embedded).value
        both = attributes.member.T.astype(np.float32) @ member.astype(np.float32)
        part = both == member.sum(axis=0)  # all that is in the group has the attribute
        made = both == attributes.member.sum(axis=0)[:, None]
        unknown = ~known(attributes)
        return np.asarray(unknown.astype(np.float32) @ (part | made) == 0) | member
