"""What would keep a model from being served, or surprise those who serve it: rules as data.

To add one: write a rule, a function from a subject to findings, and list it where it holds.
"""

from pathlib import Path
from typing import Final

from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.lint import runtime, triton, v2
from onnxprobe.lint._base import Finding, Linting, Subject
from onnxprobe.registry import Registry
from onnxprobe.targets import TARGETS, target
from onnxprobe.triton.config import Config, read_config
from onnxprobe.triton.repository import versions

_ANY: Final = (runtime.loads, runtime.graph, runtime.weights)
"""Rules of whoever loads the file."""
TRITON: Final = Linting(
    name="triton",
    runtime="onnxruntime",
    rules=(
        *_ANY,
        triton.tensors_only,
        triton.names,
        triton.completed,
        triton.batching,
        triton.inputs,
        triton.outputs,
        v2.types,
        runtime.text,
        runtime.tensorrt,
    ),
    source="triton-inference-server/onnxruntime_backend, src/onnxruntime.cc and onnxruntime_utils.cc",
)
V2: Final = Linting(
    name="v2",
    runtime="onnxruntime",
    rules=(*_ANY, v2.tensors, v2.types, runtime.text),
    source="the V2 (open) inference protocol: KServe, MLServer, OpenVINO Model Server",
)
_EXTRA: Final = {"tensorrt": (runtime.sized_at_run_time,)}
"""Rules of one runtime alone."""
LINTINGS: Final = Registry(
    "linting",
    [
        TRITON,
        V2,
        *(
            Linting(
                name,
                name,
                (*_ANY, *_EXTRA.get(name, ())),
                TARGETS[name].source,
            )
            for name in TARGETS
        ),
    ],
)


def lint(
    path: Path, linting: Linting, *, config: Path | None = None, runs_in: str | None = None
) -> tuple[Finding, ...]:
    """Return what is wrong with the model at ``path`` for those who are to take it.

    Nothing is run, and no weights are read.

    Args:
        path: the model.
        linting: who is to take it.
        config: the ``config.pbtxt`` that it is to be served with, for Triton.
        runs_in: the runtime inside, such as ``onnxruntime==1.19``; the newest known by default.

    Raises:
        NotOnnxError: it is no ONNX model.
        PackageError: the configuration cannot be read.
        NoSuchNameError, VersionError: there is no such runtime or version.
    """
    said = None if config is None else read_config(config)
    folder = "" if config is None else _entry(config.resolve().parent)
    return findings(
        load(path), linting, path=str(path), config=said, folder=folder, runs_in=runs_in
    )


def findings(  # noqa: PLR0913  what a subject consists of
    model: Model,
    linting: Linting,
    *,
    path: str = "model.onnx",
    config: Config | None = None,
    folder: str = "",
    runs_in: str | None = None,
) -> tuple[Finding, ...]:
    """Return what is wrong with ``model``, as :func:`lint` does for a file."""
    subject = Subject(model, path, target(runs_in or linting.runtime), config, folder)
    found = (finding for rule in linting.rules for finding in rule(subject))
    return tuple(dict.fromkeys(found))


def _entry(folder: Path) -> str:
    """Return the name that Triton gives the model in ``folder``; empty where it is no entry."""
    return folder.name if versions(folder) else ""


__all__ = ["LINTINGS", "Finding", "Linting", "Subject", "findings", "lint"]
