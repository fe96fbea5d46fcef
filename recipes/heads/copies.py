"""Pictures of a run whose files are the same, byte for byte.

They count as often as they are there, for shares are shares of pictures; but a head is never scored
on a copy of what it was taught.
"""

from collections import Counter
from collections.abc import Sequence

from onnxprobe.recipe import Run


def copies(run: Run, paths: Sequence[str]) -> tuple[str | None, ...]:
    """Return for each of ``paths`` the hash of its file; null where no other has the same.

    They are from the ledger of the run's embeddings; without one, nothing is known of copies.
    """
    from onnxprobe.store import Store

    store = run.job.out / "embeddings.h5"
    if not store.is_file():
        return (None,) * len(paths)
    ledger = Store.open(store).ledger
    known = dict(zip(ledger.path, ledger.hash, strict=True))
    hashes = [known.get(path) for path in paths]
    often = Counter(hashes)
    return tuple(one if one and often[one] > 1 else None for one in hashes)
