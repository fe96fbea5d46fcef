"""Tensors whose first axis holds the rows of pictures, lined up with others that have an axis before it.

With one picture that axis is of size 1, and exporters leave it out: heads × tokens × tokens are multiplied
by 1 × heads × tokens × channels. With several pictures it must be there.
"""

from dataclasses import replace
from typing import Final

from onnxprobe.batch.flow import Rows
from onnxprobe.batch.rules._base import Found, Here, Reshaped

_PICTURES: Final = Rows(0)


def lifted(here: Here) -> tuple[Here, tuple[Found, ...]]:
    """Return the node as if each of its inputs had the axis for pictures, and what is done for that."""
    rank = max((len(shape) for shape in here.shapes if shape is not None), default=0)
    lying = {i: flow for i, flow in enumerate(here.flows) if isinstance(flow, Rows)}
    short = [i for i, rows in lying.items() if rows.axis == 0 and here.rank(i) == rank - 1]
    whole = [i for i, rows in lying.items() if rows == _PICTURES and here.rank(i) == rank]
    apply = short and whole and len(short) + len(whole) == len(lying)
    if here.batches[0] != 1 or here.open or not apply:
        return here, ()
    found, flows, shapes = [], list(here.flows), list(here.shapes)
    for i in short:
        shape = here.shape(i)
        flows[i], shapes[i], cut = _PICTURES, (1, *shape), (-1, *shape)
        wrote = f"reads {here.node.inputs[i]!r} {list(shape)} without the axis for pictures"
        found.append(Found(wrote, f"shape {list(cut)}", Reshaped(i, cut)))
    return replace(here, flows=tuple(flows), shapes=tuple(shapes)), tuple(found)
