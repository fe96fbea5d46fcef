"""Read the tensors of a PyTorch checkpoint without PyTorch.

The format is the one that ``torch.save`` wrote before PyTorch 1.6: three pickles of header (magic
number, protocol, machine), a pickle of the state dict whose tensors only point into storages, a
pickle of the storages' keys, and then every storage as an int64 count and that many numbers.
Only the four names that a state dict of plain tensors is made of are unpickled; any other is
refused, so reading a file runs none of its code.
"""

import io
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import OnnxprobeError

_MAGIC: Final = 0x1950A86A20F9469CFC6C
_PROTOCOL: Final = 1001
_COUNT_BYTES: Final = 8


class CheckpointError(OnnxprobeError, ValueError):
    """A file that is not the checkpoint it should be."""


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: np.dtype[Any]


@dataclass(frozen=True)
class _Tensor:
    """A view of a storage: offset and strides count numbers, not bytes."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def read(self, storages: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """Return the numbers; numpy checks that the view lies inside the storage."""
        size = self.storage.dtype.itemsize
        return np.ndarray(
            self.shape,
            self.storage.dtype,
            buffer=storages[self.storage.key],
            offset=self.offset * size,
            strides=[stride * size for stride in self.strides],
        )


def read_state_dict(checkpoint: bytes) -> dict[str, NDArray[Any]]:
    """Return every tensor of the state dict in ``checkpoint`` by its name.

    Raises:
        CheckpointError: it has another format, names other classes, or ends too early.
    """
    file = io.BytesIO(checkpoint)
    try:
        _check_header([_Unpickler(file).load() for _ in range(3)])
        tensors = _Unpickler(file).load()
        keys = _Unpickler(file).load()
    except (pickle.UnpicklingError, EOFError) as error:
        raise _not_legacy(checkpoint) from error
    plain = isinstance(tensors, dict) and all(isinstance(t, _Tensor) for t in tensors.values())
    if not plain:
        raise CheckpointError("the checkpoint holds more than a state dict of plain tensors")
    dtypes = {tensor.storage.key: tensor.storage.dtype for tensor in tensors.values()}
    storages = {key: _numbers(file, key, dtypes[key]) for key in keys}
    return {name: tensor.read(storages) for name, tensor in tensors.items()}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _KNOWN[f"{module}.{name}"]
        except KeyError:
            raise CheckpointError(
                f"the checkpoint names '{module}.{name}', which a state dict of plain tensors "
                "does not need; nothing of it was run"
            ) from None

    def persistent_load(self, pid: Any) -> _Storage:
        _, dtype, key, *_ = pid
        return _Storage(key, dtype)


def _rebuild_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _Tensor:
    return _Tensor(storage, offset, shape, strides)


_KNOWN: Final[Mapping[str, Any]] = {
    "collections.OrderedDict": OrderedDict,
    "torch._utils._rebuild_tensor_v2": _rebuild_tensor,
    "torch.FloatStorage": np.dtype("<f4"),
    "torch.LongStorage": np.dtype("<i8"),
}


def _check_header(header: list[Any]) -> None:
    magic, protocol, machine = header
    if (magic, protocol, machine["little_endian"]) != (_MAGIC, _PROTOCOL, True):
        raise CheckpointError(f"the checkpoint has an unknown header: {header}")


def _numbers(file: io.BytesIO, key: str, dtype: np.dtype[Any]) -> NDArray[Any]:
    count = file.read(_COUNT_BYTES)
    size = int.from_bytes(count, "little") * dtype.itemsize
    numbers = file.read(size)
    if len(count) + len(numbers) != _COUNT_BYTES + size:
        raise CheckpointError(f"the checkpoint ends inside storage '{key}'; download it again")
    return np.frombuffer(numbers, dtype)


def _not_legacy(checkpoint: bytes) -> CheckpointError:
    return CheckpointError(
        f"the checkpoint (it starts with {checkpoint[:4]!r}) is not one of PyTorch before 1.6; "
        "with PyTorch, write it with torch.save(..., _use_new_zipfile_serialization=False)"
    )
