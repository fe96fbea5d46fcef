"""Split: its sizes became an input with opset 13; with 18 it must be told how many parts."""

from typing import Final

from onnxprobe.graph.opsets.adapters._base import Nodes, NoFormError, Rule, Site, attribute_to_input


def _sized(site: Site) -> bool:
    return len(site.node.input) > 1 and bool(site.node.input[1])


def _counted(site: Site) -> Nodes:
    if _sized(site):
        return [site.copy(site.node.input)]
    return [site.copy(site.node.input, num_outputs=len(site.node.output))]


def _uncounted(site: Site) -> Nodes:
    """Before 18 parts are of equal size; with 18 the last may be smaller."""
    if _sized(site):
        return [site.copy(site.node.input)]
    value = site.model.values.get(site.node.input[0])
    axis, parts = int(site.attribute("axis", 0)), len(site.node.output)
    size = value.shape[axis] if value is not None and value.shape is not None else None
    if not isinstance(size, int):
        raise NoFormError("parts of an unknown size")
    each = -(-size // parts)
    sizes = site.constant("split", [each] * (parts - 1) + [size - each * (parts - 1)])
    return [sizes, site.copy([site.node.input[0], sizes.output[0]], ["num_outputs"])]


SPLIT: Final = (attribute_to_input("Split", 13, "split"), Rule("Split", 18, _counted, _uncounted))
