"""What became of pictures, in a line or two."""

from collections.abc import Mapping

from onnxprobe.errors import plural
from onnxprobe.images import Preprocess
from onnxprobe.report.wording import counted
from onnxprobe.store import Store
from onnxprobe.store.account import Account


def store_text(store: Store, preprocess: Preprocess, origin: str) -> str:
    """Say what is in a store, and how its pictures were prepared."""
    return (
        f"{store.path}: {counts_text(store.statuses)} at {', '.join(store.header.probes)}\n"
        f"preprocessing ({origin}): {preprocess.to_json()}"
    )


def counts_text(counts: Mapping[str, int]) -> str:
    """Say what became of the pictures."""
    each = (f"{count:,} {what}" for what, count in counts.items())
    return ", ".join((plural(sum(counts.values()), "picture"), *each))


def account_text(account: Account) -> str:
    """Say where the model really ran, how fast, and what the work waited for."""
    where, busy = counted(account.ran_on), account.busy
    close = f", cosine to float32 at least {account.cosine:.5f}" if account.cosine < 1 else ""
    shares = ", ".join(f"{stage} {share:.0%}" for stage, share in busy.items())
    return (
        f"ran on {where} in {account.precision}{close}: {account.rate:,.1f} pictures/s; "
        f"threads busy: {shares}"
    )
