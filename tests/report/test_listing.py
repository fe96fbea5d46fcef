import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from onnxprobe.report.listing import Column, Listing, Row

COLUMNS = (Column("name", gives_way=True), Column("count", right=True), Column("kind"))
CELLS = st.tuples(
    st.text("aé层界👁 ", max_size=30), st.integers(0, 10**6).map(str), st.sampled_from("xyz")
)


def drawn(listing, width):
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        console.print(listing)
    return captured.get().splitlines()


@given(st.lists(CELLS, max_size=8), st.integers(20, 80))
def test_columns_stand_below_each_other_however_wide_letters_are(rows, width):
    title, *lines = drawn(Listing(COLUMNS, [Row(cells) for cells in rows]), width)
    assert len(lines) == len(rows)
    assert {cell_len(line) for line in lines} <= {cell_len(title)} <= set(range(width + 1))
    for line, (_, count, kind) in zip(lines, rows, strict=True):
        assert line.split()[-2:] == [count, kind]


@given(st.lists(CELLS, min_size=1, max_size=8))
def test_where_there_is_room_nothing_is_cut(rows):
    lines = drawn(Listing(COLUMNS, [Row(cells) for cells in rows]), 80)[1:]
    for line, (name, *_) in zip(lines, rows, strict=True):
        assert line.startswith(name)


def test_the_widest_of_the_columns_that_give_way_is_cut_first():
    columns = (Column("a", gives_way=True), Column("b", gives_way=True), Column("c"))
    rows = [Row(("short", "a rather long name", "123456"))]
    assert drawn(Listing(columns, rows), 24)[1] == "short  a rather…  123456"


def test_a_row_may_have_fewer_cells_than_there_are_columns():
    assert drawn(Listing(COLUMNS, [Row(("…", "7 more"))]), 40)[1].split() == ["…", "7", "more"]


@pytest.mark.parametrize("width", [1, 5])
def test_figures_are_never_cut_by_us(width):
    lines = list(Listing(COLUMNS, [Row(("name", "123", "x"))]).__rich_console__(
        Console(), Console().options.update(max_width=width)
    ))  # fmt: skip
    assert any("123  x" in segment.text for segment in lines)
