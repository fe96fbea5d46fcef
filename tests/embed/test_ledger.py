import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from onnxprobe.embed.ledger import COLUMNS, Ledger, Outcome
from onnxprobe.images import Status

ROWS = st.lists(st.tuples(st.sampled_from([Status.OK, Status.TRUNCATED]), st.integers(0, 3)))


def ledger(rows):
    outcomes = [Outcome(status, hash=f"{number:032x}", error="e") for status, number in rows]
    return Ledger.of(range(len(rows)), [f"{i}.jpg" for i in range(len(rows))], outcomes)


@given(ROWS)
def test_a_copy_names_the_first_picture_with_its_bytes(rows):
    marked, seen = ledger(rows).marked(), {}
    for i, (status, number) in enumerate(rows):
        first = seen.setdefault(number, i) if status is Status.OK else i
        if first == i:
            assert (marked.status[i], marked.error[i]) == (status, "e")
        else:
            assert (marked.status[i], marked.error[i]) == ("duplicate of", f"{first}.jpg")


@given(ROWS)
def test_nothing_else_changes_and_the_rows_that_were_there_stay_as_they_are(rows):
    plain = ledger(rows)
    marked = plain.marked()
    for name in set(COLUMNS) - {"status", "error"}:
        assert np.array_equal(getattr(marked, name), getattr(plain, name))
    assert list(plain.error) == ["e"] * len(rows)


@given(ROWS, st.integers(0, 10))
def test_the_beginning_says_the_same_as_the_whole(rows, count):
    whole, part = ledger(rows).marked()[:count], ledger(rows)[:count].marked()
    assert list(whole.status) == list(part.status)
    assert list(whole.error) == list(part.error)
