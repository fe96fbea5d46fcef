"""The recipes that are installed: ours, and whoever else's, by entry point."""

from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from onnxprobe.errors import NoSuchNameError, RecipeError

GROUP: Final = "onnxprobe.recipes"


def names() -> list[str]:
    """Return the names of all installed recipes."""
    return sorted(_found())


def every() -> dict[str, Any]:
    """Return all installed recipes by name, with their default settings.

    Raises:
        RecipeError: one is installed but cannot be imported.
    """
    return {name: find(name) for name in names()}


def find(name: str) -> Any:
    """Return the recipe called ``name``, with its default settings.

    Raises:
        NoSuchNameError: no installed recipe is called that.
        RecipeError: it is installed but cannot be imported.
    """
    found = _found()
    if name not in found:
        raise NoSuchNameError("recipe", name, found)
    try:
        return found[name].load()()
    except ImportError as error:
        raise RecipeError(
            f"recipe {name!r} ({found[name].value}) cannot be loaded: {error}"
        ) from error


def _found() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}
