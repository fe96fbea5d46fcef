"""The files of what a recipe found, written together."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from onnxprobe.fuse import write_fused
from onnxprobe.graph.save import save
from onnxprobe.images.fit import METADATA_KEY
from onnxprobe.proof import sha256
from onnxprobe.provenance import RUN, of_run
from onnxprobe.recipe.findings import Findings, write_groups, write_json
from onnxprobe.recipe.publish import gone, publishing
from onnxprobe.recipe.run import Run


def write(
    run: Run,
    found: Findings,
    facts: Callable[[], Mapping[str, Any]],
    *,
    more: Callable[[Path], None] = lambda _: None,
) -> dict[str, Any]:
    """Fuse the heads, prove the file, and write all that there is to say to the folder of ``run``.

    Args:
        run: in which they were found.
        found: what is written.
        facts: gives what ``run.json`` says, for the fused file, and once everything else is done.
        more: writes further files to a folder that it is given.

    Returns:
        What ``run.json`` says.

    Raises:
        ContractError: the fused model would not answer as the backbone does; nothing is changed.
    """
    with publishing(run.job.out) as new:
        write_groups(found, new / "groups.parquet")
        _fuse(run, found, new, facts)
        more(new)
        said = dict(facts())
        write_json(said, new / "run.json")
    return said


def _fuse(run: Run, found: Findings, new: Path, facts: Callable[[], Mapping[str, Any]]) -> None:
    fused, proof, head = (new / name for name in ("fused.onnx", "proof.json", "head.onnx"))
    if not found.parts:
        for stale in (fused, proof, head):
            gone(new, stale.name)
        return
    # whoever labels pictures with the file must prepare them as they were here
    told = run.preprocess_origin == "model metadata"
    seen = {} if told else {METADATA_KEY: run.preprocess.to_json()}
    seen[RUN] = json.dumps(of_run(facts()))
    run.progress("proving the fused model", 0, 1)
    evidence = run.timed(
        "fuse", lambda: write_fused(run.job.model, found.parts, fused, metadata=seen)
    )
    run.progress("proving the fused model", 1, 1)
    save(found.parts[0].head, head)
    shown = evidence.to_json() if evidence else {}
    files = {
        "backbone": {"path": str(run.job.model), "sha256": run.model_sha256},
        "head": {"path": head.name, "sha256": sha256(head)},
        "fused": {"path": fused.name, "sha256": sha256(fused)},
    }
    write_json(shown | files, proof)
