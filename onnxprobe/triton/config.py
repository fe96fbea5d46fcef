"""``config.pbtxt``: what it says of a model, as far as the ONNX Runtime backend looks at it.

Field names are those of model_config.proto in triton-inference-server/common.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from onnxprobe.errors import PackageError
from onnxprobe.triton.textproto import Message, all_of, messages, parse, text_of

CONFIG: Final = "config.pbtxt"
TYPES: Final = {
    "bool": "TYPE_BOOL",
    "uint8": "TYPE_UINT8",
    "uint16": "TYPE_UINT16",
    "uint32": "TYPE_UINT32",
    "uint64": "TYPE_UINT64",
    "int8": "TYPE_INT8",
    "int16": "TYPE_INT16",
    "int32": "TYPE_INT32",
    "int64": "TYPE_INT64",
    "float16": "TYPE_FP16",
    "float32": "TYPE_FP32",
    "float64": "TYPE_FP64",
    "str": "TYPE_STRING",
}
"""What the backend calls the types it has; bfloat16, complex and smaller ones it has not."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A tensor as ``config.pbtxt`` declares it.

    Attributes:
        name: of the tensor.
        data_type: ``"TYPE_FP32"`` and the like; empty where it is left out.
        dims: sizes without the batch where the model is batched; -1 for any.
        shape: ``dims``, or what ``reshape`` makes of them: what the model itself sees.
        optional: whether a request may leave it out.
        ragged: whether requests of different sizes are laid end to end.
        label_filename: a file of labels, beside ``config.pbtxt``; empty where there is none.
    """

    name: str
    data_type: str
    dims: tuple[int, ...]
    shape: tuple[int, ...]
    optional: bool = False
    ragged: bool = False
    label_filename: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """A ``config.pbtxt``.

    Attributes:
        text: all of it.
        fields: its statements.
        name: of the model; empty where it is left to the folder.
        platform: ``"onnxruntime_onnx"`` for ONNX, where that is how it is said.
        backend: ``"onnxruntime"`` for ONNX, where that is how it is said.
        filename: the model's file in each version.
        max_batch_size: 0 where the model is not batched, or nobody said.
        inputs: what requests bring.
        outputs: what requests can ask for.
    """

    text: str
    fields: Message
    name: str
    platform: str
    backend: str
    filename: str
    max_batch_size: int
    inputs: tuple[Declared, ...]
    outputs: tuple[Declared, ...]

    @property
    def completed(self) -> bool:
        """Whether Triton fills in inputs or outputs from the model's file."""
        fed = self.inputs or messages(self.fields, "batch_input")
        return not (fed and self.outputs)

    @property
    def onnx(self) -> bool:
        """Whether the ONNX Runtime backend serves it, as far as is said here."""
        if self.backend or self.platform:
            return self.backend == "onnxruntime" or self.platform == "onnxruntime_onnx"
        return self.filename.endswith(".onnx")


def read_config(path: Path) -> Config:
    """Read the file ``path``.

    Raises:
        PackageError: there is no such file, or it is no ``config.pbtxt``.
    """
    try:
        return config(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError):
        raise PackageError(f"there is no file {str(path)!r}") from None
    except UnicodeDecodeError:
        raise PackageError(f"{str(path)!r} is not text") from None
    except PackageError as error:
        raise PackageError(f"{str(path)!r}, {error}") from None


def config(text: str) -> Config:
    """Read the text of a ``config.pbtxt``; an empty one is what Triton completes by itself.

    Raises:
        PackageError: it is not protobuf text format, or a number is none.
    """
    fields = parse(text)
    return Config(
        text=text,
        fields=fields,
        name=text_of(fields, "name"),
        platform=text_of(fields, "platform"),
        backend=text_of(fields, "backend"),
        filename=text_of(fields, "default_model_filename") or "model.onnx",
        max_batch_size=_number(text_of(fields, "max_batch_size") or "0"),
        inputs=tuple(map(_declared, messages(fields, "input"))),
        outputs=tuple(map(_declared, messages(fields, "output"))),
    )


def _declared(message: Message) -> Declared:
    dims = _numbers(message, "dims")
    reshape = messages(message, "reshape")
    return Declared(
        name=text_of(message, "name"),
        data_type=text_of(message, "data_type"),
        dims=dims,
        shape=_numbers(reshape[-1], "shape") if reshape else dims,
        optional=_yes(message, "optional"),
        ragged=_yes(message, "allow_ragged_batch"),
        label_filename=text_of(message, "label_filename"),
    )


def _numbers(message: Message, name: str) -> tuple[int, ...]:
    return tuple(_number(value) for value in all_of(message, name) if isinstance(value, str))


def _number(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise PackageError(f"{text!r} stands where a whole number is wanted") from None


def _yes(message: Message, name: str) -> bool:
    return text_of(message, name).lower() in ("true", "t", "1")
