"""Pictures to embeddings: decoded, run, and written to a store that survives being killed."""

from onnxprobe.embed.embed import embed
from onnxprobe.store import Ledger, Store  # what ``embed`` gives

__all__ = ["Ledger", "Store", "embed"]
