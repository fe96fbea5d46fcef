"""Results that are a line or a small table on the terminal."""

import inspect
from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from onnxprobe.embed import Store
from onnxprobe.graph.pick import Pick
from onnxprobe.images import Preprocess
from onnxprobe.probe import Probe
from onnxprobe.proof import Proof
from onnxprobe.recipe.settings import settings
from onnxprobe.verdict import Verdict


def name_alone(pick: Pick) -> Text:
    """Show the tensor's name and nothing else, for scripts."""
    return Text(pick.tensor)


def why_ambiguous(pick: Pick) -> str:
    """Say which other tensors may be meant."""
    others = ", ".join(repr(other.tensor) for other in pick.alternatives)
    return f"onnxprobe: which tensor to tap is not clear: {pick.tensor!r}, or {others}"


def proven_line(proof: Proof | None) -> str:
    """Say what the proof showed, in one line."""
    if proof is None:
        return "written without proof, as asked"
    batches = ", ".join(map(str, proof.batches))
    return f"{len(proof.outputs)} old outputs bit-identical at batch {batches}"


def verdict_text(verdict: Verdict) -> Text:
    """List what differs, then say whether the contract is kept."""
    lines = [("  breaks  " if d.breaks else "          ") + str(d) for d in verdict.differences]
    for output in verdict.outputs:
        said = "bit-identical" if output.identical else f"differs by {output.max_difference:.3g}"
        mark = "          " if output.identical else "  breaks  "
        lines.append(f"{mark}output {output.name!r} {said} (batch {', '.join(map(str, verdict.batches))})")
    if not verdict.batches:
        lines.append("          the two were not run: their inputs or outputs differ")
    lines.append("contract kept" if verdict.kept else "contract broken")
    return Text("\n".join(lines))


def store_text(store: Store, probe: Probe, preprocess: Preprocess, origin: str) -> str:
    """Say what is in a store, and how its pictures were prepared."""
    return (
        f"{store.path}: {counts_text(store.counts)} at {probe}\n"
        f"preprocessing ({origin}): {preprocess.to_json()}"
    )


def counts_text(counts: Mapping[str, int]) -> str:
    """Say what became of the pictures."""
    return f"{sum(counts.values())} pictures, " + ", ".join(f"{n} {what}" for what, n in counts.items())


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
