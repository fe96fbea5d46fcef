"""A store of embeddings: what is on disk, what is in it, and what it tells of the pictures.

A store is ``NAME.h5`` and, beside it, the folder ``NAME.shards``; the two move together. Any HDF5
reader opens ``NAME.h5``:

- ``embeddings/0``, ``embeddings/1``, …: float32 ``(n, d)``, one a probe; attribute ``probe``
- ``rows``: int64 ``(n,)``, the row of the ledger that each embedding belongs to
- ``ledger/id path status width height size hash error``: ``(m,)``, a row for every picture
- attribute ``onnxprobe``: what the store was made of, as JSON

The shards hold the same datasets for a stretch of rows each, with a checksum. Beside them lie
``channels-….h5``: what the vectors of many shards are like (see ``channels``), and
``near-….h5``: near duplicates, once somebody has asked for them (see ``kept``).
"""

from onnxprobe.store.ledger import Ledger
from onnxprobe.store.store import Store

__all__ = ["Ledger", "Store"]
