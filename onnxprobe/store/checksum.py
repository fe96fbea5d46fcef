"""A checksum of named arrays, by which a file of them is known to be whole."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray


def checksum(arrays: Iterable[tuple[str, NDArray[Any]]]) -> str:
    """Return 128 bits, hexadecimal, of names, types, shapes and contents, in this order."""
    digest = blake2b(digest_size=16)
    for name, values in arrays:
        digest.update(f"{name} {values.dtype} {values.shape}".encode())
        digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()
