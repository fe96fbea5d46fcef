"""What a run will take, in two lines before it begins."""

from onnxprobe.recipe.forecast import Forecast
from onnxprobe.report.wording import plural


def forecast_text(forecast: Forecast) -> str:
    """Say how much there is to do, how long it may take and how much memory it may need."""
    numbers = sum(forecast.widths)
    return (
        f"{plural(forecast.pictures, 'picture')}, {numbers:,} numbers each: about "
        f"{duration(forecast.seconds)} on {plural(forecast.cores, 'core')} if they are idle, up to "
        f"about {gigabytes(forecast.needed)} of memory"
    )


def forecast_warning(forecast: Forecast) -> str | None:
    """Say that the memory of this machine may not be enough; null where it is."""
    if forecast.fits:
        return None
    return (
        f"the run may need {gigabytes(forecast.needed)} of memory, {gigabytes(forecast.held)} of it "
        f"for the embeddings alone, and this machine has {gigabytes(forecast.memory)}; take fewer "
        "pictures with --sample, or views with --set embedding.depths=1"
    )


def duration(seconds: float) -> str:
    """Write a length of time as people say it.

    >>> duration(4), duration(700), duration(9_000), duration(300_000)
    ('a minute', '12 minutes', '2.5 hours', '3.5 days')
    """
    minutes, hours, days = seconds / 60, seconds / 3_600, seconds / 86_400
    if minutes < 1.5:  # noqa: PLR2004
        return "a minute"
    if hours < 1.5:  # noqa: PLR2004
        return f"{minutes:.0f} minutes"
    return f"{hours:.1f} hours" if days < 1.5 else f"{days:.1f} days"  # noqa: PLR2004


def gigabytes(count: float) -> str:
    """Write bytes in GB.

    >>> gigabytes(5.2e9), gigabytes(3e8)
    ('5.2 GB', '0.3 GB')
    """
    return f"{max(count / 1e9, 0.1):.1f} GB"
