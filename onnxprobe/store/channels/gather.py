"""What the vectors of a store are like."""

from functools import reduce

import numpy as np

from onnxprobe.errors import NoSuchNameError
from onnxprobe.probe import Probe
from onnxprobe.store.channels.blocks import Views, covering, merged
from onnxprobe.store.channels.channels import Channels
from onnxprobe.store.channels.tree import Tree
from onnxprobe.store.store import Store
from onnxprobe.store.top import folder_of


def channels(store: Store, probe: Probe | str) -> Channels:
    """Return what the vectors of one probe are like, of the pictures that ``store`` shows.

    What was gathered while the store was made is read; the rest, of the last pictures or of a
    view that ends early, is looked at now. The result is the same, bit for bit, either way.

    Raises:
        NoSuchNameError: the store has no such probe.
    """
    names = store.header.probes
    if str(probe) not in names:
        raise NoSuchNameError("probe in the store", str(probe), names)
    return every_channel(store)[names.index(str(probe))]


def every_channel(store: Store) -> Views:
    """Return the same of all probes, in their order, at the cost of one."""
    size = store.header.shard_rows

    def look(number: int) -> Views:
        first, last = np.searchsorted(store.rows, [number * size, (number + 1) * size])
        rows = slice(int(first), int(last))
        return tuple(
            Channels.of(store.embeddings(probe, rows), store.rows[rows])
            for probe in store.header.probes
        )

    full = store.pictures // size
    tree = Tree(folder_of(store.path), look)
    parts = [tree.views(block) for block in covering(full)]
    if store.pictures % size or not full:
        parts.append(look(full))
    return reduce(merged, parts)
