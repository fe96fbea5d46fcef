"""An entry of a model repository: its folder, ``config.pbtxt`` and labels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from onnxprobe.errors import PackageError
from onnxprobe.graph.value import Value
from onnxprobe.package._base import Content
from onnxprobe.package.delivery import Delivery, label_file
from onnxprobe.package.feeds import closed
from onnxprobe.package.plain import told
from onnxprobe.triton.config import CONFIG, Config, read_config
from onnxprobe.triton.repository import versions
from onnxprobe.triton.textproto import all_of, messages
from onnxprobe.triton.writing import sizes, tensors, type_of, warm_up, without

MAX_BATCH: Final = 8
"""Pictures a run of an entry that had no ``config.pbtxt`` before, where the model takes any batch."""
_OWN: Final = ("name", "version_policy", "model_warmup")
"""What a second entry does not take over: its name is its folder's, and it has one version."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A folder of a model repository.

    Attributes:
        folder: where.
        config: its ``config.pbtxt``.
        version: the newest.
    """

    folder: Path
    config: Config
    version: int

    @classmethod
    def read(cls, folder: Path) -> "Entry":
        """Read the entry at ``folder``.

        Raises:
            PackageError: it is no entry, or serves no ONNX file.
        """
        found = versions(folder)
        if not found:
            raise PackageError(
                f"{str(folder)!r} is no entry of a model repository: it has no folder of a version, "
                "such as '1'; name the model's own folder, e.g. model_repository/face"
            )
        if not (folder / CONFIG).is_file():
            raise PackageError(
                f"{str(folder)!r} has no {CONFIG!r}, so Triton would take every output of the new "
                "file, and clients that name none would notice; write one first that names the "
                "outputs of today"
            )
        entry = cls(folder, read_config(folder / CONFIG), max(found))
        if not entry.config.onnx or not entry.file.is_file():
            raise PackageError(
                f"version {entry.version} of {str(folder)!r} is no ONNX model (looked for "
                f"{entry.config.filename!r}); only such a one can be replaced"
            )
        return entry

    @property
    def file(self) -> Path:
        """The model's file in the newest version."""
        return self.folder / str(self.version) / self.config.filename

    def copied(self) -> dict[str, Path]:
        """Return the files beside ``config.pbtxt`` that it names: labels, libraries of operators.

        Raises:
            PackageError: one of them is not there.
        """
        named = {output.label_filename for output in self.config.outputs} - {""}
        for operations in messages(self.config.fields, "model_operations"):
            said = all_of(operations, "op_library_filename")
            named |= {name for name in said if isinstance(name, str)}
        for name in sorted(named):
            if not (self.folder / name).is_file():
                raise PackageError(
                    f"{CONFIG!r} names {name!r}, which is not in {str(self.folder)!r}"
                )
        return {name: self.folder / name for name in sorted(named)}


def fresh(of: Delivery) -> dict[str, Content]:
    """Return the files of an entry of its own.

    Raises:
        PackageError: Triton has no form for one of the tensors.
    """
    batched = all(sizes(value)[:1] == (-1,) for value in (*of.inputs, *of.outputs))
    labels = _labels(of, ())
    feeds = {v.name: (type_of(v), sizes(v)[1 if batched else 0 :]) for v in of.inputs}
    text = (
        'backend: "onnxruntime"\n'
        f"max_batch_size: {MAX_BATCH if batched else 0}\n"
        f"{tensors('input', of.inputs, batched=batched)}"
        f"{tensors('output', of.outputs, batched=batched, labels=labels)}"
        f"{_warm_up(of, feeds)}"
    )
    return {CONFIG: text, **_rest(of, labels), **of.model_files(folder="1/")}


def second(of: Delivery, entry: Entry, new: Sequence[Value]) -> dict[str, Content]:
    """Return the files of an entry beside ``entry``: configured alike, with the new outputs too.

    Raises:
        PackageError: Triton has no form for one of the new outputs, or a file is missing.
    """
    old, copied = entry.config, entry.copied()
    labels = _labels(of, copied)
    feeds = {d.name: (d.data_type, d.dims) for d in old.inputs if not d.optional}
    text = (
        f"{without(old, _OWN).rstrip()}\n"
        f"{tensors('output', new, batched=old.max_batch_size > 0, labels=labels)}"
        f"{_warm_up(of, feeds)}"
    )
    files = of.model_files(old.filename, folder="1/")
    return {CONFIG: text, **copied, **_rest(of, labels), **files}


def _rest(of: Delivery, labels: Mapping[str, str]) -> dict[str, Content]:
    """Return what says what the model is, with labels under the names that the config gives them."""
    heads = {name: of.head_of(output) for output, name in labels.items()}
    others = {name: text for name, text in told(of).items() if not name.endswith("labels.txt")}
    return {**{name: head.lines for name, head in heads.items() if head}, **others}


def _labels(of: Delivery, taken: Iterable[str]) -> dict[str, str]:
    """Return the file of labels of each output that has a column for each class."""
    taken = set(taken)
    files = {}
    for head in of.heads:
        if head.classes and head.scores:
            name = label_file(head)
            files[head.scores] = f"new-{name}" if name in taken else name
    return files


def _warm_up(of: Delivery, feeds: Mapping[str, tuple[str, Sequence[int]]]) -> str:
    """Write the warm-up; nothing where the model leaves a size open that nobody knows."""
    known = {name: (kind, closed(of, shape)) for name, (kind, shape) in feeds.items()}
    if any(size < 0 for _, shape in known.values() for size in shape):
        return ""
    return warm_up(known)
