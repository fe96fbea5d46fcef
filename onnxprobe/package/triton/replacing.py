"""A fused model into an existing model repository, beside what is served there, and out again."""

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from onnxprobe.atomic import sync
from onnxprobe.contract import compare, kept
from onnxprobe.errors import ContractError, PackageError
from onnxprobe.graph.load import load
from onnxprobe.graph.value import Value
from onnxprobe.package._base import Packaged
from onnxprobe.package.delivery import Delivery
from onnxprobe.package.fitting import fit
from onnxprobe.package.folder import free, staged
from onnxprobe.package.promise import as_text
from onnxprobe.package.triton.entry import Entry, second
from onnxprobe.proof import sha256
from onnxprobe.triton.config import CONFIG, config

RECORD: Final = "onnxprobe.json"
"""The file of a second entry that says what was put where, so that it can be taken back."""


@dataclass(frozen=True, slots=True)
class Record:
    """What was put into a repository.

    Attributes:
        replaces: name of the entry that has a new version.
        version: of it.
        file: the model's file in that version.
        sha256: of that file.
    """

    replaces: str
    version: int
    file: str
    sha256: str


def replace(fused: Path, folder: Path, name: str | None = None) -> Packaged:
    """Put the model ``fused`` into a repository as the next version of the entry ``folder``.

    The entry's ``config.pbtxt`` stays as it is: its clients get what they got. A second entry
    beside it, ``<entry>_heads`` or ``name``, is configured alike and has the new outputs too.
    Each folder is there whole or not at all.

    Raises:
        ContractError: the new file would not answer the entry's clients as its newest version does.
        PackageError: ``folder`` is no entry that can be replaced, or the second is there already.
        NotOnnxError, MissingWeightsError, GraphError: a model cannot be read.
    """
    delivery, entry = Delivery.read(fused), Entry.read(folder)
    new = _new_outputs(delivery, entry)
    repository = folder.resolve().parent
    other = repository / (name or f"{folder.resolve().name}_heads")
    if other.exists():
        raise PackageError(
            f"{str(other)!r} is there already; take an earlier package back with --rollback, or "
            "give the second entry another name with --name"
        )
    version = folder / str(entry.version + 1)
    files = second(delivery, entry, new)
    fit(delivery, "triton", entry.config, "the entry that is there")
    fit(delivery, "triton", config(str(files[CONFIG])), "the second entry")
    record = Record(
        folder.resolve().name, entry.version + 1, entry.config.filename, delivery.sha256
    )
    files = {**files, RECORD: as_text(asdict(record))}
    model = delivery.model_files(entry.config.filename)
    # both are built inside the entry, where Triton takes nothing but numbers for a version
    with staged(files, folder, other.name) as beside, staged(model, folder, version.name) as next_:
        free(version)
        beside.rename(other)
        try:
            next_.rename(version)
        except OSError:
            shutil.rmtree(other)
            raise
    sync(repository)
    sync(folder)
    inside = [f"{other.name}/{path}" for path in files]
    inside += [f"{folder.resolve().name}/{version.name}/{path}" for path in model]
    return Packaged(
        repository, tuple(sorted(inside)), _notes(delivery, entry), _reload(entry, other.name)
    )


def rollback(folder: Path) -> Packaged:
    """Take back what was last put into a repository for the entry ``folder``.

    Raises:
        PackageError: nothing was, or what was put there has been changed since.
    """
    repository, name = folder.resolve().parent, folder.resolve().name
    found = [(record, other) for other, record in _records(repository) if record.replaces == name]
    if not found:
        raise PackageError(
            f"nothing that onnxprobe put into {str(repository)!r} replaces {name!r}, so nothing can "
            "be taken back"
        )
    record, other = max(found, key=lambda pair: pair[0].version)
    version = folder / str(record.version)
    file = version / record.file
    if file.is_file() and sha256(file) != record.sha256:
        raise PackageError(
            f"{str(file)!r} is not the file that was put there; take it away by hand if you mean to"
        )
    gone = [path for path in (version, other) if path.is_dir()]
    for path in gone:
        _remove(path, folder)
    sync(repository)
    return Packaged(
        repository,
        tuple(f"{path.resolve().relative_to(repository)}/" for path in gone),
        (),
        (_tell(name, "load"), _tell(other.name, "unload")),
    )


def _new_outputs(delivery: Delivery, entry: Entry) -> tuple[Value, ...]:
    old = load(entry.file)
    if not entry.config.outputs:
        names = ", ".join(map(repr, old.outputs))
        raise PackageError(
            f"the 'config.pbtxt' of {str(entry.folder)!r} names no outputs, so Triton would take "
            f"every output of the new file, and clients that name none would notice; name {names} "
            "in it first (onnxprobe lint shows the lines)"
        )
    differences = compare(old, delivery.model)
    if not kept(differences):
        broken = next(d for d in differences if d.breaks)
        raise ContractError(
            f"{str(delivery.path)!r} would not answer as version {entry.version} of "
            f"{str(entry.folder)!r} does: {broken}; nothing was written"
        )
    declared = {output.name for output in entry.config.outputs}
    new = tuple(value for value in delivery.outputs if value.name not in declared)
    if not new:
        raise PackageError(
            f"{str(delivery.path)!r} has no output that {str(entry.folder)!r} does not serve already"
        )
    return new


def _notes(delivery: Delivery, entry: Entry) -> tuple[str, ...]:
    policy = any(field.name == "version_policy" for field in entry.config.fields)
    said = ("'config.pbtxt' has a version_policy: see that it serves the new version",)
    return (*delivery.notes, *(said if policy else ()))


def _reload(entry: Entry, other: str) -> tuple[str, ...]:
    """Return how a server that does not poll learns of it."""
    names = (entry.folder.resolve().name, other)
    return tuple(_tell(name, "load") for name in names)


def _tell(name: str, what: str) -> str:
    return f"curl -X POST localhost:8000/v2/repository/models/{name}/{what}"


def _records(repository: Path) -> list[tuple[Path, Record]]:
    found = []
    for path in sorted(repository.glob(f"*/{RECORD}")):
        try:
            found.append((path.parent, Record(**json.loads(path.read_text()))))
        except (ValueError, TypeError):
            raise PackageError(
                f"{str(path)!r} is damaged, so what it put there is not known"
            ) from None
    return found


def _remove(path: Path, inside: Path) -> None:
    """Remove a folder so that no server sees half of it."""
    aside = inside / f".{path.name}.{os.getpid()}.gone"
    path.rename(aside)
    shutil.rmtree(aside)
