"""Every error a user can cause. One base class, so one ``except`` catches them all."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_ALL_NAMED: Final = 40
"""Up to so many names are all in a message; a message is a line."""
_FIRST_NAMED: Final = 10
"""So many are of more."""


class OnnxprobeError(Exception):
    """A mistake in what was asked for; the message says how to ask again.

    Names in it may come from a hostile file: what cannot be seen, or steers a terminal, is escaped.
    """

    def __str__(self) -> str:
        said = super().__str__()
        return said if said.isprintable() else "".join(map(_escaped, said))


class NoSuchNameError(OnnxprobeError, LookupError):
    """A tensor, node, setting or registered name that does not exist.

    Those of the ``likely`` names that are near are suggested, or else any that are; where none is,
    the likely ones come first.
    """

    def __init__(
        self, kind: str, name: str, known: Iterable[str], *, likely: Iterable[str] = ()
    ) -> None:
        first = list(dict.fromkeys(likely))
        names = [*first, *sorted(set(known).difference(first))]
        near = get_close_matches(name, first, n=3) or get_close_matches(name, names, n=3)
        hint = f"did you mean {quoted(near)}?" if near else _among(names)
        super().__init__(f"no {kind} named {name!r}; {hint}")


class NotOnnxError(OnnxprobeError, ValueError):
    """A file that is not an ONNX model, or only the beginning of one."""


class MissingWeightsError(OnnxprobeError, FileNotFoundError):
    """A model whose weights lie in a file that is not there."""


class NotACutError(OnnxprobeError, ValueError):
    """Tensors that do not separate the graph's inputs from its outputs."""


class GraphError(OnnxprobeError, ValueError):
    """A graph that cannot be followed: a cycle, nodes out of order, no way from input to output."""


class StitchError(OnnxprobeError, ValueError):
    """Two graphs whose tensors do not fit together."""


class VersionError(OnnxprobeError, ValueError):
    """An operator, opset or IR version that the other side does not have."""


class RunError(OnnxprobeError, RuntimeError):
    """A model that the runtime does not load, or does not run on what it was fed."""


class DeviceError(OnnxprobeError, ValueError):
    """A device that is not there, or on which a model would not really run."""


class PoolingError(OnnxprobeError, ValueError):
    """A tensor of a shape that the pooling cannot turn into vectors."""


class ContractError(OnnxprobeError):
    """A new file would not answer as the old one did; it was not written."""


class BatchError(OnnxprobeError, ValueError):
    """Pictures of a batch whose answers would mix, or cannot be shown not to."""


class MissingExtraError(OnnxprobeError, ImportError):
    """A package that belongs to an extra which is not installed."""

    def __init__(self, what: str, package: str, *, extra: str) -> None:
        super().__init__(
            f"{what} needs {package}; install it with: pip install 'onnxprobe[{extra}]'"
        )


class PicturesError(OnnxprobeError, ValueError):
    """Pictures that are not there, or that nothing can be read from."""


class StoreError(OnnxprobeError, ValueError):
    """A store on disk that belongs to another run, or is in use."""


class RecipeError(OnnxprobeError, ValueError):
    """A recipe, step or setting that cannot run on what it was given."""


class ComparisonError(OnnxprobeError, ValueError):
    """Two runs that have too little in common to be compared."""


class SelectionError(OnnxprobeError, ValueError):
    """Pictures of a run that cannot be chosen as was asked."""


class DomainError(OnnxprobeError, ValueError):
    """An edit of domains that cannot be made, or a file of edits that cannot be read."""


class PackageError(OnnxprobeError, ValueError):
    """A package that cannot be written, or a place that it cannot be written to."""


class RecordingError(OnnxprobeError, ValueError):
    """A recording of requests that cannot be read."""


class ServerError(OnnxprobeError, ConnectionError):
    """A server that is not where it is said to be, or does not answer."""


class InteropError(OnnxprobeError, ValueError):
    """A graph that another library does not read or write."""


class LoweringError(OnnxprobeError, ValueError):
    """A fitted estimator, or an operator of a head, that has no form in plain ``ai.onnx``."""


def quoted(names: Iterable[str]) -> str:
    """Write names for a message: ``'a', 'b'``; of very many the first, and how many there are besides.

    >>> quoted(["a", "b"])
    "'a', 'b'"
    """
    listed = list(names)
    if len(listed) <= _ALL_NAMED:
        return ", ".join(map(repr, listed))
    shown = ", ".join(map(repr, listed[:_FIRST_NAMED]))
    return f"{shown} and {len(listed) - _FIRST_NAMED:,} more"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun.

    >>> plural(1, "picture"), plural(3786, "picture")
    ('1 picture', '3,786 pictures')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _escaped(letter: str) -> str:
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode()


def _among(names: list[str], limit: int = 6) -> str:
    more = len(names) - limit
    return (
        f"there is {quoted(names[:limit])}" + (f" and {more} more" if more > 0 else "")
        if names
        else "there are none"
    )
