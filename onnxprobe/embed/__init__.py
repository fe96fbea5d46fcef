"""Pictures to embeddings: decoded, run, and written to a store that survives being killed."""

from onnxprobe.embed.embed import embed

__all__ = ["embed"]
