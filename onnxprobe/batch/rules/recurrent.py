"""Recurrent layers: sequence first and batch second, or the other way round."""

from typing import Final

from onnxprobe.batch.flow import Crossing, Rows
from onnxprobe.batch.rules._base import Found, Here, Rule, Step
from onnxprobe.batch.rules.each import repeat

_LENGTHS: Final = 4
_STATES: Final = (5, 6)


def recurrent(here: Here) -> Step:
    """Run each picture's sequence by itself; states for one picture are repeated for each."""
    batch_first = bool(here.node.attribute("layout", 0))
    rows = here.rows(0)
    if rows is None or rows.axis != (0 if batch_first else 1):
        raise Crossing("works on the axis of the pictures as a sequence or as features")
    if any(here.rows(i) is not None for i in (1, 2, 3, 7) if here.has(i)):
        raise Crossing("has weights that differ between pictures")
    state = Rows(0 if batch_first else 1, rows.times)
    found = tuple(_for_each(here, {_LENGTHS: Rows(0, rows.times), **dict.fromkeys(_STATES, state)}))
    return Step((Rows(0 if batch_first else 2, rows.times), state), found)


def _for_each(here: Here, wanted: dict[int, Rows]) -> list[Found]:
    found = []
    for position, rows in wanted.items():
        if not here.has(position):
            continue
        given = here.rows(position)
        if given is None:
            found.append(repeat(here, position, rows))
        elif given != rows:
            raise Crossing("has states whose pictures lie along another axis")
    return found


RECURRENT: Final = Rule("recurrent", frozenset({"GRU", "LSTM", "RNN"}), recurrent)
