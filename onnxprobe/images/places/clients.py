"""What client libraries are told about how they are used."""

import re
from typing import Any, Final

from onnxprobe.images.places.patience import Patience

AT_ONCE: Final = 32
"""Requests under way at once; of 50 ms each, they bring 640 pictures a second."""
_S3: Final = re.compile(r"(?:^|::)(s3a?)://")


def options_for(url: str, patience: Patience) -> dict[str, Any]:
    """Return what fsspec is told beside ``url``; what users have configured stays.

    The client of S3 would keep to ten connections, and let none be silent for more than 15 seconds.
    """
    found = _S3.search(url)
    if found is None:
        return {}
    from fsspec.config import conf  # noqa: PLC0415  of an extra

    configured: dict[str, Any] = {}
    for protocol in ("s3", "s3a"):
        configured |= conf.get(protocol, {}).get("config_kwargs", {})
    ours = {"max_pool_connections": AT_ONCE, "read_timeout": patience.seconds}
    return {found[1]: {"config_kwargs": ours | configured}}
