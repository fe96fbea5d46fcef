"""Who looks on while the shards of a store are made, and what they are told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from onnxprobe.progress import Progress, silent
from onnxprobe.store.account import Account
from onnxprobe.store.shard import Extent

Extents = Mapping[int, Extent]
"""Shards that are whole, by number."""
Accounts = Callable[[Account], None]
"""Is told what the work was like."""


def nothing(_: Extents) -> None:
    """Do nothing with the shards."""


def nobody(_: Account) -> None:
    """Tell nobody what the work was like."""


def unseen(_: Account, __: int) -> None:
    """Look at nothing."""


def unheard(_: int) -> None:
    """Tell nobody how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is to be told of work on a store; by default nothing is.

    Attributes:
        there: how many pictures were done before, at the start.
        made: of each batch, how many pictures it held.
        done: the shards that are there, at the end, also where the work fails or is stopped. No
            other process is told at the same time.
        finished: the same, where nothing is missing any more.
        progress: how many pictures are done.
        look: now and then, what the work was like so far, and how many pictures are left.
        account: at the end, what the work was like, where there was any.
    """

    there: Callable[[int], None] = unheard
    made: Callable[[int], None] = unheard
    done: Callable[[Extents], None] = nothing
    finished: Callable[[Extents], None] = nothing
    progress: Progress = silent
    look: Callable[[Account, int], None] = unseen
    account: Accounts = nobody


UNWATCHED = Watch()
