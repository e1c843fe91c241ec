"""The PNG is the SVG in pixels: the same places, twice the size."""

import sys
from io import BytesIO

import pytest
from PIL import Image

from cream.cli import exits
from cream.cli.client import CommandFailed
from cream.cli.drawing import Curve, Frame
from cream.cli.picture import png

VALLEY = Curve("a & b", (80.0, 100.0, 120.0), (200.0, -100.0, 200.0), (100.0,))
BLUE, WHITE = (0, 102, 204), (255, 255, 255)


def drawn(curve: Curve) -> Image.Image:
    return Image.open(BytesIO(png(curve)), formats=["PNG"]).convert("RGB")


def test_the_curve_runs_where_its_points_are() -> None:
    image, frame = drawn(VALLEY), Frame(VALLEY)

    assert image.size == (1440, 800)
    for spot in (81.0, 90.0, 100.0, 110.0, 119.0):
        at = (round(frame.x(spot) * 2), round(frame.y(VALLEY.at(spot)) * 2))
        assert image.getpixel(at) == BLUE, spot
    assert image.getpixel((round(frame.x(100.0) * 2), round(frame.y(150.0) * 2))) != BLUE


def test_title_levels_and_marks_are_written() -> None:
    """Somewhere in each place there is ink; without the texts there is none."""
    frame = Frame(VALLEY)

    def ink(curve: Curve, box: tuple[float, float, float, float]) -> bool:
        left, top, right, bottom = (round(2 * one) for one in box)
        part = drawn(curve).crop((left, top, right, bottom))
        return any(pixel != WHITE for _, pixel in part.getcolors(1 << 20) or [])

    title = (frame.left, 8, frame.left + 60, 30)
    level = (40, frame.y(200.0) - 6, frame.left - 6, frame.y(200.0) + 6)
    mark = (frame.x(100.0) - 12, frame.floor + 6, frame.x(100.0) + 12, frame.floor + 20)
    bare = Curve("", VALLEY.spots, VALLEY.profits)
    assert all(ink(VALLEY, box) for box in (title, level, mark))
    assert not any(ink(bare, box) for box in (title, mark))


def test_the_same_curve_is_the_same_picture() -> None:
    assert png(VALLEY) == png(VALLEY)


def test_without_pillow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)

    with pytest.raises(CommandFailed, match=r"pip install 'cream\[plot\]'") as caught:
        png(VALLEY)

    assert caught.value.code == exits.REFUSED
