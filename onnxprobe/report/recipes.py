"""The recipes and their settings, as tables and as plain values."""

import inspect
from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from onnxprobe.recipe.settings import settings
from onnxprobe.report.wording import prose


def recipes_table(recipes: Mapping[str, Any]) -> Group:
    """Show each recipe, what it does, and its settings."""
    shown: list[Any] = []
    for name, recipe in recipes.items():
        table = Table("setting", "default", "what it is", box=None, padding=(0, 2, 0, 2))
        for setting in settings(recipe):
            table.add_row(*map(Text, (setting.name, str(setting.default), prose(setting.about))))
        shown += [Text(f"{name}: {_about(recipe)}", style="bold"), table, Text()]
    return Group(*shown)


def recipes_json(recipes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the recipes and their settings as plain values."""
    return [
        {
            "name": name,
            "about": _about(recipe),
            "settings": [
                {"name": s.name, "default": s.default, "about": prose(s.about)}
                for s in settings(recipe)
            ],
        }
        for name, recipe in recipes.items()
    ]


def _about(recipe: Any) -> str:
    return prose((inspect.getdoc(type(recipe)) or "").partition("\n\n")[0])
