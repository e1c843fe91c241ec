"""How is a curve of profits drawn, in a terminal and as SVG?

Nothing here needs more than text; `picture.py` draws the same as PNG.
"""

from xml.sax.saxutils import escape

from attrs import frozen

_COLUMNS, _LINES = 72, 17
_LABEL = 11

# Of the names below a picture: lines, and how wide and high a letter is at most. Units: pixels.
_NAME_LINES, _LETTER_WIDTH, _NAME_HEIGHT = 2, 7, 16


@frozen
class Curve:
    """Profits by price of the underlying, ascending; `marks` are prices to point out."""

    title: str
    spots: tuple[float, ...]
    profits: tuple[float, ...]
    marks: tuple[float, ...] = ()

    def at(self, spot: float) -> float:
        """The profit at a price, straight between the points."""
        for left, right, low, high in zip(
            self.spots, self.spots[1:], self.profits, self.profits[1:], strict=False
        ):
            if spot <= right:
                return low + (high - low) * (spot - left) / (right - left)
        return self.profits[-1]

    @property
    def span(self) -> tuple[float, float]:
        """The lowest and the highest profit, zero included, never alike."""
        low, high = min(0.0, *self.profits), max(0.0, *self.profits)
        return (low, high) if high > low else (low, low + 1.0)


def draw(curve: Curve) -> str:
    """The curve in characters: `*` where it runs, a line at zero, `|` below the marks."""
    low, high = curve.span
    first, last = curve.spots[0], curve.spots[-1]

    def line_of(profit: float) -> int:
        return round((high - profit) / (high - low) * (_LINES - 1))

    cells = [[" "] * _COLUMNS for _ in range(_LINES)]
    cells[line_of(0.0)] = ["-"] * _COLUMNS
    before: int | None = None
    for column in range(_COLUMNS):
        here = line_of(curve.at(first + (last - first) * column / (_COLUMNS - 1)))
        top, bottom = (here, here) if before is None else sorted((before, here))
        # A steep part is drawn through, so that the curve has no holes.
        for line in range(top + (before == top and top != here), bottom + (here == bottom)):
            cells[line][column] = "*"
        cells[here][column] = "*"
        before = here
    labels = {0: high, _LINES - 1: low, line_of(0.0): 0.0}
    lines = [curve.title, ""]
    for number, row in enumerate(cells):
        label = f"{labels[number]:,.0f}" if number in labels else ""
        lines.append(f"{label:>{_LABEL}} {''.join(row).rstrip()}".rstrip())
    return "\n".join([*lines, *_marks(curve)])


def _marks(curve: Curve) -> list[str]:
    """A line of ticks at the marks, and their prices as far as there is room."""
    first, last = curve.spots[0], curve.spots[-1]
    ticks, names = [" "] * _COLUMNS, [" "] * (_COLUMNS + _LABEL)
    free = 0
    for mark in curve.marks:
        column = round((mark - first) / (last - first) * (_COLUMNS - 1))
        ticks[column] = "|"
        name = f"{mark:g}"
        start = max(0, column - len(name) // 2)
        if start >= free:
            names[start : start + len(name)] = name
            free = start + len(name) + 1
    margin = " " * (_LABEL + 1)
    return [(margin + "".join(row)).rstrip() for row in (ticks, names)]


@frozen
class Frame:
    """Where a curve stands in a picture of this size. Units: pixels from the upper left."""

    curve: Curve
    width: float = 720
    height: float = 400
    left: float = 90
    right: float = 700
    top: float = 40
    floor: float = 355

    def x(self, spot: float) -> float:
        """Where a price stands."""
        first, last = self.curve.spots[0], self.curve.spots[-1]
        return self.left + (spot - first) / (last - first) * (self.right - self.left)

    def y(self, profit: float) -> float:
        """Where a profit stands."""
        low, high = self.curve.span
        return self.top + (high - profit) / (high - low) * (self.floor - self.top)

    @property
    def levels(self) -> list[float]:
        """The profits that are written at the side."""
        low, high = self.curve.span
        return sorted({low, 0.0, high})

    @property
    def names(self) -> list[tuple[float, float, str]]:
        """The marks' prices and where each is written: in a second line where one has no room.

        A name that has no room in either is left out; its line stands.
        """
        free = [0.0] * _NAME_LINES
        placed = []
        for mark in self.curve.marks:
            name, x = f"{mark:g}", self.x(mark)
            half = len(name) * _LETTER_WIDTH / 2
            for number, start in enumerate(free):
                if x - half >= start:
                    free[number] = x + half + _LETTER_WIDTH
                    placed.append((x, self.floor + 18 + number * _NAME_HEIGHT, name))
                    break
        return placed


def svg(curve: Curve) -> str:
    """The curve as a picture that stands alone."""
    frame = Frame(curve)
    left, floor, zero = frame.left, frame.floor, frame.y(0.0)
    points = " ".join(
        f"{frame.x(spot):.1f},{frame.y(profit):.1f}"
        for spot, profit in zip(curve.spots, curve.profits, strict=True)
    )
    levels = [
        f'<text x="{left - 8}" y="{frame.y(profit) + 4:.1f}" text-anchor="end">{profit:,.0f}</text>'
        for profit in frame.levels
    ]
    marks = [
        f'<line x1="{frame.x(mark):.1f}" y1="{frame.top}" x2="{frame.x(mark):.1f}" y2="{floor}" '
        'stroke="#ccc" stroke-dasharray="4 3"/>'
        for mark in curve.marks
    ]
    names = [
        f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{name}</text>'
        for x, y, name in frame.names
    ]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {frame.width} {frame.height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{frame.width}" height="{frame.height}" fill="white"/>',
        f'<text x="{left}" y="24" font-size="15">{escape(curve.title)}</text>',
        f'<line x1="{left}" y1="{zero:.1f}" x2="{frame.right}" y2="{zero:.1f}" stroke="#888"/>',
        *levels,
        *marks,
        *names,
        f'<polyline points="{points}" fill="none" stroke="#06c" stroke-width="2"/>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"
