"""Signatures: who packaged a folder, and that no file in it was changed since; all of it offline.

A signature is one file, ``model.sig``, in the format of OpenSSF Model Signing (a Sigstore bundle
with an in-toto statement of every file's sha256), so that others' tools verify it too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from onnxprobe.errors import MissingExtraError, PackageError

SIGNATURE: Final = "model.sig"


def sign(folder: Path, key: Path) -> None:
    """Sign every file of ``folder`` with the elliptic-curve private key in the PEM file ``key``.

    Raises:
        MissingExtraError: the extra ``sign`` is not installed.
        PackageError: it is no such key.
    """
    library = _library()
    _there(key)
    with _said(f"{str(key)!r} cannot sign; it must be an unencrypted EC private key in PEM"):
        signer = library.signing.Config().use_elliptic_key_signer(private_key=key)
        signer.set_hashing_config(_every_file(library)).sign(folder, folder / SIGNATURE)


def verify_signature(folder: Path, key: Path) -> None:
    """Verify the signature of ``folder`` with the public key in the PEM file ``key``.

    Raises:
        MissingExtraError: the extra ``sign`` is not installed.
        PackageError: the folder is not signed, not by that key, or was changed since.
    """
    library = _library()
    _there(key)
    if not (folder / SIGNATURE).is_file():
        raise PackageError(f"{str(folder)!r} is not signed: it has no {SIGNATURE!r}")
    with _said(f"{str(folder)!r} is not what the owner of {str(key)!r} signed"):
        verifier = library.verifying.Config().use_elliptic_key_verifier(public_key=key)
        verifier.set_hashing_config(_every_file(library))
        verifier.verify(folder, folder / SIGNATURE)


def _every_file(library: Any) -> Any:
    """Return what is signed: all but the signature, dotfiles of git included."""
    return library.hashing.Config().set_ignored_paths(
        paths=[Path(SIGNATURE)], ignore_git_paths=False
    )


def _there(key: Path) -> None:
    if not key.is_file():
        raise PackageError(
            f"there is no key {str(key)!r}; make one with: openssl ecparam -name prime256v1 -genkey "
            "-noout -out key.pem, and its public half with: openssl ec -in key.pem -pubout -out key.pub"
        )


@contextmanager
def _said(what: str) -> Iterator[None]:
    """Say ``what`` for the many kinds of errors of the libraries below."""
    try:
        yield
    except Exception as error:
        why = " ".join(f"{type(error).__name__}: {error}".split())
        raise PackageError(f"{what} ({why})") from error


def _library() -> Any:
    try:
        import model_signing
    except ImportError as missing:
        raise MissingExtraError("signing", "model-signing", extra="sign") from missing
    return model_signing
