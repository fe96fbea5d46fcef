"""What the heads say of consecutive pictures, as it is written and counted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import StoreError
from onnxprobe.label.heads import Head
from onnxprobe.store.resume import shard_name
from onnxprobe.store.shard import DamagedShardError, Shard, read


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What one head says of ``n`` pictures.

    Attributes:
        ids: ``(n,)`` int64, the best class; −1 for none.
        confidence: ``(n,)`` float32, 0 to 1.
        scores: ``(n, K)`` float32; ``(n, 0)`` of a head without.
        member: ``(n, K)`` bool, the classes each picture is in.
    """

    ids: NDArray[np.int64]
    confidence: NDArray[np.float32]
    scores: NDArray[np.float32]
    member: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """What became of ``m`` consecutive pictures, ``n`` of which could be labelled.

    Attributes:
        names: of all, as their source has them.
        statuses: of all.
        kept: places of those that could be labelled, int64 ``(n,)``.
        answers: of each head.
    """

    names: tuple[str, ...]
    statuses: tuple[str, ...]
    kept: NDArray[np.int64]
    answers: tuple[Answers, ...]


def chunks(folder: Path, count: int, heads: Sequence[Head]) -> Iterator[Chunk]:
    """Yield the pictures of the first ``count`` shards in ``folder``, a shard at a time.

    Raises:
        StoreError: a shard is not what was written.
    """
    for number in range(count):
        path = folder / shard_name(number)
        try:
            shard = read(path)
        except DamagedShardError as error:
            raise StoreError(
                f"{str(path)!r} is damaged ({error}); give the same command again to make it anew"
            ) from None
        yield _chunk(shard, heads)


def _chunk(shard: Shard, heads: Sequence[Head]) -> Chunk:
    vectors = iter(shard.vectors)
    return Chunk(
        tuple(map(str, shard.ledger.path)),
        tuple(map(str, shard.ledger.status)),
        shard.rows - shard.start,
        tuple(_answers(head, [next(vectors) for _ in head.outputs]) for head in heads),
    )


def _answers(head: Head, vectors: Sequence[NDArray[np.float32]]) -> Answers:
    ids, confidence = vectors[0][:, 0].astype(np.int64), vectors[1][:, 0]
    scores = vectors[2] if head.scored else np.empty((len(ids), 0), np.float32)
    return Answers(ids, confidence, scores, head.member(ids, scores))
