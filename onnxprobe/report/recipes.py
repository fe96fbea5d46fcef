"""The recipes and their settings, as tables and as plain values."""

import inspect
from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from onnxprobe.recipe.settings import settings


def recipes_table(recipes: Mapping[str, Any]) -> Group:
    """Show each recipe, what it does, and its settings."""
    shown: list[Any] = []
    for name, recipe in recipes.items():
        about = (inspect.getdoc(type(recipe)) or "").split("\n\n")[0]
        table = Table("setting", "default", "what it is", box=None, padding=(0, 2, 0, 2))
        for setting in settings(recipe):
            table.add_row(*map(Text, (setting.name, str(setting.default), setting.about)))
        shown += [Text(f"{name}: {' '.join(about.split())}", style="bold"), table, Text()]
    return Group(*shown)


def recipes_json(recipes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the recipes and their settings as plain values."""
    return [
        {
            "name": name,
            "about": " ".join((inspect.getdoc(type(recipe)) or "").split("\n\n")[0].split()),
            "settings": [
                {"name": s.name, "default": s.default, "about": s.about} for s in settings(recipe)
            ],
        }
        for name, recipe in recipes.items()
    ]
