"""Groups by HDBSCAN, and a detector for each."""

from dataclasses import dataclass, field

from recipes.groups.density import Hdbscan
from recipes.on_map import OnMap


@dataclass(frozen=True)
class ByHdbscan(OnMap):
    """HDBSCAN on the map of the pick: quick, coarse groups that cover most of the pictures.

    It asks less of a group than ``domains`` does: nobody looks whether it comes back.
    """

    clustering: Hdbscan = field(default_factory=Hdbscan)
