"""Matrix products: pictures may be rows, columns or stacked matrices, but not what is summed over."""

from dataclasses import replace
from typing import Final

from onnxprobe.batch.flow import Crossing, Rows
from onnxprobe.batch.rules._base import Here, Rule, Step, agreed
from onnxprobe.batch.rules.each import repeat
from onnxprobe.batch.rules.lifting import lifted

_SUMS: Final = "multiplies and sums over the axis where the pictures of a batch lie"


def matmul(here: Here) -> Step:
    """Multiply the last two axes, stacked as numpy broadcasts."""
    here, lacking = lifted(here)
    a, b = here.rows(0), here.rows(1)
    ranks = here.rank(0), here.rank(1)
    if min(ranks) < 2:  # noqa: PLR2004  a vector is summed over whole
        return _with_vector(here)
    rank = max(ranks)
    found = []
    if a is not None:
        if a.axis == ranks[0] - 1:
            raise Crossing(_SUMS)
        found.append(Rows(a.axis + rank - ranks[0], a.times))
    if b is not None:
        if b.axis == ranks[1] - 2:
            raise Crossing(_SUMS)
        found.append(Rows(b.axis + rank - ranks[1], b.times))
    rows = agreed(found)
    for position, (flow, own) in enumerate(zip((a, b), ranks, strict=True)):
        axis = rows.axis - (rank - own)
        if flow is None and 0 <= axis < own - 2 and here.shape(position)[axis] != 1:
            return Step((rows,), (*lacking, repeat(here, position, Rows(axis, rows.times))))
    return Step((rows,), lacking)


def _with_vector(here: Here) -> Step:
    a, b = here.rows(0), here.rows(1)
    if a is not None and b is None and a.axis < here.rank(0) - 1:
        return Step((a,))
    if b is not None and a is None and b.axis != max(here.rank(1) - 2, 0):
        return Step((Rows(b.axis - (b.axis == here.rank(1) - 1), b.times),))
    raise Crossing(_SUMS)


def fused_matmul(here: Here) -> Step:
    """Multiply as ``matmul``; either matrix may be turned first."""
    if here.node.attribute("transBatchA", 0) or here.node.attribute("transBatchB", 0):
        raise Crossing("turns its stacks of matrices around")
    turn = [here.node.attribute(name, 0) for name in ("transA", "transB")]
    flows, shapes = list(here.flows), list(here.shapes)
    for i in (i for i, turned in enumerate(turn) if turned):
        rows, rank = here.rows(i), here.rank(i)
        last = {rank - 1: rank - 2, rank - 2: rank - 1} if rank > 1 else {}
        shapes[i] = tuple(here.shape(i)[last.get(axis, axis)] for axis in range(rank))
        if rows is not None:
            flows[i] = Rows(last.get(rows.axis, rows.axis), rows.times)
    return matmul(replace(here, flows=tuple(flows), shapes=tuple(shapes)))


def gemm(here: Here) -> Step:
    """Multiply two matrices and add a third: pictures are rows of the first."""
    rows = here.rows(0)
    if rows is None or here.rows(1) is not None:
        raise Crossing("has the pictures of a batch in its second factor")
    if rows.axis != (1 if here.node.attribute("transA", 0) else 0):
        raise Crossing(_SUMS)
    rows = Rows(0, rows.times)
    if not here.has(2) or here.rank(2) < 2 or here.shape(2)[0] == 1:  # noqa: PLR2004  a row for all
        return Step((rows,))
    if here.rows(2) is not None:
        return Step((agreed([rows, *filter(None, [here.rows(2)])]),))
    return Step((rows,), (repeat(here, 2, rows),))


def einsum(here: Here) -> Step:
    """Follow the letter of the pictures' axis."""
    said = str(here.node.attribute("equation", "")).replace(" ", "")
    terms, arrow, result = said.partition("->")
    if not arrow:
        raise Crossing(f"computes {said!r}, which leaves the axes of the result open")
    open_ = [here.rank(i) - _named(term) for i, term in enumerate(terms.split(","))]
    spelt = [_spelt(term, count) for term, count in zip(terms.split(","), open_, strict=True)]
    result = _spelt(result, max(open_))
    found = [(here.rows(i), term) for i, term in enumerate(spelt)]
    letters = {term[rows.axis] for rows, term in found if rows is not None}
    times = {rows.times for rows, _ in found if rows is not None}
    letter = letters.pop()
    if letters or len(times) > 1 or letter not in result:
        raise Crossing(_SUMS)
    (rows_each,) = times
    same = (i for i, (rows, term) in enumerate(found) if rows is None and letter in term)
    mended = (repeat(here, i, Rows(found[i][1].index(letter), rows_each)) for i in same)
    return Step((Rows(result.index(letter), rows_each),), tuple(mended))


def _named(term: str) -> int:
    """Return how many axes of a term have a letter."""
    return len(term.replace("...", ""))


def _spelt(term: str, open_: int) -> str:
    """Write digits for the axes that an ellipsis stands for, counted from the last of them."""
    return term.replace("...", "9876543210"[10 - open_ :])


MATMUL: Final = Rule("matrix product", frozenset({"MatMul", "MatMulInteger"}), matmul)
FUSED_MATMUL: Final = Rule(
    "turned matrix product", frozenset({"com.microsoft::FusedMatMul"}), fused_matmul
)
GEMM: Final = Rule("gemm", frozenset({"Gemm", "com.microsoft::FusedGemm"}), gemm)
EINSUM: Final = Rule("einsum", frozenset({"Einsum"}), einsum)
