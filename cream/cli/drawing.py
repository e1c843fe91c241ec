"""How is a curve of profits drawn, in a terminal and as SVG?

Nothing here needs more than text. PNG is left to whoever has a converter: a library that draws one
would weigh more than all of Cream.
"""

from xml.sax.saxutils import escape

from attrs import frozen

_COLUMNS, _LINES = 72, 17
_LABEL = 11

_WIDTH, _HEIGHT = 720, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 90, 20, 40, 45


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


def svg(curve: Curve) -> str:
    """The curve as a picture that stands alone."""
    low, high = curve.span
    first, last = curve.spots[0], curve.spots[-1]

    def x(spot: float) -> float:
        return _LEFT + (spot - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT)

    def y(profit: float) -> float:
        return _TOP + (high - profit) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    points = " ".join(
        f"{x(spot):.1f},{y(profit):.1f}"
        for spot, profit in zip(curve.spots, curve.profits, strict=True)
    )
    right, floor, zero = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM, y(0.0)
    levels = [
        f'<text x="{_LEFT - 8}" y="{y(profit) + 4:.1f}" text-anchor="end">{profit:,.0f}</text>'
        for profit in sorted({low, 0.0, high})
    ]
    marks = [
        f'<line x1="{x(mark):.1f}" y1="{_TOP}" x2="{x(mark):.1f}" y2="{floor}" '
        'stroke="#ccc" stroke-dasharray="4 3"/>'
        f'<text x="{x(mark):.1f}" y="{floor + 18}" text-anchor="middle">{mark:g}</text>'
        for mark in curve.marks
    ]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="{_LEFT}" y="24" font-size="15">{escape(curve.title)}</text>',
        f'<line x1="{_LEFT}" y1="{zero:.1f}" x2="{right}" y2="{zero:.1f}" stroke="#888"/>',
        *levels,
        *marks,
        f'<polyline points="{points}" fill="none" stroke="#06c" stroke-width="2"/>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"
