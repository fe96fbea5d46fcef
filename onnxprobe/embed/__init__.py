"""Pictures to embeddings: decoded, run, and written to a store that survives being killed."""

from onnxprobe.embed.embed import embed
from onnxprobe.embed.ledger import Ledger
from onnxprobe.embed.store import Store

__all__ = ["Ledger", "Store", "embed"]
