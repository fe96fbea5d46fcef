"""Pictures that are in a store twice: the same file, or nearly the same embedding."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from onnxprobe.embed.channels import channels
from onnxprobe.embed.store import Store
from onnxprobe.errors import StoreError
from onnxprobe.probe import Probe

_MISSED: Final = 1e-3
"""Chance that a pair exactly at the limit is not found; closer ones are missed more rarely."""
_TABLES: Final = 512
"""Signatures of each picture, at most."""
_BESIDE: Final = 64
"""Pictures of one signature are compared with so many after them; a crowd is a chain of them."""

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
    by_hash: dict[str, list[int]] = defaultdict(list)
    hashes = store.ledger.hash
    for row in store.rows.tolist():
        by_hash[hashes[row]].append(row)
    several = (rows for rows in by_hash.values() if len(rows) > 1)
    return tuple(Group(np.array(rows, np.int64), 1.0) for rows in several)


def near_duplicates(
    store: Store, probe: Probe | str, *, similarity: float = 0.98, seed: int = 0
) -> tuple[Group, ...]:
    """Return the pictures whose embeddings point nearly the same way from the mean of all.

    Candidates share a signature: on which side of some random planes they lie (Charikar 2002,
    "Similarity estimation techniques from rounding algorithms"). As many signatures are tried as
    it takes to find a pair at the limit with a chance of 99.9 %. Every candidate pair is then
    measured, so that nothing is listed that is not as similar as asked. A group is what is linked
    by such pairs; exact duplicates are among them. All vectors are held in memory, so that of a
    very large store a part, ``store.first(n)``, is looked at.

    Args:
        store: the embeddings.
        probe: which of them.
        similarity: cosine of two embeddings, each less the mean, from which on they are linked.
        seed: of the planes.

    Raises:
        StoreError: the similarity is not above 0 and below 1.
        NoSuchNameError: the store has no such probe.
    """
    if not 0 < similarity < 1:
        raise StoreError(f"a similarity is above 0 and below 1, such as 0.98, not {similarity}")
    x = store.embeddings(probe) - channels(store, probe).mean.astype(np.float32)
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    bits = int(np.clip(np.ceil(np.log2(max(len(x), 2))), 4, 30))
    rng, links = np.random.default_rng(seed), list[tuple[Rows, Rows, Array]]()
    for _ in range(_tables(similarity, bits)):
        sides = x @ rng.normal(size=(x.shape[1], bits)).astype(np.float32) > 0
        links += _alike(x, sides @ (1 << np.arange(bits)), similarity)
    return _groups(links, store.rows)


def _tables(similarity: float, bits: int) -> int:
    """Return how many signatures it takes to find a pair of this similarity."""
    agree = (1 - np.arccos(similarity) / np.pi) ** bits
    return int(min(_TABLES, np.ceil(np.log(_MISSED) / np.log1p(-agree))))


def _alike(x: Array, signature: Rows, similarity: float) -> Iterator[tuple[Rows, Rows, Array]]:
    """Yield pairs of one signature that are as similar as asked: two sets of places, cosines."""
    order = np.argsort(signature, kind="stable")
    key = signature[order]
    for step in range(1, min(_BESIDE, len(x) - 1) + 1):
        same = np.flatnonzero(key[:-step] == key[step:])
        if not same.size:
            return
        one, other = order[same], order[same + step]
        cosine = np.einsum("nd,nd->n", x[one], x[other])
        near = cosine >= similarity
        yield one[near], other[near], cosine[near]


def _groups(links: list[tuple[Rows, Rows, Array]], rows: Rows) -> tuple[Group, ...]:
    if not links:
        return ()
    one, other, cosine = (np.concatenate(column) for column in zip(*links, strict=True))
    count = len(rows)
    graph = coo_array((np.ones(len(one), np.int8), (one, other)), shape=(count, count))
    _, label = connected_components(graph, directed=False)
    least = np.ones(count)
    np.minimum.at(least, label[one], cosine)
    linked = np.unique(np.concatenate([one, other]))
    linked = linked[np.argsort(label[linked], kind="stable")]
    parts = np.split(linked, np.flatnonzero(np.diff(label[linked])) + 1) if linked.size else []
    groups = [Group(rows[part], float(least[label[part[0]]])) for part in parts]
    return tuple(sorted(groups, key=lambda group: int(group.rows[0])))
