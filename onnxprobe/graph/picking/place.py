"""Where a rule of stepping back is asked."""

from collections.abc import Callable
from dataclasses import dataclass

from onnxprobe.graph.model import Node
from onnxprobe.graph.picking.landing import Landing
from onnxprobe.graph.picking.spine import Spine


@dataclass(frozen=True, slots=True)
class Place:
    """A tensor, the operation that writes it, and the carrier before that.

    Attributes:
        spine: the network.
        landing: the first answer.
        tensor: the tensor at hand.
        node: the operation that writes it.
        before: the carrier that ``node`` reads.
        stepped: operators stepped over already.
    """

    spine: Spine
    landing: Landing
    tensor: str
    node: Node
    before: str
    stepped: tuple[str, ...]

    @property
    def collapses(self) -> bool:
        """Whether all is one vector after the landing."""
        return self.landing.role == "collapse"

    @property
    def alone(self) -> bool:
        """Whether ``before`` is the only live tensor that the node reads."""
        return self.spine.reads(self.node) == (self.before,)


Rule = Callable[[Place], str | None]
"""Why one may step back from ``place.tensor`` to ``place.before``; ``None`` if one may not."""
