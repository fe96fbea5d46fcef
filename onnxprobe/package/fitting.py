"""Nothing is packaged that those who are to serve it would refuse."""

from onnxprobe.errors import PackageError
from onnxprobe.lint import LINTINGS, findings
from onnxprobe.package.delivery import Delivery
from onnxprobe.triton.config import Config


def fit(of: Delivery, linting: str, config: Config | None = None, where: str = "") -> None:
    """Raise where those who are to serve the model would refuse it.

    Args:
        of: the model.
        linting: who is to serve it.
        config: the ``config.pbtxt`` it is served with, for Triton.
        where: which of several places it is to be served in, for the message.

    Raises:
        PackageError: the message says what is in the way and how to mend it.
    """
    found = findings(of.model, LINTINGS[linting], path=str(of.path), config=config)
    wrong = next((finding for finding in found if finding.level == "error"), None)
    if wrong is not None:
        place = f" in {where}" if where else ""
        raise PackageError(
            f"{linting} would refuse {str(of.path)!r}{place}: {wrong.says}; {wrong.fix}"
        )
