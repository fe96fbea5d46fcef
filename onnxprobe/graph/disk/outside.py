"""Files of weights beside a model: found, and made available beside another."""

import itertools
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import eq
from pathlib import Path
from typing import Final

import onnx

from onnxprobe.atomic import replacing
from onnxprobe.errors import MissingWeightsError, NoSuchNameError, StitchError, quoted
from onnxprobe.graph.disk import weights
from onnxprobe.graph.disk.copying import clone, copy_file
from onnxprobe.graph.disk.ranges import Stored, chunks
from onnxprobe.graph.disk.schema import every_tensor
from onnxprobe.graph.disk.weights import Beside


@contextmanager
def available(
    proto: onnx.ModelProto, model: Path, way: str, say: Callable[[str], None]
) -> Iterator[onnx.ModelProto]:
    """Make the files of weights that ``proto`` needs available beside the file ``model``.

    Those in its folder, or below, stay where they are. Others keep their names, except where two
    of them share one. Yields ``proto`` as it is to be written: with the new names, and without what is
    said in memory only. What was made is taken back where the block raises; else ``say`` is told of
    files that are one with those of the old model now.

    Raises:
        NoSuchNameError: no ``way`` is called that.
        MissingWeightsError: a file of weights is not there.
        StitchError: another file of that name is in the way, or a link cannot be made there.
    """
    if way not in WAYS:
        raise NoSuchNameError("way to keep weights", way, WAYS)
    if not any(map(weights.is_beside, every_tensor(proto))):
        yield proto
        return
    new = _copy_of(proto)
    files = _files(new)
    names = _named({said: file.path for said, file in files.items()}, model.parent.resolve())
    made: list[Path] = []
    try:
        for source, name in names.items():
            target = model.parent / name
            if not _is_there(source, target, model):
                target.parent.mkdir(parents=True, exist_ok=True)
                WAYS[way](source, target)
                made.append(target)
        for said, file in files.items():
            _say_only(file.tensors, said.location, names[file.path])
        yield new
    except BaseException:
        for target in made:
            target.unlink(missing_ok=True)
        raise
    linked = [path.name for path in made if path.stat().st_nlink > 1]
    if linked:
        say(
            f"{quoted(linked)} beside {str(model)!r} and beside the old model are one "
            "now (a hard link); onnx.load of today and onnx-ir refuse to read such files, in both places; "
            "ONNX Runtime does not; --weights copy makes others"
        )


def found(proto: onnx.ModelProto) -> dict[Beside, Path]:
    """Return the files of weights beside a model, each by the names that tensors give it.

    Raises:
        NotOnnxError, MissingWeightsError: a weight is not where it is said to be.
    """
    return {said: file.path for said, file in _files(proto).items()}


def gathered(proto: onnx.ModelProto) -> tuple[onnx.ModelProto, Path | None]:
    """Return ``proto`` with all files of weights named from one folder, and that folder.

    The folder is the one that all of them are under; ``None`` where there are none.

    Raises:
        NotOnnxError, MissingWeightsError: a weight is not where it is said to be.
    """
    new = _copy_of(proto)
    files = _files(new)
    if not files:
        return proto, None
    folder = Path(os.path.commonpath([file.path.parent for file in files.values()]))
    for said, file in files.items():
        _say_only(file.tensors, said.location, file.path.relative_to(folder).as_posix())
    return new, folder


def renamed(proto: onnx.ModelProto, names: Mapping[Beside, str]) -> onnx.ModelProto:
    """Return ``proto`` with files of weights under other names."""
    new = _copy_of(proto)
    for tensor in every_tensor(new):
        said = weights.beside(tensor)
        if said is not None:
            _rename(tensor, names[said])
    return new


@dataclass(frozen=True, slots=True)
class _File:
    """A file of weights, and the tensors whose data is in it."""

    path: Path
    size: int
    tensors: list[onnx.TensorProto] = field(default_factory=list)


def _files(proto: onnx.ModelProto) -> dict[Beside, _File]:
    files: dict[Beside, _File] = {}
    for tensor in every_tensor(proto):
        entries = weights.entries(tensor)
        if not entries or weights.FIELD in entries:
            continue
        said = Beside.said(entries)
        file = files.get(said)
        if file is None:
            path = said.file(tensor.name)
            file = files[said] = _File(path, path.stat().st_size)
        weights.stretch(tensor, entries, file.path, file.size)
        file.tensors.append(tensor)
    return files


def _copy_of(proto: onnx.ModelProto) -> onnx.ModelProto:
    new = onnx.ModelProto()
    new.CopyFrom(proto)
    return new


def _say_only(tensors: Iterable[onnx.TensorProto], location: str, name: str) -> None:
    """Let ``tensors``, which name ``location``, say what is written to a file, under the new ``name``."""
    for tensor in tensors:
        weights.forget(tensor)
        if name != location:
            _rename(tensor, name)


def _rename(tensor: onnx.TensorProto, name: str) -> None:
    for entry in tensor.external_data:
        if entry.key == "location":
            entry.value = name


def _named(files: Mapping[Beside, Path], folder: Path) -> dict[Path, str]:
    there = {
        f: f.relative_to(folder).as_posix() for f in files.values() if f.is_relative_to(folder)
    }
    names: dict[Path, str] = {}
    for said, file in files.items():
        if file in there or file in names:
            continue
        names[file] = _unused(os.path.normpath(said.location), {*names.values(), *there.values()})
    return names | there


def _unused(name: str, taken: Collection[str]) -> str:
    """Number ``name`` where it is taken: ``w-2.bin`` after ``w.bin``."""
    path = Path(name)
    others = (str(path.with_stem(f"{path.stem}-{n}")) for n in itertools.count(2))
    return next(one for one in itertools.chain([name], others) if one not in taken)


def _is_there(source: Path, target: Path, model: Path) -> bool:
    if target.resolve() == model.resolve():
        raise StitchError(
            f"{str(model)!r} is what the file of weights is called; give the model another name"
        )
    if target.exists() and not target.samefile(source) and not _same_bytes(source, target):
        raise StitchError(
            f"{str(target)!r} is there already and is not the file of weights this model "
            "needs; write to another folder"
        )
    return target.exists()


def _same_bytes(one: Path, other: Path) -> bool:
    pair = [Stored(path, 0, path.stat().st_size) for path in (one, other)]
    return pair[0].length == pair[1].length and all(map(eq, *map(chunks, pair)))


def _link(source: Path, target: Path) -> None:
    """Share the bytes of ``source``: as a file of its own where the file system can, else by a link."""
    if clone(source, target):
        return
    try:
        os.link(source, target)
    except OSError as error:
        raise StitchError(
            f"{str(source)!r} cannot be hard-linked to {str(target)!r} ({error.strerror}); "
            "use --weights copy"
        ) from None


def _copy(source: Path, target: Path) -> None:
    with replacing(target) as temporary:
        copy_file(source, temporary)


def _reference(source: Path, target: Path) -> None:
    raise MissingWeightsError(
        f"the weights lie in {str(source)!r}, which ONNX cannot refer to from {str(target.parent)!r}; "
        "write beside it, or use --weights link"
    )


WAYS: Final[dict[str, Callable[[Path, Path], None]]] = {
    "link": _link,
    "copy": _copy,
    "reference": _reference,
}
"""What becomes of a file of weights beside the model."""
