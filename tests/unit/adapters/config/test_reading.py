"""Notes taken while a configuration is read."""

from attrs import frozen

from cream.adapters.config.kinds import Plain
from cream.adapters.config.problems import Origin
from cream.adapters.config.reading import Cursor, Reading
from cream.adapters.config.yaml_nodes import Scalar
from cream.core.model.setting import Setting


@frozen
class Quarrel:
    def problems(self) -> list[tuple[str, str]]:
        return [("", "does not fit"), ("x.y", "is too much")]


def reading() -> Reading:
    origins = {"": Origin("f"), "a": Origin("f", 2), "a.b.x": Origin("f", 7)}
    return Reading(origins=origins)


def test_what_a_section_says_of_itself_gets_its_path_and_the_nearest_line() -> None:
    notes = reading()

    notes.cross_check(Quarrel(), "a.b")

    assert [str(problem) for problem in notes.problems] == [
        "f:2: a.b: does not fit",
        "f:7: a.b.x.y: is too much",
    ]


def test_the_file_as_a_whole_says_what_it_finds_without_a_path() -> None:
    notes = reading()

    notes.cross_check(Quarrel(), "")

    assert [str(problem) for problem in notes.problems] == [
        "f: does not fit",
        "f: x.y: is too much",
    ]


def test_a_section_without_rules_of_its_own_is_fine() -> None:
    notes = reading()

    notes.cross_check(Setting(), "a")

    assert notes.problems == []


def test_a_cursor_says_what_is_wrong_and_moves_with_its_setting() -> None:
    cursor = Cursor(None, "a", Setting(ge=1), reading(), Origin("f", 2), base=object())

    moved = cursor.to(Scalar("x", Origin("f", 3)), "a[0]")

    (problem,) = moved.invalid(Plain.WHOLE, "'x'", "look again").problems
    assert str(problem) == "f:3: a[0]: found 'x', expected a whole number >= 1; look again"
    assert moved.base is None
