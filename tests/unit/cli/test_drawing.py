from xml.etree import ElementTree

from cream.cli.drawing import Curve, Frame, draw, svg

VALLEY = Curve("a & b", (80.0, 100.0, 120.0), (200.0, -100.0, 200.0), (100.0,))


def test_the_drawing_has_the_extremes_and_zero_and_the_marks() -> None:
    lines = draw(VALLEY).splitlines()

    assert lines[0] == "a & b"
    assert lines[2].startswith("        200 *")
    assert any(line.startswith("          0 ") for line in lines)
    assert "-100" in draw(VALLEY)
    assert lines[-2].strip() == "|"
    assert lines[-1].strip() == "100"


def test_every_column_has_a_point_of_the_curve() -> None:
    steep = Curve("steep", (1.0, 2.0, 2.001, 3.0), (-500.0, -500.0, 500.0, 500.0))
    lines = [line[12:] for line in draw(steep).splitlines()[2:19]]

    assert all(any(len(line) > x and line[x] == "*" for line in lines) for x in range(72))
    assert all("*" in line for line in lines)


def test_a_curve_that_is_zero_throughout_can_be_drawn() -> None:
    assert "*" in draw(Curve("flat", (1.0, 2.0), (0.0, 0.0)))


def test_marks_too_close_to_be_read_share_a_name() -> None:
    crowded = Curve("crowded", (0.0, 1000.0), (0.0, 1.0), (500.0, 501.0, 900.0))

    assert draw(crowded).splitlines()[-1].split() == ["500", "900"]


def test_the_curve_between_and_beyond_its_points() -> None:
    assert VALLEY.at(90.0) == 50.0
    assert VALLEY.at(200.0) == 200.0


def test_the_picture_is_xml_and_escapes_its_title() -> None:
    root = ElementTree.fromstring(svg(VALLEY))

    assert "a & b" in [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert root.find("{http://www.w3.org/2000/svg}polyline") is not None


def test_names_without_room_stand_in_a_second_line_and_then_nowhere() -> None:
    crowded = Curve("crowded", (0.0, 100.0), (0.0, 1.0), (50.0, 50.5, 51.0, 90.0))

    names = Frame(crowded).names

    assert [name for _, _, name in names] == ["50", "50.5", "90"]
    (_, first, _), (_, second, _), (_, third, _) = names
    assert first == third < second < Frame(crowded).height
