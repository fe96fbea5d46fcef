"""Pictures that are in a store twice: the same file, or nearly the same embedding."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from onnxprobe.errors import StoreError
from onnxprobe.probe import Probe
from onnxprobe.store.channels import channels
from onnxprobe.store.kept import Arrays, digest_of, keep, recall
from onnxprobe.store.sketches import BITS, Sketches
from onnxprobe.store.store import Store
from onnxprobe.store.top import folder_of

_MISSED: Final = 1e-3
"""Chance that a pair exactly at the limit is not found; closer ones are missed more rarely."""
_TABLES: Final = 512
"""Signatures of each picture, at most."""
_BESIDE: Final = 64
"""Pictures of one signature are compared with so many after them; a crowd is a chain of them."""
_BLOCK: Final = 8192
"""Vectors read at a time."""
_PAIRS: Final = 8192
"""Pairs compared at a time."""
_HELD: Final = 1 << 30
"""Bytes of vectors held in memory, at most."""

Array = NDArray[np.float32]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Pictures that are duplicates of each other.

    Attributes:
        rows: of the ledger, ascending, two or more.
        similarity: the least cosine between two of them that were compared, 0 to 1; 1 where the
            files are the same.
    """

    rows: Rows
    similarity: float


def exact_duplicates(store: Store) -> tuple[Group, ...]:
    """Return the pictures whose files are the same, byte for byte, in the order of the first."""
    copies = np.flatnonzero(store.originals >= 0)
    by_first: dict[int, list[int]] = defaultdict(list)
    for row, first in zip(copies.tolist(), store.originals[copies].tolist(), strict=True):
        by_first[first].append(row)
    groups = ((first, *by_first[first]) for first in sorted(by_first))
    return tuple(Group(np.array(rows, np.int64), 1.0) for rows in groups)


def near_duplicates(
    store: Store,
    probe: Probe | str,
    *,
    similarity: float = 0.98,
    seed: int = 0,
    mean: NDArray[np.float64] | None = None,
) -> tuple[Group, ...]:
    """Return the pictures whose embeddings point nearly the same way from the mean of all.

    They are looked for once, and kept beside the shards until the vectors change; an exported
    store, and one in a folder that is read-only, is searched each time.

    Args:
        store: the embeddings.
        probe: which of them.
        similarity: cosine of two embeddings, each less the mean, from which on they are linked.
        seed: of the sketches.
        mean: of all embeddings ``(d,)``, where it is known already.

    Raises:
        StoreError: the similarity is not above 0 and below 1.
        NoSuchNameError: the store has no such probe.
    """
    if not 0 < similarity < 1:
        raise StoreError(f"a similarity is above 0 and below 1, such as 0.98, not {similarity}")
    digest = digest_of(store)
    if digest is None or str(probe) not in store.header.probes:
        return look_for(store, probe, similarity=similarity, seed=seed, mean=mean)
    place = store.header.probes.index(str(probe))
    path = folder_of(store.path) / f"near-{place}-{float(similarity)!r}-{seed}.h5"
    known = recall(path, digest)
    if known is not None:
        return _unpacked(known)
    found = look_for(store, probe, similarity=similarity, seed=seed, mean=mean)
    keep(path, digest, _packed(found))
    return found


def look_for(
    store: Store,
    probe: Probe | str,
    *,
    similarity: float,
    seed: int = 0,
    mean: NDArray[np.float64] | None = None,
) -> tuple[Group, ...]:
    """Find what :func:`near_duplicates` returns.

    Candidates share a signature, some bits of their sketches; as many signatures are tried as it
    takes to find a pair at the limit with a chance of 99.9 %. Candidates whose sketches are near as
    well are then measured, so that nothing is listed that is not as similar as asked. A group is
    what is linked by such pairs; exact duplicates are among them. In memory are the sketches, 128
    bytes a picture, and at most a gigabyte of the vectors that are measured.
    """
    mean = channels(store, probe).mean if mean is None else mean
    vectors = _Centred(store, probe, mean.astype(np.float32))
    sketches = Sketches.of(vectors.blocks(), len(vectors.mean), seed=seed)
    one, other = _candidates(sketches, similarity, seed=seed)
    cosine = _cosines(vectors, one, other)
    near = cosine >= similarity
    return _groups(one[near], other[near], cosine[near], store.rows)


def _packed(groups: Sequence[Group]) -> Arrays:
    rows = [group.rows for group in groups]
    return {
        "rows": np.concatenate([np.empty(0, np.int64), *rows]),
        "ends": np.cumsum([len(part) for part in rows], dtype=np.int64),
        "similarity": np.array([group.similarity for group in groups], np.float64),
    }


def _unpacked(kept: Arrays) -> tuple[Group, ...]:
    parts = np.split(kept["rows"], kept["ends"][:-1]) if len(kept["ends"]) else []
    return tuple(map(Group, parts, kept["similarity"].tolist()))


@dataclass(frozen=True, slots=True)
class _Centred:
    """Vectors of a store less their mean, of length 1, read as they are needed."""

    store: Store
    probe: Probe | str
    mean: Array

    def blocks(self) -> Iterator[Array]:
        """Yield all of them, in order."""
        for start in range(0, len(self.store), _BLOCK):
            yield self._read(start)

    def at(self, places: Rows) -> Array:
        """Return those at ``places``, ascending, ``(m, d)``."""
        found = np.empty((len(places), len(self.mean)), np.float32)
        for number in np.unique(places // _BLOCK).tolist():
            inside = places // _BLOCK == number
            found[inside] = self._read(number * _BLOCK)[places[inside] - number * _BLOCK]
        return found

    def _read(self, start: int) -> Array:
        x = self.store.embeddings(self.probe, slice(start, start + _BLOCK)) - self.mean
        x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return x


def _candidates(sketches: Sketches, similarity: float, *, seed: int) -> tuple[Rows, Rows]:
    """Return the places of pairs that may be as similar as asked, each pair once."""
    count = len(sketches)
    bits = int(np.clip(np.ceil(np.log2(max(count, 2))), 4, 30))
    rng, pairs = np.random.default_rng((seed, 1)), np.empty(0, np.int64)
    for _ in range(_tables(similarity, bits)):
        signature = sketches.signature(rng.choice(BITS, bits, replace=False))
        found = [pairs]
        for one, other in _alike(signature):
            near = sketches.near(one, other, similarity)
            found.append(one[near] * count + other[near])
        pairs = np.unique(np.concatenate(found))
    return pairs // max(count, 1), pairs % max(count, 1)


def _tables(similarity: float, bits: int) -> int:
    """Return how many signatures it takes to find a pair of this similarity."""
    agree = (1 - np.arccos(similarity) / np.pi) ** bits
    return int(min(_TABLES, np.ceil(np.log(_MISSED) / np.log1p(-agree))))


def _alike(signature: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Yield pairs of one signature, the earlier place first."""
    order = np.argsort(signature, kind="stable")
    key = signature[order]
    for step in range(1, min(_BESIDE, len(order) - 1) + 1):
        same = np.flatnonzero(key[:-step] == key[step:])
        if not same.size:
            return
        for part in np.array_split(same, -(-len(same) // _PAIRS)):
            yield order[part], order[part + step]


def _cosines(vectors: _Centred, one: Rows, other: Rows) -> Array:
    """Return the cosine of each pair; of the vectors so many are held as are allowed."""
    most = max(2, _HELD // (4 * len(vectors.mean)))
    places = np.unique(np.concatenate([one, other]))
    step = max(1, len(one) if len(places) <= most else most // 2)
    found = [np.empty(0, np.float32)]
    for start in range(0, len(one), step):
        a, b = one[start : start + step], other[start : start + step]
        held = np.unique(np.concatenate([a, b]))
        x, a, b = vectors.at(held), np.searchsorted(held, a), np.searchsorted(held, b)
        for part in range(0, len(a), _PAIRS):
            pair = slice(part, part + _PAIRS)
            found.append(np.einsum("nd,nd->n", x[a[pair]], x[b[pair]]))
    return np.concatenate(found)


def _groups(one: Rows, other: Rows, cosine: Array, rows: Rows) -> tuple[Group, ...]:
    if not one.size:
        return ()
    count = len(rows)
    graph = coo_array((np.ones(len(one), np.int8), (one, other)), shape=(count, count))
    _, label = connected_components(graph, directed=False)
    least = np.ones(count)
    np.minimum.at(least, label[one], cosine)
    linked = np.unique(np.concatenate([one, other]))
    linked = linked[np.argsort(label[linked], kind="stable")]
    parts = np.split(linked, np.flatnonzero(np.diff(label[linked])) + 1)
    groups = [Group(rows[part], float(least[label[part[0]]])) for part in parts]
    return tuple(sorted(groups, key=lambda group: int(group.rows[0])))
