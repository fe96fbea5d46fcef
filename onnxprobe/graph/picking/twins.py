"""Other inputs that reach the answer beside the pick: the second picture of a pair, a table."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from onnxprobe.errors import GraphError, quoted
from onnxprobe.graph.paths.upstream import upstream
from onnxprobe.graph.picking.answer import Alternative, Pick
from onnxprobe.graph.picking.decide import decide
from onnxprobe.graph.picking.spine import Spine, trace

_MOST_INPUTS: Final = 4


def with_twins(spine: Spine, found: Pick) -> Pick:
    """Return ``found``, with what is picked for inputs that it knows nothing of."""
    if not spine.beside:
        return found
    seen = upstream(spine.model, (found.tensor,))[1]
    unseen = tuple(name for name in spine.beside if name not in seen)
    if not unseen:
        return found
    reach = "reaches" if len(unseen) == 1 else "reach"
    said = f"it knows nothing of {quoted(unseen)}, which {reach} the answer beside it"
    twins = tuple(_picks(spine, unseen))
    return replace(
        found, reasons=(*found.reasons, said), alternatives=(*found.alternatives, *twins)
    )


def _picks(spine: Spine, sources: tuple[str, ...]) -> Iterator[Alternative]:
    for source in islice(sources, _MOST_INPUTS):
        try:
            twin = decide(trace(spine.model, spine.live.outputs, source))
        except GraphError:  # an input that no layer reads, such as a rate or a threshold
            continue
        yield Alternative(twin.tensor, twin.shape, f"the pick for the input {source!r}")
