"""How does a curve of profits become a PNG? As `drawing.svg` draws it, at twice the size.

Pillow does the pixels. It is an extra (`cream[plot]`): the daemon draws nothing.
"""

from io import BytesIO
from typing import TYPE_CHECKING

from cream.cli.client import CommandFailed
from cream.cli.drawing import Curve, Frame
from cream.cli.exits import REFUSED

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

# Pixels for each one of the SVG, so that lines and letters are smooth on today's screens.
_SCALE = 2
_INK, _GREY, _PALE, _BLUE, _PAPER = "#000", "#888", "#ccc", "#06c", "#fff"
_LETTERS, _TITLE = 12, 15
# A dash and its gap.
_DASH, _PERIOD = 4, 7


def png(curve: Curve) -> bytes:
    """The curve as a picture.

    Raises: CommandFailed where Pillow is not installed.
    """
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        message = "drawing a PNG needs Pillow: pip install 'cream[plot]' (or draw an SVG: --svg)"
        raise CommandFailed(message, REFUSED) from None
    frame = Frame(curve)
    size = (round(frame.width * _SCALE), round(frame.height * _SCALE))
    image = Image.new("RGB", size, _PAPER)
    _draw(ImageDraw.Draw(image), frame)
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _draw(canvas: "ImageDraw", frame: Frame) -> None:
    curve = frame.curve
    _line(canvas, (frame.left, frame.y(0.0)), (frame.right, frame.y(0.0)), _GREY)
    for mark in curve.marks:
        x, y = frame.x(mark), frame.top
        while y < frame.floor:
            _line(canvas, (x, y), (x, min(y + _DASH, frame.floor)), _PALE)
            y += _PERIOD
    for x, y, name in frame.names:
        _write(canvas, (x, y), name, _LETTERS, "ms")
    for level in frame.levels:
        _write(canvas, (frame.left - 8, frame.y(level)), f"{level:,.0f}", _LETTERS, "rm")
    _write(canvas, (frame.left, 24), curve.title, _TITLE, "ls")
    points = [
        (frame.x(spot) * _SCALE, frame.y(profit) * _SCALE)
        for spot, profit in zip(curve.spots, curve.profits, strict=True)
    ]
    canvas.line(points, _BLUE, 2 * _SCALE, joint="curve")


def _line(
    canvas: "ImageDraw", start: tuple[float, float], end: tuple[float, float], colour: str
) -> None:
    ends = [(x * _SCALE, y * _SCALE) for x, y in (start, end)]
    canvas.line(ends, colour, _SCALE)


def _write(
    canvas: "ImageDraw", at: tuple[float, float], text: str, height: float, anchor: str
) -> None:
    from PIL import ImageFont

    # Pillow's own letters: a machine without fonts draws the same picture.
    font = ImageFont.load_default(height * _SCALE)
    canvas.text((at[0] * _SCALE, at[1] * _SCALE), text, _INK, font, anchor)
