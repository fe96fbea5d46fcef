"""How figures are written, on the page and on the terminal."""

from onnxprobe.report.reading import sequence


def score(value: float | None) -> str:
    """Write a score to three places, a missing one as a dash."""
    return "–" if value is None else f"{value:.3f}"


def percent(value: float | None) -> str:
    """Write a share of 1 as a percentage, a missing one as a dash."""
    return "–" if value is None else f"{value:.1%}"


def shape(dims: object) -> str:
    """Write a per-sample shape: ``1280×7×7``; unknown dimensions are ``?``."""
    return "×".join("?" if dim is None else str(dim) for dim in sequence(dims))


def plural(count: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun.

    >>> plural(1, "picture"), plural(3786, "picture")
    ('1 picture', '3,786 pictures')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"
