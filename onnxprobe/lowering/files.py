"""Fitted estimators in files: what may be opened, and on whose word."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from onnxprobe.errors import LoweringError, MissingExtraError, quoted
from onnxprobe.registry import Registry


@dataclass(frozen=True, slots=True)
class Format:
    """A way to keep an estimator in a file.

    Attributes:
        name: how the file's name ends.
        read: ``(path, whether the user trusts the file)`` to the estimator.
    """

    name: str
    read: Callable[[Path, bool], Any]


def read_estimator(path: Path, *, trust: bool = False) -> Any:
    """Return the estimator in a file.

    Args:
        path: a ``.skops`` file, or a pickle as joblib and pickle write it.
        trust: whether code that the file brings may run. A pickle can do anything.

    Raises:
        LoweringError: it is no such file, is damaged, or must be trusted first.
        MissingExtraError: the package that reads it is not installed.
    """
    if not path.is_file():
        raise LoweringError(f"there is no file {str(path)!r}")
    if path.suffix not in set(FORMATS):
        raise LoweringError(
            f"{str(path)!r} is not a head: its name ends in {path.suffix!r}; there is {quoted(['.onnx', *FORMATS])}"
        )
    return FORMATS[path.suffix].read(path, trust)


def _skops(path: Path, trust: bool) -> Any:  # noqa: FBT001  a reader's form
    try:
        from skops import io  # noqa: PLC0415  it imports scikit-learn
    except ImportError as missing:
        raise MissingExtraError("reading a .skops file", "skops", extra="skops") from missing
    unknown = _opened(path, lambda: io.get_untrusted_types(file=path))
    if unknown and not trust:
        raise LoweringError(
            f"{str(path)!r} holds types that are not known to be safe: {quoted(unknown)}; --trust loads them"
        )
    return _opened(path, lambda: io.load(path, trusted=unknown))


def _pickle(path: Path, trust: bool) -> Any:  # noqa: FBT001
    if not trust:
        raise LoweringError(
            f"{str(path)!r} is a pickle, which can run any code when it is opened; --trust says that you know "
            "where it comes from; a .skops file needs no such word"
        )
    try:
        import joblib  # noqa: PLC0415  it comes with scikit-learn
    except ImportError as missing:
        raise MissingExtraError("reading a pickle", "joblib", extra="recipes") from missing
    return _opened(path, lambda: joblib.load(path))


def _opened(path: Path, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except Exception as error:  # a damaged pickle raises whatever it likes
        first = " ".join(str(error).split())[:200]
        raise LoweringError(
            f"{str(path)!r} cannot be read: {type(error).__name__}: {first}"
        ) from error


FORMATS: Final = Registry(
    "file of an estimator",
    [Format(".skops", _skops), *(Format(end, _pickle) for end in (".joblib", ".pkl", ".pickle"))],
)
