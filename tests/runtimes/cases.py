"""Fused files to ask runtimes about, what they are fed, and what they must answer."""

import base64
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe import proof, runtime
from onnxprobe.answers import Agreement, agreement
from onnxprobe.fuse import Part, write_fused
from onnxprobe.graph.load import load
from onnxprobe.graph.midcuts import mid_cuts, views
from onnxprobe.graph.model import Model
from onnxprobe.graph.pick import pick
from onnxprobe.heads import HEADS, NOVELTY, LinearHead, Novelty
from onnxprobe.images import open_source, preprocess_for
from onnxprobe.pooling import POOLINGS
from onnxprobe.probe import Probe, attach, width

ROOT: Final = Path(__file__).parents[2]
BACKBONE: Final = ROOT / "models" / "efficientnet-lite0.onnx"
PICTURES: Final = ROOT / "examples" / "noto-emoji.tar"
BATCHES: Final = (1, 2, 7)
CLASSES: Final = 12
TOLERANCE: Final = 1e-5
"""How far an old output may be from ONNX Runtime's, relative to the largest it holds (at least 1):
what sums of some hundred float32 products in another order differ by, layer upon layer. New ones
have what a proof allows between numpy and ONNX Runtime: the heads here divide by how little a probe
varies, and so magnify what differs before them."""
Answers = dict[int, list[NDArray[Any]]]
"""From a batch to the outputs, in the order of the file."""


@dataclass(frozen=True, slots=True)
class Case:
    """A fused file.

    Attributes:
        name: of its folder.
        outputs: in order; the first ones are those of the backbone.
        old: how many these are.
        expected: old outputs as ONNX Runtime gives them for the backbone, new ones as numpy computes
            them from the vectors of the probes.
    """

    name: str
    outputs: tuple[str, ...]
    old: int
    expected: Answers


def write_cases(folder: Path) -> dict[str, Case]:
    """Write a case for each kind of head, one that reads every pooling, and one a measure of novelty."""
    model = load(BACKBONE)
    found = pick(model)
    depths = [cut.tensor for cut in views(mid_cuts(model, found.tensor))]
    style = [Probe(t, pooling) for t in (*depths, found.tensor) for pooling in ("mean", "std")]
    maps = [Probe(found.tensor, name) for name, p in POOLINGS.items() if 3 in p.ranks]
    wanted: dict[str, tuple[str, list[Probe], str]] = {kind: (kind, style, "") for kind in HEADS}
    wanted["poolings"] = ("detectors", maps, "")
    wanted |= {measure: ("detectors", style, measure) for measure in NOVELTY}
    pictures = _pictures(model, sum(BATCHES))
    return {
        name: _case(folder / name, model, kind, probes, pictures, measure)
        for name, (kind, probes, measure) in wanted.items()
    }


def read_answers(file: Path) -> tuple[Answers, str]:
    """Read what a runtime answered: the outputs, or none and what it complained of."""
    said = json.loads(file.read_text())
    error = said.pop("error", "")
    return {int(batch): [_array(output) for output in of] for batch, of in said.items()}, error


def compared(case: Case, answers: Answers) -> list[Agreement]:
    """Compare every output over all batches, its type aside: some runtimes know float32 alone."""
    return [
        agreement(
            name,
            [case.expected[batch][i] for batch in BATCHES],
            [answers[batch][i].astype(case.expected[batch][i].dtype) for batch in BATCHES],
        )
        for i, name in enumerate(case.outputs)
    ]


def within(case: Case, found: Agreement) -> bool:
    """Tell whether an output is near enough; the number of a class must be the same."""
    if found.name in case.outputs[: case.old]:
        return found.relative <= TOLERANCE
    whole = case.expected[1][case.outputs.index(found.name)].dtype.kind in "iu"
    return found.identical if whole else found.relative <= proof.TOLERANCE


def _case(  # noqa: PLR0913, PLR0917
    folder: Path,
    model: Model,
    kind: str,
    probes: list[Probe],
    pictures: NDArray[np.float32],
    measure: str,
) -> Case:
    folder.mkdir(parents=True)
    tapped = runtime.Session(attach(model, probes))
    name = model.inputs[0]
    vectors = tapped.run({name: pictures})
    read = [vectors[probe.output] for probe in probes]
    head = _head(kind, model, probes, read)
    if measure:
        head = replace(head, novelty=_novelty(measure, head, np.hstack(read)))
    write_fused(BACKBONE, [Part.linear(head, probes, like=model)], folder / "model.onnx")
    expected: Answers = {}
    for batch, x in _batches(pictures).items():
        folder.joinpath(f"{batch}.bin").write_bytes(x.tobytes())
        run = tapped.run({name: x})
        answers = head.named([run[probe.output] for probe in probes])
        expected[batch] = [*(run[output] for output in model.outputs), *answers.values()]
    outputs = (*model.outputs, *head.outputs)
    shapes = {str(batch): [batch, *pictures.shape[1:]] for batch in BATCHES}
    folder.joinpath("case.json").write_text(json.dumps({"outputs": outputs, "batches": shapes}))
    return Case(folder.name, outputs, len(model.outputs), expected)


def _head(
    kind: str, model: Model, probes: list[Probe], vectors: list[NDArray[np.float32]]
) -> LinearHead:
    """Return a head with random weights whose logits are of ordinary size and whose classes differ."""
    x = np.hstack(vectors).astype(np.float64)
    mean, std = x.mean(axis=0), x.std(axis=0) + 1e-3
    weight = np.random.default_rng(0).normal(size=(CLASSES, x.shape[1])) / np.sqrt(x.shape[1])
    weight = weight / std
    threshold = 0.5 if kind == "detectors" else 2 / CLASSES
    return LinearHead(
        HEADS[kind],
        weight.astype(np.float32),
        (-weight @ mean).astype(np.float32),
        np.full(CLASSES, threshold, np.float32),
        tuple(f"domain {i}" for i in range(CLASSES)),
        tuple(width(model, probe) for probe in probes),
    )


def _novelty(measure: str, head: LinearHead, x: NDArray[np.float32]) -> Novelty:
    """Return a measure to which half of the vectors ``x`` are strange, none by a hair."""
    rng, logits = np.random.default_rng(1), x @ head.weight.T + head.bias
    turn = rng.normal(size=(16, x.shape[1])) / np.sqrt(x.shape[1]) / (x.std(axis=0) + 1e-3)
    samples = (x - x.mean(axis=0)) @ turn.T
    anchors = samples[:6] + rng.normal(size=(6, 16)) / 2
    if measure == "nearest":
        anchors /= np.linalg.norm(anchors, axis=1, keepdims=True)
    fitted = Novelty(
        NOVELTY[measure],
        0.0,
        anchors.astype(np.float32),
        turn.astype(np.float32),
        (-turn @ x.mean(axis=0)).astype(np.float32),
    )
    if measure == "energy":
        fitted = Novelty(NOVELTY[measure], 0.0, np.zeros((0, CLASSES), np.float32))
    ordered = np.sort(fitted(x, logits)[:, 0])
    middle = len(ordered) // 2
    return replace(fitted, limit=float(ordered[middle - 1 : middle + 1].mean()))


def _pictures(model: Model, count: int) -> NDArray[np.float32]:
    prepared, _ = preprocess_for(model)
    source = open_source(str(PICTURES))
    chosen = source.names[:: len(source.names) // count][:count]
    decoded = [prepared.decode(source.read(name)).pixels for name in chosen]
    return np.stack([prepared(pixels) for pixels in decoded if pixels is not None])


def _batches(pictures: NDArray[np.float32]) -> dict[int, NDArray[np.float32]]:
    starts = np.cumsum((0, *BATCHES))
    return {b: pictures[s : s + b] for b, s in zip(BATCHES, starts, strict=False)}


def _array(output: dict[str, Any]) -> NDArray[Any]:
    data = base64.b64decode(output["data"])
    return np.frombuffer(data, output["dtype"]).reshape(output["shape"])
