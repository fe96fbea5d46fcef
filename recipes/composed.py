"""What the steps of a recipe gave, put together as findings."""

from dataclasses import replace

from onnxprobe.fuse import Part
from onnxprobe.heads import HEADS
from onnxprobe.recipe import Domain, Findings, Run
from recipes.embedding import Embedded
from recipes.grouped import Grouped, one_each
from recipes.groups.agreement import agreement
from recipes.heads.classifier import Trained
from recipes.maps.tsne import Layout


def composed(  # noqa: PLR0913  one argument a step
    run: Run, embedded: Embedded, grouped: Grouped, layout: Layout, trained: Trained, *, head: str
) -> Findings:
    """Return the findings; ``head`` names the kind of head that ``trained`` is for (see ``HEADS``)."""
    classes = grouped.names or tuple(f"domain {i}" for i in range(len(grouped.view)))
    parts: tuple[Part, ...] = ()
    near = run.timed("agreement", lambda: agreement(embedded.views.value, grouped))
    if classes:
        fitted = trained.head(HEADS[head], classes, embedded.widths)
        part = Part.linear(fitted, embedded.probes, like=run.model)
        told = {"sample": {"pictures": len(grouped.member), "sizes": _sizes(grouped)}}
        parts = (replace(part, facts={**part.facts, **told}),)
    return Findings(
        pick=embedded.pick,
        probes=embedded.probes,
        counts=embedded.counts,
        paths=embedded.paths,
        member=grouped.member,
        domain=one_each(grouped.member),
        layout=layout.layout,
        split=trained.split,
        predicted=trained.predicted,
        confidence=trained.confidence,
        domains=_domains(embedded, grouped, trained, classes, near),
        heldout=trained.heldout,
        parts=parts,
    )


def _domains(
    embedded: Embedded,
    grouped: Grouped,
    trained: Trained,
    names: tuple[str, ...],
    near: tuple[float | None, ...],
) -> tuple[Domain, ...]:
    depth = dict(zip(map(str, embedded.probes), embedded.depths, strict=True))
    size = _sizes(grouped)
    return tuple(
        Domain(
            id=i,
            name=name,
            view=grouped.view[i],
            depth=depth[grouped.view[i]],
            size=size[i],
            share=size[i] / len(grouped.member),
            stability=grouped.stability[i],
            heldout_recall=trained.recall[i],
            heldout_precision=trained.precision[i],
            share_ratio=trained.share_ratio[i],
            agreement=near[i],
        )
        for i, name in enumerate(names)
    )


def _sizes(grouped: Grouped) -> list[int]:
    """Return how many pictures are in each group."""
    return [int(size) for size in grouped.member.sum(axis=0)]
