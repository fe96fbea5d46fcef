"""What is known of a runtime: facts as data, each with where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from onnxprobe.errors import VersionError


@dataclass(frozen=True, slots=True)
class Release:
    """The newest versions that one release of a runtime loads.

    Attributes:
        version: of the runtime; what holds for it holds for later ones up to the next release here.
        opset: of the default operator set.
        ir: of the file format.
        domains: other operator sets, and their newest versions.
    """

    version: str
    opset: int
    ir: int
    domains: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime, and what it does not load.

    Attributes:
        name: what ``--target`` calls it.
        releases: oldest first.
        without: operators that it does not load, and what to do instead; names as ``Node.op`` has
            them.
        without_types: types of numbers that it does not compute in.
        text: whether it takes tensors of text.
        maps: whether it takes outputs that are no tensors.
        oldest_opset: below it nothing loads.
        source: where the facts come from.
    """

    name: str
    releases: tuple[Release, ...]
    source: str
    without: Mapping[str, str] = field(default_factory=dict)
    without_types: frozenset[str] = frozenset()
    text: bool = False
    maps: bool = False
    oldest_opset: int = 9

    def release(self, version: str | None) -> Release:
        """Return what is known of ``version``: that of the newest release that is not newer.

        Raises:
            VersionError: it is older than anything known, or no version.
        """
        if version is None:
            return self.releases[-1]
        wanted = _numbers(version)
        known = [release for release in self.releases if _numbers(release.version) <= wanted]
        if not known:
            raise VersionError(
                f"nothing is known of {self.name} {version}; the oldest is {self.releases[0].version}"
            )
        return known[-1]

    def first_with(self, *, opset: int, ir: int) -> Release | None:
        """Return the oldest release that loads a file of ``opset`` and ``ir``, if one does."""
        fitting = (r for r in self.releases if r.opset >= opset and r.ir >= ir)
        return next(fitting, None)


@dataclass(frozen=True, slots=True)
class Target:
    """A runtime of one version, as it was asked for.

    Attributes:
        runtime: the facts of all its releases.
        release: the facts that hold for this one.
        version: what was asked for; the newest known where nobody said.
    """

    runtime: Runtime
    release: Release
    version: str

    def __str__(self) -> str:
        return f"{self.runtime.name} {self.version}"


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")
    if not all(part.isdecimal() for part in parts):
        raise VersionError(f"{version!r} is no version; write it as 1.16 or 1.16.3")
    return tuple(map(int, parts))
