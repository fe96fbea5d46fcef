"""How probes compare, on a terminal."""

from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from onnxprobe.rank import Ranking, Score, standard_error
from onnxprobe.report.wording import visible

_PICKED: Final = "◀ pick"


def ranking_table(found: Ranking) -> RenderableType:
    """Draw one row a probe, the best first, and say what the scores mean."""
    labelled = bool(found.labelled)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("tensor")
    table.add_column("pooling", no_wrap=True)
    for title in ("width", "depth", *(["accuracy"] if labelled else []), "MRR", "agreement"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for score in found.scores:
        table.add_row(*map(Text, _row(score)))
    return Group(table, Text(), *map(Text, _words(found)))


def _row(score: Score) -> tuple[str, ...]:
    shares = [score.reciprocal_rank, score.agreement]
    if score.accuracy is not None:
        shares.insert(0, score.accuracy)
    return (
        visible(score.probe.tensor),
        score.probe.pooling,
        str(score.width),
        "behind" if score.depth is None else f"{score.depth:.2f}",
        *(f"{share:.3f}" for share in shares),
        _PICKED if score.picked else "",
    )


def _words(found: Ranking) -> list[str]:
    left_out = f" ({found.left_out} more could not be used)" if found.left_out else ""
    agreement = (
        f"agreement: share of {found.pictures} pictures{left_out} that, flipped, cropped and lit "
        "anew, are nearest to their own original; MRR: mean of 1 / its place"
    )
    best = found.scores[0]
    decides = best.reciprocal_rank if best.accuracy is None else best.accuracy
    noise = standard_error(decides, found.labelled or found.pictures)
    chance = (
        f"by chance the first row is known to ±{noise:.3f}: rows nearer to it than that are as "
        "good; which tensor is best depends on the task (Bordes et al. 2022, arXiv:2206.13378)"
    )
    if found.most_frequent is None:
        return [agreement, chance]
    accuracy = (
        f"accuracy: share of {found.labelled} labelled pictures whose label most of their "
        f"{found.neighbours} nearest others have; the most frequent label alone gives "
        f"{found.most_frequent:.3f}"
    )
    return [accuracy, agreement, chance]
