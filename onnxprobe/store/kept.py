"""What was found in the vectors of a store, kept beside its shards for as long as these are the same.

Finding may take minutes, and a report is drawn many times. Each finding is a file of its own,
``KIND-….h5``, that says of which vectors it is; anybody may delete it, and it is found again.
"""

import io
from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import h5py
from numpy.typing import NDArray

from onnxprobe.errors import StoreError
from onnxprobe.store.checksum import checksum
from onnxprobe.store.disk import put
from onnxprobe.store.resume import shard_name
from onnxprobe.store.store import Store
from onnxprobe.store.top import folder_of

Arrays = Mapping[str, NDArray[Any]]
_OF: Final = "of"
_CHECKSUM: Final = "checksum"


def digest_of(store: Store) -> str | None:
    """Return a digest of all that ``store`` shows, from the checksums of its shards.

    ``None`` where it has no shards (it was exported), or one of them cannot be read.
    """
    digest, size = blake2b(digest_size=16), store.header.shard_rows
    digest.update(f"{store.header.identity} {store.pictures}".encode())
    try:
        for number in range(-(-store.pictures // size)):
            with h5py.File(folder_of(store.path) / shard_name(number), "r") as file:
                digest.update(file.attrs[_CHECKSUM].encode())
    except (OSError, KeyError):
        return None
    return digest.hexdigest()


def recall(path: Path, of: str) -> Arrays | None:
    """Return what was kept at ``path`` of the vectors ``of``; ``None`` where there is no such."""
    try:
        with h5py.File(path, "r") as file:
            arrays = {name: values[...] for name, values in file.items()}
            whole = file.attrs[_CHECKSUM] == checksum(sorted(arrays.items()))
            return arrays if whole and file.attrs[_OF] == of else None
    except (OSError, KeyError, ValueError, RuntimeError):
        return None


def keep(path: Path, of: str, arrays: Arrays) -> None:
    """Keep ``arrays`` at ``path``, and drop what is kept of the same kind of other vectors.

    Where that cannot be written, such as in a folder that is read-only, nothing is kept: it is
    found again when it is asked for.
    """
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, values in arrays.items():
            file.create_dataset(name, data=values)
        file.attrs[_OF], file.attrs[_CHECKSUM] = of, checksum(sorted(arrays.items()))
    with suppress(StoreError, OSError):
        put(buffer.getvalue(), path)
        kind = path.name.partition("-")[0]
        for other in path.parent.glob(f"{kind}-*.h5"):
            if recall(other, of) is None:
                other.unlink(missing_ok=True)
