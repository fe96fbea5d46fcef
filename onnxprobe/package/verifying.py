"""Whether a package is as it was written."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from onnxprobe.errors import PackageError
from onnxprobe.package.folder import SUMS
from onnxprobe.package.signing import SIGNATURE, verify_signature
from onnxprobe.proof import sha256


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found to be as it was.

    Attributes:
        files: how many have the sha256 that they had.
        signed: whether there is a signature.
        by: the public key that it was verified with; ``None`` where nobody gave one.
    """

    files: int
    signed: bool
    by: str | None

    def to_json(self) -> dict[str, Any]:
        """Return this as plain values."""
        return asdict(self)


def verify(folder: Path, key: Path | None = None) -> Verified:
    """Verify that every file of ``folder`` is as ``SHA256SUMS`` says, and none was added.

    Sums tell accidents; who packaged it is told by a signature and the public key ``key``.

    Raises:
        PackageError: a file was changed, added or taken away, or the signature does not hold.
        MissingExtraError: a key is given, and the extra ``sign`` is not installed.
    """
    if not (folder / SUMS).is_file():
        raise PackageError(f"{str(folder)!r} is no package: it has no {SUMS!r}")
    sums = _read(folder / SUMS)
    found = {str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir()}
    for name in sorted(found.difference(sums, (SUMS, SIGNATURE))):
        raise PackageError(f"{name!r} was not in {str(folder)!r} when it was packaged")
    for name, digest in sums.items():
        if name not in found:
            raise PackageError(f"{name!r} is missing from {str(folder)!r}")
        if sha256(folder / name) != digest:
            raise PackageError(
                f"{name!r} in {str(folder)!r} has been changed since it was packaged"
            )
    if key is not None:
        verify_signature(folder, key)
    signed = (folder / SIGNATURE).is_file()
    return Verified(len(sums), signed, None if key is None else str(key))


def _read(path: Path) -> dict[str, str]:
    lines = path.read_bytes().decode("utf-8", "replace").splitlines()
    pairs = [line.split("  ", 1) for line in lines]
    if any(len(pair) != 2 for pair in pairs):  # noqa: PLR2004  digest and name
        raise PackageError(f"{str(path)!r} is damaged")
    return {name: digest for digest, name in pairs}
