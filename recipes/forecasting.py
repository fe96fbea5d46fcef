"""What a recipe will take on these pictures, from what its steps say of themselves."""

from typing import Any

from onnxprobe.probe import width
from onnxprobe.recipe import Run
from onnxprobe.recipe.forecast import Cost, Forecast, Forecasts
from onnxprobe.recipe.settings import steps


def forecast(recipe: Any, run: Run) -> Forecast:
    """Return the forecast for ``recipe``, which begins with a step ``embedding``."""
    embedding = recipe.embedding
    probes, _ = embedding.probed(run.model)
    widths = tuple(width(run.model, probe) for probe in probes)
    pictures = embedding.pictures(len(run.source.names))
    found: dict[str, Cost] = {"embedding": embedding.cost(run.model, pictures)}
    for name, step in steps(recipe).items():
        if name != "embedding" and isinstance(step, Forecasts):
            found[name] = step.cost(pictures, widths)
    return Forecast.here(pictures, widths, found)
