"""What the steps of a recipe gave, put together as findings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onnxprobe.fuse import Part
from onnxprobe.heads import HEADS, LinearHead
from onnxprobe.recipe import Domain, Findings, Run
from recipes.classifier import Trained
from recipes.embedding import Embedded
from recipes.tsne import Layout


@dataclass(frozen=True, slots=True, eq=False)
class Grouped:
    """Groups of pictures, as every recipe can say them.

    Attributes:
        member: ``(n, K)`` bool.
        view: K names, of the view each was found in.
        stability: K, 0 to 1; null where nobody looked.
    """

    member: NDArray[np.bool_]
    view: tuple[str, ...]
    stability: Sequence[float | None]


def composed(  # noqa: PLR0913  one argument a step
    run: Run, embedded: Embedded, grouped: Grouped, layout: Layout, trained: Trained, *, head: str
) -> Findings:
    """Return the findings; ``head`` names the kind of head that ``trained`` is for (see ``HEADS``)."""
    classes = tuple(f"domain {i}" for i in range(len(grouped.view)))
    linear = LinearHead(
        kind=HEADS[head],
        weight=trained.weight,
        bias=trained.bias,
        threshold=trained.threshold,
        classes=classes,
        widths=embedded.widths,
    )
    parts = (Part.linear(linear, embedded.probes, like=run.model),) if classes else ()
    return Findings(
        pick=embedded.pick,
        probes=embedded.probes,
        counts=embedded.counts,
        paths=embedded.paths,
        member=grouped.member,
        domain=_first(grouped.member),
        layout=layout.layout,
        split=trained.split,
        predicted=trained.predicted,
        confidence=trained.confidence,
        domains=_domains(embedded, grouped, trained, classes),
        heldout=trained.heldout,
        parts=parts,
    )


def _first(member: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the first domain of each row, which is its most stable; −1 for none."""
    padded = np.column_stack([member, np.ones(len(member), bool)])
    first = padded.argmax(axis=1)
    return np.where(first == member.shape[1], -1, first).astype(np.int64)


def _domains(
    embedded: Embedded, grouped: Grouped, trained: Trained, names: tuple[str, ...]
) -> tuple[Domain, ...]:
    depth = dict(zip(map(str, embedded.probes), embedded.depths, strict=True))
    size = grouped.member.sum(axis=0)
    return tuple(
        Domain(
            id=i,
            name=name,
            view=grouped.view[i],
            depth=depth[grouped.view[i]],
            size=int(size[i]),
            share=float(size[i] / len(grouped.member)),
            stability=grouped.stability[i],
            heldout_recall=trained.recall[i],
            heldout_precision=trained.precision[i],
            share_ratio=trained.share_ratio[i],
        )
        for i, name in enumerate(names)
    )
