"""Fused models of a handful of nodes, with what a run leaves beside them."""

import json
from dataclasses import replace

import numpy as np
from tiny import tiny_model

from onnxprobe.fuse import Part, with_metadata, write_fused
from onnxprobe.graph.save import save
from onnxprobe.heads import HEADS, NOVELTY, LinearHead, Novelty
from onnxprobe.probe import Probe
from onnxprobe.proof import sha256

HOW = {"size": [8, 8], "mean": [127, 127, 127], "std": [64, 64, 64], "resize": "letterbox"}
CLASSES = ("cat | dog", "bird\nof prey", "<b>fish</b>")


def linear(name="domain", classes=CLASSES, seed=0):
    rng = np.random.default_rng(seed)
    k = len(classes)
    return LinearHead(
        HEADS["detectors"],
        rng.normal(size=(k, 8)).astype(np.float32),
        rng.normal(size=k).astype(np.float32),
        np.full(k, 0.5, np.float32),
        classes,
        (4, 4),
        name,
    )


def wary(head):
    """Return the head with a measure of novelty, as runs train them."""
    nothing = np.zeros((0, len(head.classes)), np.float32)
    return replace(head, novelty=Novelty(NOVELTY["energy"], 1.0, nothing))


def fused_file(folder, *, heads=("domain",), batch="N", preprocess=HOW, made=lambda head: head):
    """Write backbone.onnx, fused.onnx and proof.json as a run does; return the fused file."""
    model = tiny_model(batch=batch)
    if preprocess is not None:
        model = with_metadata(model, {"onnxprobe.preprocess": json.dumps(preprocess)})
    old, new = folder / "backbone.onnx", folder / "fused.onnx"
    save(model, old)
    probes = (Probe("block", "mean"), Probe("stem", "std"))
    named = [made(linear(name, seed=i)) for i, name in enumerate(heads)]
    parts = [Part.linear(head, probes, like=model) for head in named]
    proof = write_fused(old, parts, new).to_json() | {"fused": {"sha256": sha256(new)}}
    (folder / "proof.json").write_text(json.dumps(proof))
    return new


def run_facts():
    """What run.json says, as far as cards read it."""
    domains = [
        {
            "id": i,
            "name": name,
            "view": "block:mean",
            "size": 10 + i,
            "share": 0.1,
            "stability": 0.9,
        }
        | {"heldout_recall": 0.5 + i / 5, "heldout_precision": 0.75, "share_ratio": 1.0}
        for i, name in enumerate(CLASSES)
    ]
    return {
        "recipe": "domains",
        "settings": {"tsne": {"perplexity": 30.0}},
        "versions": {"onnxprobe": "0.1.0"},
        "model": {"path": "backbone.onnx", "preprocess_origin": "given"},
        "images": "photos",
        "counts": {"ok": 90, "truncated": 3},
        "pick": {"tensor": "block", "shape": [4, 8, 8], "reasons": ["it is the last map"]},
        "probes": ["block:mean", "stem:std"],
        "domains": domains,
        "heldout": {
            "rows": 27,
            "macro_f1": 0.8,
            "macro_auc": 0.9,
            "worst_recall": 0.5,
            "majority": 0.2,
        },
    }
