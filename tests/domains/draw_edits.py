import numpy as np
from hypothesis import strategies as st

from onnxprobe.domains import Group, Grouping
from onnxprobe.domains.edits import Drop, Keep, Merge, Rename, Split

NAMES = st.text("ab #:-[]{}'\"\nü1", min_size=1, max_size=6)
SOME = st.lists(NAMES, min_size=1, max_size=3, unique=True).map(tuple)
TWO = st.lists(NAMES, min_size=2, max_size=3, unique=True).map(tuple)
EDITS = st.lists(
    st.one_of(
        st.builds(Rename, NAMES, NAMES),
        st.builds(Merge, TWO, NAMES),
        st.builds(Split, NAMES, TWO),
        st.builds(Drop, SOME),
        st.builds(Keep, SOME),
    ),
    max_size=5,
).map(tuple)


def grouping(sizes=(8, 6, 4), n=30, seed=0, names=None):
    """Groups drawn at random; they overlap."""
    rng = np.random.default_rng(seed)
    member = np.zeros((n, len(sizes)), bool)
    for column, size in enumerate(sizes):
        member[rng.choice(n, size, replace=False), column] = True
    called = names or [f"domain {i}" for i in range(len(sizes))]
    groups = tuple(Group(name, f"view {i % 2}", 0.5, 0.9) for i, name in enumerate(called))
    return Grouping(tuple(f"{row}.png" for row in range(n)), groups, member)


def halves(_view, member, names):
    """A way of parting that needs no vectors: rows in turn."""
    rows = np.flatnonzero(member)
    parts = []
    for part in range(len(names)):
        mask = np.zeros(len(member), bool)
        mask[rows[part :: len(names)]] = True
        parts.append(mask)
    return parts
