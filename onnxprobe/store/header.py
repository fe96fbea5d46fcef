"""What a store was made of. A store of one header is never mixed with another."""

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from onnxprobe.errors import StoreError

FORMAT = 1
"""Version of the layout on disk; raised when older software could not read it any more."""
DTYPES = ("float32", "float16")
"""How vectors can be stored; half the size, three digits."""

_BEFORE = {"hash": "sha256"}
"""What stores were made with that do not say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Everything that the rows of a store depend on.

    Attributes:
        model: SHA-256 of the backbone.
        probes: ``tensor:pooling`` of each, in order.
        preprocess: as JSON.
        max_pixels: above which pictures are refused.
        seed: of the order of the pictures.
        batch: pictures per run of the model.
        shard_rows: pictures per shard.
        pictures: how many the source holds.
        names: digest of their names.
        dtype: in which vectors are stored, one of ``DTYPES``.
        hash: what files are told apart by.
        computed: on what kind of device, and in which precision; the last bits depend on it.
        source: where the pictures were, as it was asked for; not compared, folders may move.
        format: of the files.
    """

    model: str
    probes: tuple[str, ...]
    preprocess: str
    max_pixels: int
    seed: int
    batch: int
    shard_rows: int
    pictures: int
    names: str
    source: str
    dtype: str = "float32"
    hash: str = "xxh3-128"
    computed: str = "cpu float32"
    format: int = FORMAT

    def to_json(self) -> str:
        """Write as one line."""
        return json.dumps(asdict(self), ensure_ascii=True)

    @property
    def identity(self) -> str:
        """What ``require_same`` compares, as one line: the same where only the folder was named otherwise."""
        return replace(self, source="").to_json()

    @classmethod
    def from_json(cls, text: str | bytes, path: Path) -> "Header":
        """Read what ``to_json`` wrote.

        Raises:
            StoreError: ``path``, which it is from, is no store, or one of another format.
        """
        try:
            said = json.loads(text)
            made_by = said.get("format")
            if made_by == FORMAT:
                return cls(**(_BEFORE | said | {"probes": tuple(said["probes"])}))
        except (ValueError, TypeError, AttributeError, KeyError):
            raise StoreError(f"{str(path)!r} is not an embedding store, or a damaged one") from None
        raise StoreError(
            f"{str(path)!r} is a store of format {made_by}; this version reads format {FORMAT}"
        )

    def require_same(self, asked: "Header", path: Path) -> None:
        """Check that what is ``asked`` for is what the store at ``path`` was made of.

        Raises:
            StoreError: it is not; the message names the first difference.
        """
        for field in fields(self):
            there, wanted = getattr(self, field.name), getattr(asked, field.name)
            if field.name != "source" and there != wanted:
                shards = path.with_suffix(".shards")
                all_of_it = "it" if shards == path else f"it together with {shards.name!r}"
                raise StoreError(
                    f"the store {str(path)!r} was made with {_said(field.name, there)}, not "
                    f"{_said(field.name, wanted)}; name another place, or delete {all_of_it}"
                )


_WORDS = {
    "model": "model {}",
    "probes": "the probes {}",
    "preprocess": "the preprocessing {}",
    "max_pixels": "a limit of {} pixels",
    "seed": "seed {}",
    "batch": "batches of {}",
    "shard_rows": "shards of {} rows",
    "pictures": "{} pictures",
    "dtype": "vectors in {}",
    "hash": "files told apart by {}",
    "computed": "a network on {}",
    "names": "pictures of names {}",
}


def _said(name: str, value: object) -> str:
    if name == "probes" and isinstance(value, tuple):
        return _WORDS[name].format(", ".join(value))
    return _WORDS[name].format(str(value)[:12] if name in ("model", "names") else value)
