"""What each session of work on a store was like, in a file beside its shards.

Of all that lies there this alone differs between two stores of the same pictures, but for what was
asked of one of them and is kept (see ``store.kept``).
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

from onnxprobe.store.account import Account
from onnxprobe.store.disk import put
from onnxprobe.store.lock import turn
from onnxprobe.store.top import folder_of

_FILE: Final = ".sessions.json"


def note(path: Path, account: Account) -> None:
    """Add a session to those of the store at ``path``.

    Raises:
        StoreError: it cannot be written.
    """
    folder = folder_of(path)
    with turn(folder):
        every = [*sessions(path), account]
        put(json.dumps(list(map(asdict, every))).encode(), folder / _FILE)


def sessions(path: Path) -> tuple[Account, ...]:
    """Return the sessions of the store at ``path``, the first one first.

    One that was killed has none; where nobody wrote any, or what is there cannot be read, nothing
    of the store depends on it, and there are none.
    """
    try:
        said = json.loads((folder_of(path) / _FILE).read_bytes())
        return tuple(Account(**(one | {"ran_on": tuple(one["ran_on"])})) for one in said)
    except (OSError, ValueError, TypeError, KeyError):
        return ()
