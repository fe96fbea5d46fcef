"""What goes wrong with a library that is not ours, in one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from onnxprobe.errors import InteropError, MissingExtraError, OnnxprobeError


def missing(what: str, package: str) -> MissingExtraError:
    """Return the error for a package that is not installed."""
    return MissingExtraError(what, package, extra="interop")


@contextmanager
def asked(library: str, to: str) -> Iterator[None]:
    """Say in one line what ``library`` raises when it is asked ``to`` do something.

    Raises:
        InteropError: it raised something.
    """
    try:
        yield
    except (OnnxprobeError, MemoryError):
        raise
    except Exception as error:
        cause: BaseException = error
        while cause.__cause__ is not None:  # the first one says why
            cause = cause.__cause__
        why = " ".join(str(cause).split()) or type(cause).__name__
        raise InteropError(f"{library} cannot {to}: {why}") from error
