"""A run folder as run-recipe leaves it, made without running anything: drawn pictures, planted groups."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SHAPES = ("disc", "ring", "square", "star", "stripes", "cross")
STYLES = ("plain", "blurred", "noisy", "dark")
WHAT = "/features/features.18/Relu_output_0:mean"
HOW = "/features/features.5/conv/Add_output_0:std"


@dataclass(frozen=True)
class Pictures:
    """A source of pictures in memory."""

    data: dict[str, bytes]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.data))

    def read(self, name: str) -> bytes:
        if name not in self.data:
            raise FileNotFoundError(name)
        return self.data[name]


def draw(shape: str, style: str, rng: np.random.Generator, size: int = 96) -> np.ndarray:
    """Draw a shape on a ground, somewhere near the middle, as (h, w, 3) BGR."""
    hue = int(rng.integers(180))
    ground, ink = (_bgr(hue, 40, 235), _bgr((hue + 70) % 180, 190, 160))
    width = int(size * rng.choice([1, 1, 1.4]))
    picture = np.full((size, width, 3), ground, np.uint8)
    middle = np.array([width, size]) / 2 + rng.normal(0, size / 24, 2)
    radius = size * rng.uniform(0.25, 0.38)
    _shape(picture, shape, middle, radius, ink)
    if style == "blurred":
        return cv2.GaussianBlur(picture, (0, 0), size / 24)
    if style == "noisy":
        return np.clip(picture + rng.normal(0, 45, picture.shape), 0, 255).astype(np.uint8)
    return (picture * 0.35).astype(np.uint8) if style == "dark" else picture


def fake_run(  # noqa: PLR0913 - every way in which runs differ
    folder: Path,
    *,
    pictures: int = 240,
    names: Sequence[str] = (),
    domains: bool = True,
    broken: int = 3,
    drawn: bool = True,
    seed: int = 0,
) -> Pictures:
    """Write run.json, proof.json and groups.parquet; give the pictures.

    Shapes are domains found at the pick, styles domains found in the middle of the network, so most
    pictures with a style are in two. `names` become the first pictures' names; the last `broken`
    pictures are in the groups but cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    shape = rng.integers(-1, len(SHAPES), pictures)  # -1: several shapes, in no domain of shapes
    style = np.where(rng.random(pictures) < 0.35, rng.integers(0, len(STYLES), pictures), 0)
    paths = [*names, *(f"album {i % 7}/picture-{i:06}.png" for i in range(pictures))][:pictures]
    member = [
        ([] if s < 0 else [int(s)]) + ([] if t == 0 else [len(SHAPES) + int(t) - 1])
        for s, t in zip(shape, style, strict=True)
    ]
    member = member if domains else [[] for _ in member]
    predicted = [_answer(ids, rng) if domains else [] for ids in member]
    angle = shape * 2 * math.pi / len(SHAPES)
    spread = np.where(shape < 0, 14, 3)
    split = np.where(rng.random(pictures) < 0.25, "heldout", "train")
    confidence = np.where([bool(ids) for ids in predicted], rng.beta(8, 1.5, pictures), 0.2)
    columns = {
        "path": pa.array([path.encode("utf-8", "surrogateescape") for path in paths]),
        "domains": pa.array(member, pa.list_(pa.int64())),
        "domain": pa.array([ids[0] if ids else -1 for ids in member], pa.int64()),
        "x": pa.array(20 * np.cos(angle) * (shape >= 0) + 2 * style + rng.normal(0, spread)),
        "y": pa.array(20 * np.sin(angle) * (shape >= 0) + 2 * style + rng.normal(0, spread)),
        "split": pa.array(split.tolist()).dictionary_encode(),
        "predicted": pa.array(predicted, pa.list_(pa.int64())),
        "confidence": pa.array(confidence.astype(np.float32)),
    }
    pq.write_table(pa.table(columns), folder / "groups.parquet")
    (folder / "run.json").write_text(json.dumps(_run(member, pictures, domains=domains)))
    if domains:
        (folder / "proof.json").write_text(json.dumps(PROOF))
    readable = range(pictures - broken if drawn else 0)
    data = {}
    for i in readable:
        picture = draw(SHAPES[shape[i]], STYLES[style[i]], rng)
        data[paths[i]] = cv2.imencode(".png", picture)[1].tobytes()
    return Pictures(data)


def _answer(ids: list[int], rng: np.random.Generator) -> list[int]:
    """What a good head says: at times it misses one, at times it adds one."""
    kept = [i for i in ids if rng.random() < (0.7 if i == 4 else 0.96)]
    return kept + ([5] if rng.random() < 0.06 and 5 not in ids else [])


def _bgr(hue: int, saturation: int, value: int) -> tuple[int, ...]:
    pixel = np.array([[[hue, saturation, value]]], np.uint8)
    return tuple(int(v) for v in cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0])


def _shape(picture: np.ndarray, shape: str, middle: np.ndarray, radius: float, ink: tuple) -> None:
    x, y, r = int(middle[0]), int(middle[1]), int(radius)
    if shape in {"disc", "ring"}:
        cv2.circle(picture, (x, y), r, ink, -1 if shape == "disc" else r // 3, cv2.LINE_AA)
    elif shape == "square":
        cv2.rectangle(picture, (x - r, y - r), (x + r, y + r), ink, -1)
    elif shape == "star":
        turns = np.arange(10) * math.pi / 5
        rays = np.where(np.arange(10) % 2, 0.45, 1) * radius
        corners = middle + np.stack([np.sin(turns) * rays, -np.cos(turns) * rays], axis=1)
        cv2.fillPoly(picture, [np.int32(corners)], ink, cv2.LINE_AA)
    elif shape == "stripes":
        for left in range(-r, r, max(4, r // 2)):
            cv2.line(picture, (x + left, y - r), (x + left + r // 2, y + r), ink, r // 5)
    else:
        cv2.line(picture, (x - r, y - r), (x + r, y + r), ink, r // 3, cv2.LINE_AA)
        cv2.line(picture, (x + r, y - r), (x - r, y + r), ink, r // 3, cv2.LINE_AA)


def _run(member: list[list[int]], pictures: int, *, domains: bool) -> dict:
    titles = [*SHAPES, *(f"style: {style}" for style in STYLES[1:])]
    recall = [0.987, 1.0, 0.975, 0.99, 0.694, 0.961, 0.97, 1.0, 0.943]
    ratio = [1.012, 0.99, 0.967, 1.04, 0.71, 1.33, 0.99, 1.0, 1.06]
    sizes = [sum(i in ids for ids in member) for i in range(len(titles))]
    found = [
        {
            "id": i,
            "name": title,
            "view": WHAT if i < len(SHAPES) else HOW,
            "depth": 0.98 if i < len(SHAPES) else 0.41,
            "size": sizes[i],
            "share": sizes[i] / pictures,
            "stability": 0.98 - 0.02 * i,
            "heldout_recall": recall[i],
            "heldout_precision": 0.95,
            "share_ratio": ratio[i],
        }
        for i, title in enumerate(titles)
    ]
    return {
        "recipe": "domains",
        "settings": {
            "embedding": {"sample": None, "seed": 0},
            "tsne": {"perplexity": 30.0, "seed": 0},
            "clustering": {"resolutions": [1, 2, 4, 8], "stability": 0.75},
            "classifier": {"heldout": 0.25},
        },
        "versions": {"onnxprobe": "0.1.0", "onnx": "1.23.2", "onnxruntime": "1.31.1"},
        "seconds": {"embedding": 41.27, "clustering": 22.9, "tsne": 18.3, "classifier": 3.4},
        "counts": {"ok": pictures, "truncated": 7, "not an image": 2},
        "sessions": [
            {
                "ran_on": ["cpu (CPUExecutionProvider)"],
                "precision": "float32",
                "cosine": 1.0,
                "pictures": pictures,
                "seconds": 41.0,
                "rate": pictures / 41,
                "busy": {"decode": 0.14, "infer": 0.84, "write": 0.003},
            }
        ],
        "model": {
            "path": "models/backbone.onnx",
            "sha256": "4f1d" * 16,
            "input": "image float32[n×3×224×224]",
            "preprocess": {"size": [224, 224], "resize": "shortest", "mean": [127] * 3},
            "preprocess_origin": "model metadata",
        },
        "images": "pictures.tar",
        "probes": [WHAT, HOW, HOW.replace("std", "mean")],
        "pick": {
            "tensor": "/features/features.18/Relu_output_0",
            "shape": [1280, 7, 7],
            "op": "Relu",
            "role": "last map",
            "ratio": 49.0,
            "depth": 0.98,
            "ambiguous": False,
            "reasons": [
                "every path from the input to the output passes it",
                "GlobalAveragePool follows and keeps 1 of 49 elements",
            ],
            "alternatives": [
                {
                    "tensor": "/features/features.17/Add_output_0",
                    "shape": [320, 7, 7],
                    "why": "the last block output",
                }
            ],
        },
        "domains": found if domains else [],
        "heldout": {
            "rows": pictures // 4,
            "macro_f1": 0.941,
            "macro_auc": 0.993,
            "worst_recall": 0.694,
            "majority": 0.146,
        }
        if domains
        else {},
    }


PROOF = {
    "backbone": {"sha256": "4f1d" * 16},
    "head": {"sha256": "a093" * 16},
    "fused": {"sha256": "77be" * 16},
    "batches": [1, 2, 5],
    "providers": ["CPUExecutionProvider"],
    "kept": True,
    "outputs": [{"name": "logits", "identical": True, "max_difference": 0.0}],
    "new_outputs": [
        {"name": "domain_scores", "max_difference": 3e-7},
        {"name": "domain_id", "max_difference": 0},
        {"name": "domain_confidence", "max_difference": 1e-7},
    ],
    "versions": {"onnxruntime": "1.31.1"},
}
