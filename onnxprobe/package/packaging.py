"""Write a fused model as the folder that a target's users copy."""

from pathlib import Path
from typing import TypeVar

from onnxprobe.errors import PackageError
from onnxprobe.package._base import Packaged, Packaging
from onnxprobe.package.delivery import Delivery
from onnxprobe.package.fitting import fit
from onnxprobe.package.folder import free, summed, write_folder
from onnxprobe.package.signing import sign

T = TypeVar("T")


def package(
    fused: Path,
    packaging: Packaging,
    out: Path,
    name: str | None = None,
    *,
    key: Path | None = None,
) -> Packaged:
    """Write the model ``fused``, and what lies beside it, to the new folder ``out``.

    The folder is there whole or not at all, and the same input gives the same bytes.

    Args:
        fused: the model.
        packaging: who takes it.
        out: the folder; it must be new or empty.
        name: what servers are to call the model; the folder's name by default.
        key: a private key to sign the folder with, in PEM.

    Raises:
        PackageError: ``out`` holds something, the model cannot be served so, or it is no key.
        MissingExtraError: a key is given, and the extra ``sign`` is not installed.
        NotOnnxError, MissingWeightsError, GraphError: the model cannot be read.
    """
    free(out)
    delivery = Delivery.read(fused, name or out.resolve().name)
    if packaging.lints:
        fit(delivery, packaging.lints)
    finish = (lambda _: None) if key is None else (lambda folder: sign(folder, key))
    files = write_folder(summed(packaging.files(delivery)), out, finish)
    following = packaging.next.format(folder=out).splitlines()
    return Packaged(out, files, delivery.notes, tuple(following))


def replace(fused: Path, packaging: Packaging, serving: Path, name: str | None = None) -> Packaged:
    """Put the model ``fused`` where ``serving`` is served today, so that its clients do not notice.

    Args:
        fused: the model.
        packaging: what serves it.
        serving: what serves today; for Triton the model's folder in the repository.
        name: of what is put beside it.

    Raises:
        PackageError: the target has no such place, or this is none.
        ContractError: the new file would not answer as the old one does.
        NotOnnxError, MissingWeightsError, GraphError: a model cannot be read.
    """
    return _able(packaging, packaging.replace)(fused, serving, name)


def rollback(packaging: Packaging, serving: Path) -> Packaged:
    """Take back what :func:`replace` last put where ``serving`` is.

    Raises:
        PackageError: there is nothing to take back, or it was changed since.
    """
    return _able(packaging, packaging.rollback)(serving)


def _able(packaging: Packaging, how: T | None) -> T:
    if how is None:
        raise PackageError(
            f"a package for {packaging.name!r} replaces nothing that is served; write a folder with -o"
        )
    return how
