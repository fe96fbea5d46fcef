"""Writing ``config.pbtxt``: a new one, or an old one with statements left out and others added."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from onnxprobe.errors import PackageError
from onnxprobe.graph.value import Value
from onnxprobe.triton.config import TYPES, Config
from onnxprobe.triton.textproto import quote

_ANY: Final = -1


def without(config: Config, names: Collection[str]) -> str:
    """Return the text of ``config`` without the statements called ``names``, else as it was."""
    text, kept, at = config.text, [], 0
    for field in config.fields:
        if field.name not in names:
            continue
        kept.append(text[at : field.start])
        at = field.end
        while text[at : at + 1] in (" ", "\t", ",", ";"):
            at += 1
        if text[at : at + 1] == "\n" and text[: field.start].rpartition("\n")[2].strip() == "":
            at += 1
    return "".join((*kept, text[at:]))


def tensors(
    kind: str, values: Iterable[Value], *, batched: bool, labels: Mapping[str, str] | None = None
) -> str:
    """Write the statement that declares ``values``.

    Args:
        kind: ``"input"`` or ``"output"``.
        values: what the model's file declares.
        batched: whether the first size is left out, which Triton adds where it batches.
        labels: files of labels by the name of the output they belong to.

    Raises:
        PackageError: the backend has no such type, or the rank is not known.
    """
    entries = (_tensor(v, batched=batched, label=(labels or {}).get(v.name, "")) for v in values)
    return f"{kind} [\n" + ",\n".join(entries) + "\n]\n"


def warm_up(inputs: Mapping[str, tuple[str, Sequence[int]]]) -> str:
    """Write a warm-up of one request of zeros, so that no client waits for the first run.

    Args:
        inputs: the type, as Triton calls it, and the shape of each input.
    """
    entries = "".join(
        f"  inputs {{\n    key: {quote(name)}\n    value {{ data_type: {kind} "
        f"dims: {_list(shape)} zero_data: true }}\n  }}\n"
        for name, (kind, shape) in inputs.items()
    )
    return f'model_warmup {{\n  name: "zeros"\n  batch_size: 1\n{entries}}}\n'


def type_of(value: Value) -> str:
    """Return what Triton calls the type of a tensor.

    Raises:
        PackageError: its ONNX Runtime backend has no such type.
    """
    if value.dtype not in TYPES:
        raise PackageError(
            f"{value} cannot be served by Triton: its ONNX Runtime backend has no {value.dtype or 'such type'}"
        )
    return TYPES[value.dtype]


def sizes(value: Value) -> tuple[int, ...]:
    """Return the shape as Triton writes it: -1 for what is open.

    Raises:
        PackageError: nothing is known of it.
    """
    if value.shape is None:
        raise PackageError(
            f"{value} cannot be served by Triton: the file does not say how many dimensions it has"
        )
    return tuple(size if isinstance(size, int) else _ANY for size in value.shape)


def _tensor(value: Value, *, batched: bool, label: str) -> str:
    dims = sizes(value)[1 if batched else 0 :]
    # a tensor needs a dimension here; the backend's own completion reshapes so
    reshape = " reshape { shape: [ ] }" if not dims and batched else ""
    named = f" label_filename: {quote(label)}" if label else ""
    return (
        f"  {{ name: {quote(value.name)} data_type: {type_of(value)} "
        f"dims: {_list(dims or (1,))}{reshape}{named} }}"
    )


def _list(numbers: Sequence[int]) -> str:
    return f"[ {', '.join(map(str, numbers))} ]"
