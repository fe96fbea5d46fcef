"""A table of thousands of rows: each cell is measured once, which rich's tables do several times."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions
from rich.segment import Segment
from rich.style import Style

_BETWEEN: Final = "  "
"""What stands between two columns."""
_HEADER: Final = Style(bold=True)


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        title: what stands above it.
        right: whether its cells end below each other, as figures do.
        gives_way: whether it is cut short on a narrow terminal.
    """

    title: str
    right: bool = False
    gives_way: bool = False

    def fitted(self, cell: str, width: int) -> str:
        """Return ``cell``, of one line, ``width`` places wide; ``…`` where it is cut."""
        takes = cell_len(cell)
        if takes > width:
            return set_cell_size(cell, max(0, width - 1)) + "…"
        room = " " * (width - takes)
        return room + cell if self.right else cell + room


@dataclass(frozen=True, slots=True)
class Row:
    """A row: a cell for each of the first columns, and how they look."""

    cells: Sequence[str]
    style: Style = field(default_factory=Style.null)


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows below each other, which rich draws as wide as the terminal."""

    columns: Sequence[Column]
    rows: Sequence[Row]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """Draw the titles, then the rows."""
        widths = self._widths(options.max_width)
        for row in (Row([column.title for column in self.columns], _HEADER), *self.rows):
            drawn = map(Column.fitted, self.columns, row.cells, widths)
            yield Segment(_BETWEEN.join(drawn), row.style)
            yield Segment.line()

    def _widths(self, room: int) -> list[int]:
        """Return the width of each column, so that all fit into ``room`` as far as some give way."""
        titles = [cell_len(column.title) for column in self.columns]
        widths = titles[:]
        for row in self.rows:
            for place, cell in enumerate(row.cells):
                widths[place] = max(widths[place], cell_len(cell))
        over = sum(widths) + len(_BETWEEN) * (len(widths) - 1) - room
        give_way = [place for place, column in enumerate(self.columns) if column.gives_way]
        for _ in range(over):
            widest = max(give_way, key=widths.__getitem__, default=None)
            if widest is None or widths[widest] <= 1:
                break
            widths[widest] -= 1
        return widths
