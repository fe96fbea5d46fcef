"""``MODEL_CARD.md``: what a person should know before serving the model, and only what is known."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from onnxprobe.fuse import PROOF
from onnxprobe.package.delivery import Delivery, Head
from onnxprobe.package.promise import meaning
from onnxprobe.report.facts import DomainFacts, Facts
from onnxprobe.report.reading import mapping, sequence
from onnxprobe.report.wording import percent, score, shape, visible

_TOP: Final = "---\nlibrary_name: onnx\ntags: [onnx, onnxprobe]\n---\n"
"""What model hubs read: https://huggingface.co/docs/hub/model-cards."""
_TOLD: Final = ("license", "source", "author", "model_author", "model_license")
"""What backbones say of themselves that goes into the card; the last two are ONNX's own names."""


def card(of: Delivery) -> str:
    """Return the card as Markdown; a section that nothing is known for is left out."""
    found = None if of.run is None else Facts.of(of.run)
    title = f"# {visible(of.path.stem)}"
    parts = [
        _about(of),
        _interface(of),
        _classes(of, found),
        _heldout(found),
        _made(of, found),
        _evidence(of),
    ]
    return "\n\n".join([_TOP + title, *filter(None, parts)]) + "\n"


def _about(of: Delivery) -> str:
    names = " and ".join(f"`{visible(head.name)}`" for head in of.heads)
    what = (
        f"A backbone with {'heads' if len(of.heads) > 1 else 'the head'} {names} fused into it: it "
        "answers as the backbone alone does, and adds the answers of what was fused in."
        if of.heads
        else "A backbone; no head was fused into it."
    )
    told = [(key, of.model.metadata[key]) for key in _TOLD if key in of.model.metadata]
    return "\n".join(
        [what, *(f"\n- {key} (as the file says): {_cell(said)}" for key, said in told)]
    )


def _interface(of: Delivery) -> str:
    reads = [(f"`{visible(v.name)}`", _kind(v), "input") for v in of.inputs]
    gives = [(f"`{visible(v.name)}`", _kind(v), meaning(of, v.name)) for v in of.outputs]
    table = _table(("tensor", "type", "what it is"), [*reads, *gives])
    text = f"## Interface\n\n{table}\n\nOpset {of.model.opset}, IR version {of.model.ir_version}."
    if of.preprocess is None:
        return f"{text} The file does not say how its input is prepared."
    settings = ", ".join(f"{key} {json.dumps(value)}" for key, value in of.preprocess.items())
    return f"{text}\n\nPictures are prepared so (pixels are 0 to 255): {settings}."


def _kind(value: Any) -> str:
    return str(value).removeprefix(f"{value.name} ")


def _classes(of: Delivery, found: Facts | None) -> str:
    return "\n\n".join(_of_head(head, found) for head in of.heads if head.classes)


def _of_head(head: Head, found: Facts | None) -> str:
    facts = {} if found is None else {domain.name: domain for domain in found.domains}
    top = f"## What `{visible(head.name)}` names"
    if set(facts) != set(head.classes):
        named = [(str(index), _cell(name)) for index, name in enumerate(head.classes)]
        return f"{top}\n\n{_table(('id', 'class'), named)}"
    headings = ("id", "class", "pictures", "share", "stability", "recall", "precision")
    rows = [
        (str(index), _cell(name), *_figures(facts[name])) for index, name in enumerate(head.classes)
    ]
    flagged = [
        f"- {_cell(domain.name)}: {'; '.join(domain.flags)}"
        for domain in facts.values()
        if domain.flags
    ]
    note = "Recall and precision are on held-out pictures, 0 to 1; shares are of the sample."
    weak = ["\n### Look at these before trusting them\n", *flagged] if flagged else []
    return "\n".join([f"{top}\n", _table(headings, rows), f"\n{note}", *weak])


def _figures(domain: DomainFacts) -> tuple[str, ...]:
    size = "–" if domain.size is None else str(domain.size)
    scores = (domain.stability, domain.recall, domain.precision)
    return (size, percent(domain.share), *map(score, scores))


def _heldout(found: Facts | None) -> str:
    if found is None or found.heldout.rows is None:
        return ""
    held = found.heldout
    constant = held.constant_f1(len(found.domains))
    rows = [
        ("held-out pictures", str(held.rows)),
        ("macro-F1", score(held.macro_f1)),
        ("macro-F1 of naming the largest class every time", score(constant)),
        ("macro-AUC", score(held.macro_auc)),
        ("lowest recall of a class", score(held.worst_recall)),
    ]
    return f"## Figures on held-out pictures\n\n{_table(('figure', 'value'), rows)}"


def _made(of: Delivery, found: Facts | None) -> str:
    rows = [("this file", f"`{of.sha256}`")]
    if of.backbone:
        rows.append(("backbone", f"`{of.backbone}`"))
    rows += [
        (f"head {_cell(h.name)}", f"`{h.said['sha256']}`") for h in of.heads if "sha256" in h.said
    ]
    text = f"## How it was made\n\n{_table(('part', 'sha256'), rows)}"
    read = [f"- `{_cell(head.name)}` reads {_probes(head)}" for head in of.heads]
    return "\n".join([text, "", *read, *([] if of.run is None else _run(of.run, found))])


def _probes(head: Head) -> str:
    return ", ".join(f"`{visible(str(probe))}`" for probe in sequence(head.said.get("probes")))


def _run(run: Mapping[str, Any], found: Facts | None) -> Iterator[str]:
    pick, model = mapping(run.get("pick")), mapping(run.get("model"))
    if pick:
        what = f"`{visible(str(pick.get('tensor')))}` ({shape(pick.get('shape'))})"
        yield f"- the pick is {what}, by the rule {_cell(repr(pick.get('role')))}:"
        yield from (f"  - {_cell(str(reason))}" for reason in sequence(pick.get("reasons")))
    if found is not None:
        unread = "".join(f", {count} {status}" for status, count in found.unread.items())
        yield f"- pictures: {found.counts.get('ok', 0)} read{unread}"
    yield f"- who said how pictures are prepared: {model.get('preprocess_origin', 'nobody')}"
    yield f"- recipe `{run.get('recipe')}` with {_settings(mapping(run.get('settings')))}"
    yield f"- versions: {', '.join(f'{k} {v}' for k, v in mapping(run.get('versions')).items())}"


def _settings(settings: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{step}: {', '.join(f'{key} {json.dumps(value)}' for key, value in mapping(said).items())}"
        for step, said in settings.items()
    )


def _evidence(of: Delivery) -> str:
    if of.proof is None:
        said = of.model.metadata.get(PROOF, "")
        return f"## Evidence\n\nThe file says of its proof: `{visible(said)}`." if said else ""
    outputs = [mapping(o) for o in sequence(of.proof.get("outputs"))]
    added = [mapping(o) for o in sequence(of.proof.get("new_outputs"))]
    batches = ", ".join(map(str, sequence(of.proof.get("batches"))))
    rows = [
        (f"`{visible(str(o.get('name')))}`", kind, _agreed(o))
        for kind, several in (("the backbone's file", outputs), ("numpy", added))
        for o in several
    ]
    ran = ", ".join(map(str, sequence(of.proof.get("providers"))))
    table = _table(("output", "compared with", "found"), rows)
    return f"## Evidence\n\nBoth files were run at batch {batches} ({ran}).\n\n{table}"


def _agreed(output: Mapping[str, Any]) -> str:
    if output.get("identical"):
        return "the same to the bit"
    return f"within {output.get('max_difference'):.3g}"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    """Write a text that others chose so that it stays inside its cell."""
    return visible(text.replace("\\", "\\\\")).replace("|", "\\|").replace("<", "&lt;")
