"""Where the shards of a store are made: in this process and on its devices, or by a cluster."""

from onnxprobe.embed.engines._base import Engine
from onnxprobe.embed.engines.local import Local
from onnxprobe.embed.engines.ray import Ray
from onnxprobe.errors import NoSuchNameError

LOCAL = Local()


def engine_of(
    name: str | None, *, address: str | None = None, workers: int | None = None
) -> Engine:
    """Return the engine of this name.

    Args:
        name: ``"local"`` or ``"ray"``; local where nobody says.
        address: of a Ray cluster; one is started on this machine where nobody says.
        workers: processes, or actors of Ray; as many as pay where nobody says.

    Raises:
        NoSuchNameError: there is no such engine.
    """
    known: dict[str, Engine] = {"local": Local(workers), "ray": Ray(address, workers)}
    if name is not None and name not in known:
        raise NoSuchNameError("engine", name, known)
    return known[name or "local"]


__all__ = ["LOCAL", "Engine", "Local", "Ray", "engine_of"]
