"""What a pick may step back over: what only rearranges, selects, masks or begins to pool.

No rule steps over an activation, a bias or a normalisation: they change what the numbers say.
To add one: write a function like these and list it in ``RULES``.
"""

from math import prod
from typing import Final

from onnxprobe.graph.model import Node
from onnxprobe.graph.paths.ops import LAYOUT, REDUCTIONS, ROUNDING, SELECTIONS, kind
from onnxprobe.graph.picking.clipping import clips
from onnxprobe.graph.picking.place import Place, Rule
from onnxprobe.graph.picking.spine import Spine

_NEARLY_ALL: Final = 0.9


def layout(place: Place) -> str | None:
    """Reshape, Transpose, Flatten …: the same numbers in another arrangement."""
    if kind(place.node) not in LAYOUT and not _pools_single_pixels(place.node):
        return None
    if not place.alone or _loses_structure(place):
        return None
    return "only rearranges the same numbers"


def quantization(place: Place) -> str | None:
    """Quantize, and Dequantize right after it: the tensor of the float network is before both."""
    rounds = only_rounds(place.spine, place.node, place.before)
    return "only rounds the same numbers for a quantized network" if rounds else None


def selection(place: Place) -> str | None:
    """Slice or Gather that stays structured: dropping class or register tokens, a crop."""
    if kind(place.node) not in SELECTIONS or not place.collapses or not place.alone:
        return None
    return "only keeps a part of it" if place.spine.structured(place.before) else None


def partial_pooling(place: Place) -> str | None:
    """Pooling over one axis after the other, as TensorFlow and video networks do."""
    if kind(place.node) not in REDUCTIONS or not place.collapses or not place.alone:
        return None
    fewer = place.spine.order(place.tensor) < place.spine.order(place.before)
    return "is the first part of the pooling" if fewer else None


def mask(place: Place) -> str | None:
    """A mask that is no feature: of padding, from another input or from where ids are zero."""
    if kind(place.node) not in {"Mul", "Where"} or not place.collapses or not place.alone:
        return None
    others = [name for name in place.node.reads if name != place.before]
    masks = any(_depends_on_input(place.spine, name) for name in others)
    return "only masks it" if masks else None


def attention_weights(place: Place) -> str | None:
    """Weights of an attentive pooling: softmax over positions, then a sum."""
    if kind(place.node) != "Mul" or not place.collapses:
        return None
    others = [name for name in place.spine.reads(place.node) if name != place.before]
    weights = len(others) == 1 and _from_softmax(place.spine, others[0])
    return "weighs positions for an attentive pooling" if weights else None


def written_out(place: Place) -> str | None:
    """A product with weights that is summed up next: a layer written out, as of a class each."""
    if kind(place.node) != "Mul" or not place.collapses or not place.alone or place.stepped:
        return None
    size, tensors = place.spine.elements(place.tensor), place.spine.model.tensors
    full = any(prod(tensors[name].dims) == size for name in place.node.reads if name in tensors)
    after = place.spine.producer(place.landing.follows or "")
    sums = after is not None and kind(after) == "ReduceSum"
    return "multiplies by weights that are summed up next" if full and sums else None


def generalised_mean(place: Place) -> str | None:
    """The power of a generalised mean (Radenović et al. 2018, arXiv:1711.02512), and its floor."""
    if not place.collapses or not place.alone:
        return None
    name = kind(place.node)
    if name == "Pow" and _later(place, "Pow"):
        return "raises to a power for a generalised mean"
    if name in {"Clip", "Max"} and place.stepped[-1:] == ("Pow",):
        return "keeps it above zero for the power of a generalised mean"
    return None


def position_embedding(place: Place) -> str | None:
    """The positions of an attention pooling, added after its query was put in front (CLIP)."""
    if kind(place.node) != "Add" or not place.collapses or not place.alone:
        return None
    size = place.spine.elements(place.tensor)
    tensors = place.spine.model.tensors
    tables = [tensors[name] for name in place.node.reads if name in tensors]
    source = place.spine.producer(place.before)
    if size is None or source is None or kind(source) != "Concat":
        return None
    full = any(prod(table.dims) >= size for table in tables)
    return "adds positions for an attention pooling" if full else None


def query_token(place: Place) -> str | None:
    """The query of an attention pooling, put in front of the map it was computed from."""
    if kind(place.node) != "Concat" or place.stepped[-1:] != ("Add",):
        return None
    whole, part = place.spine.elements(place.tensor), place.spine.elements(place.before)
    if whole is None or part is None or part < _NEARLY_ALL * whole:
        return None
    return "puts a query token in front for an attention pooling"


def only_rounds(spine: Spine, node: Node, before: str) -> bool:
    """Tell whether ``node``, which reads ``before``, rounds floats, or is the second half of that."""
    if kind(node) == "QuantizeLinear":
        return not clips(spine, node)
    source = spine.producer(before)
    paired = source is not None and kind(source) == "QuantizeLinear" and not clips(spine, source)
    return kind(node) == "DequantizeLinear" and paired


def _loses_structure(place: Place) -> bool:
    return place.spine.structured(place.tensor) and not place.spine.structured(place.before)


def _pools_single_pixels(node: Node) -> bool:
    """An AveragePool over windows of one element: what exporters make of adaptive pooling."""
    if kind(node) != "AveragePool":
        return False
    return all(
        size == 1 for name in ("kernel_shape", "strides") for size in node.attribute(name, ())
    )


def _depends_on_input(spine: Spine, name: str) -> bool:
    inputs, producers = set(spine.model.inputs), spine.model.producers
    seen, todo = {name}, [name]
    while todo:
        here = todo.pop()
        if here in inputs:
            return True
        more = set(producers[here].reads) - seen if here in producers else set()
        seen |= more
        todo += more
    return False


def _from_softmax(spine: Spine, name: str) -> bool:
    node = spine.producer(name)
    while node is not None and kind(node) in LAYOUT | ROUNDING | {"Expand"}:
        node = spine.producer(spine.reads(node)[0])
    return node is not None and kind(node) == "Softmax"


def _later(place: Place, name: str) -> bool:
    later = (node for node in place.spine.live.reads if node.index > place.node.index)
    return any(kind(node) == name for node in later)


RULES: Final[tuple[Rule, ...]] = (
    layout,
    quantization,
    selection,
    partial_pooling,
    mask,
    attention_weights,
    written_out,
    generalised_mean,
    position_embedding,
    query_token,
)
