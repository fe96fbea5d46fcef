"""The reasons of a pick in sentences a person understands."""

from collections.abc import Sequence
from itertools import groupby, islice
from typing import Final

from onnxprobe.errors import plural, quoted
from onnxprobe.graph.macs import NESTED
from onnxprobe.graph.model import Node
from onnxprobe.graph.paths.order import label
from onnxprobe.graph.picking.landing import Landing
from onnxprobe.graph.picking.spine import Spine
from onnxprobe.graph.picking.stepback import Step

_WHAT: Final = {
    "collapse": "after {tensor} everything on the way to {outputs} is one vector per sample",
    "class-map": "after {tensor} one layer makes a map of what is answered, which is pooled",
    "interior-bottleneck": "after {tensor} the network squeezes each sample into one vector",
    "penultimate": "{tensor} is what the last layer with weights before {outputs} reads",
    "output": "the model ends in {tensor}: features that nothing has compressed yet",
    "shared": "{tensor} is the last tensor that {outputs} all come from",
}

_BRANCHED: Final = (
    "{tensor} is the last tensor that everything on the way to {outputs} passes; {later} layers with "
    "weights come after it"
)


def written(node: Node) -> str:
    """Name a node: ``Concat 'join'``."""
    return label(node)


def sizes(shape: Sequence[int | None] | None) -> str:
    """Write a shape: ``512×7×7``, with ``?`` for what is not known."""
    if shape is None:
        return "?"
    return "×".join("?" if size is None else str(size) for size in shape) or "1"


def what(spine: Spine, landing: Landing, tensor: str, later: int) -> str:
    """Say why this tensor, after which ``later`` layers with weights lie in branches."""
    named = f"{tensor!r} ({sizes(spine.shape(tensor))})"
    branched = landing.role == "penultimate" and later > 1
    said = _BRANCHED if branched else _WHAT[landing.role]
    return said.format(tensor=named, outputs=quoted(spine.live.outputs), later=later)


def squeeze(spine: Spine, tensor: str, squeezed: str) -> str:
    """Say how much is lost after the pick."""
    node = spine.producer(squeezed)
    by = "" if node is None else f" by {written(node)}"
    size, left = spine.elements(tensor), spine.elements(squeezed)
    return f"of its {size} numbers {left} are left in {squeezed!r}, written{by}"


def stepped(steps: Sequence[Step]) -> list[str]:
    """Say what was stepped back over; the same step twice is said once."""
    return [
        f"stepped back over {', '.join(dict.fromkeys(step.node.op for step in group))}, which {why}"
        for why, group in groupby(steps, key=lambda step: step.why)
    ]


def place(before: int, layers: int, depth: float) -> str:
    """Say how far into the network the pick lies."""
    return f"it lies behind {before} of {plural(layers, 'layer')} with weights (depth {depth:.2f})"


def unknown(spine: Spine) -> str | None:
    """Say that shapes are missing."""
    return _missing("the shape", spine.unknown, "left out")


def guessed(spine: Spine) -> str | None:
    """Say that sizes are missing."""
    return _missing("a size", spine.guessed, "taken for more than 1")


def _missing(what: str, tensors: tuple[str, ...], was: str) -> str | None:
    if not tensors:
        return None
    return (
        f"{what} of {plural(len(tensors), 'tensor')} on the way is only known when the model runs, and "
        f"was {was}: {quoted(islice(tensors, 3))}"
    )


def rounded(spine: Spine, tensor: str) -> str | None:
    """Say that the numbers are not those of a float network."""
    dtype = spine.model.value(tensor).dtype
    if dtype is None or "float" in dtype or tensor == spine.source:
        return None
    return f"its numbers are quantized ({dtype}): their scale lies in the layer that reads them"


def nested(spine: Spine) -> str | None:
    """Say that a part of the network runs where no probe reaches."""
    hidden = [node for node in spine.live.reads if node.op in NESTED]
    if not hidden:
        return None
    some = ", ".join(map(written, hidden[:3]))
    return f"what runs inside {some} is decided at run time and cannot be probed"


def called(name: str) -> str:
    """Say which name calls what the last layer makes classes."""
    return f"the name {name!r} calls what that layer makes classes"


def doubt(tensor: str, before: str) -> str:
    """Say that channels may be features, or classes."""
    return (
        f"nothing shows whether the channels of {tensor!r} are features or classes; should they be "
        f"classes, take --tensor {before}"
    )


def inside(tensor: str) -> str:
    """Say that the pick is no tensor of the outer graph."""
    return (
        f"{tensor!r} lies inside a local function or an If: what leads to it will run a second "
        "time; to spare that, first run: onnxprobe repair MODEL --also functions -o FLAT"
    )


def afterwards(spine: Spine, tensor: str, limit: int = 8) -> tuple[str, ...]:
    """Return the operators between the pick and the outputs; ``"…"`` where there are more."""
    made = spine.producer(tensor)
    after = -1 if made is None else made.index
    names = [
        node.op for node in islice((n for n in spine.live.reads if n.index > after), limit + 1)
    ]
    return tuple(names) if len(names) <= limit else (*names[:limit], "…")
