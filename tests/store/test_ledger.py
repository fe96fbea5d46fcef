import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from onnxprobe.images import Status
from onnxprobe.store.ledger import COLUMNS, Ledger, Outcome, hash_of, originals

ROWS = st.lists(st.tuples(st.sampled_from([Status.OK, Status.TRUNCATED]), st.integers(0, 3)))


def ledger(rows):
    outcomes = [Outcome(status, hash=f"{number:032x}", error="e") for status, number in rows]
    return Ledger.of(range(len(rows)), [f"{i}.jpg" for i in range(len(rows))], outcomes)


def marked(plain):
    first = originals(plain.status.astype("S16"), plain.hash.astype("S32"))
    copies = np.flatnonzero(first >= 0)
    return plain.marked(copies, plain.path[first[copies]])


@given(ROWS)
def test_a_copy_names_the_first_picture_with_its_bytes(rows):
    found, seen = marked(ledger(rows)), {}
    for i, (status, number) in enumerate(rows):
        first = seen.setdefault(number, i) if status is Status.OK else i
        if first == i:
            assert (found.status[i], found.error[i]) == (status, "e")
        else:
            assert (found.status[i], found.error[i]) == ("duplicate of", f"{first}.jpg")


@given(ROWS)
def test_nothing_else_changes_and_the_rows_that_were_there_stay_as_they_are(rows):
    plain = ledger(rows)
    found = marked(plain)
    for name in set(COLUMNS) - {"status", "error"}:
        assert np.array_equal(getattr(found, name), getattr(plain, name))
    assert list(plain.error) == ["e"] * len(rows)


@given(ROWS, st.integers(0, 10))
def test_the_beginning_says_the_same_as_the_whole(rows, count):
    whole, part = marked(ledger(rows))[:count], marked(ledger(rows)[:count])
    assert list(whole.status) == list(part.status)
    assert list(whole.error) == list(part.error)


def test_the_hash_is_what_others_compute():
    # what xxh128sum 0.8.1 prints
    assert hash_of(b"") == "99aa06d3014798d86001c324468d497f"
    assert hash_of(b"\0") == "a6cd5e9392000f6ac44bdff4074eecdb"
