"""What became of pictures, in a line or two."""

from collections.abc import Mapping

from onnxprobe.embed import Store
from onnxprobe.images import Preprocess


def store_text(store: Store, preprocess: Preprocess, origin: str) -> str:
    """Say what is in a store, and how its pictures were prepared."""
    return (
        f"{store.path}: {counts_text(store.ledger.counts)} at {', '.join(store.header.probes)}\n"
        f"preprocessing ({origin}): {preprocess.to_json()}"
    )


def counts_text(counts: Mapping[str, int]) -> str:
    """Say what became of the pictures."""
    return f"{sum(counts.values())} pictures, " + ", ".join(
        f"{n} {what}" for what, n in counts.items()
    )
