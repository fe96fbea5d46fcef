"""Groups by OPTICS, and a detector for each."""

from dataclasses import dataclass, field

from recipes.groups.density import Optics
from recipes.on_map import OnMap


@dataclass(frozen=True)
class ByOptics(OnMap):
    """OPTICS on the map of the pick, as the authors of dl-tsne suggest in place of their DBSCAN.

    Groups of different density are found at one setting; pictures between them are in none.
    """

    clustering: Optics = field(default_factory=Optics)
