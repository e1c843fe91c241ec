"""How problems are said and sorted."""

import pytest

from cream.adapters.config.problems import (
    ConfigErrors,
    Origin,
    Problem,
    join,
    join_index,
    quoted,
)


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (
            Problem("a.b", Origin("c.yaml", 3), "a number", "'x'", "did you mean 4?"),
            "c.yaml:3: a.b: found 'x', expected a number; did you mean 4?",
        ),
        (Problem("a.b", Origin("c.yaml", 3), "must differ"), "c.yaml:3: a.b: must differ"),
        (Problem("", Origin("c.yaml"), "UTF-8", "bytes"), "c.yaml: found bytes, expected UTF-8"),
    ],
)
def test_a_problem_is_one_readable_line(problem: Problem, line: str) -> None:
    assert str(problem) == line


def test_problems_come_in_the_order_of_the_file_and_then_those_without_a_line() -> None:
    problems = [
        Problem("d", Origin("environment variable D"), "x"),
        Problem("c", Origin("f", 10), "x"),
        Problem("b", Origin("f", 2), "x"),
        Problem("a", Origin("f", 10), "x"),
    ]

    error = ConfigErrors(problems)

    assert [(problem.path, problem.line) for problem in error.problems] == [
        ("b", 2),
        ("a", 10),
        ("c", 10),
        ("d", None),
    ]
    assert str(error).splitlines() == [str(problem) for problem in error.problems]


def test_a_long_or_strange_text_is_shown_short_and_on_one_line() -> None:
    assert quoted("a\nb") == r"'a\nb'"
    assert len(quoted("x" * 1000)) < 80


@pytest.mark.parametrize(
    ("path", "key", "joined"),
    [
        ("", "a", "a"),
        ("a", "b", "a.b"),
        ("a", "BRK.B", "a.BRK.B"),
        ("a", "x\ny", r"a.'x\ny'"),
        ("a", "two words", "a.'two words'"),
        ("a", "", "a.''"),
    ],
)
def test_a_path_stays_readable_whatever_the_key(path: str, key: str, joined: str) -> None:
    assert join(path, key) == joined


def test_an_element_of_a_list_has_its_index_in_the_path() -> None:
    assert join_index("a.b", 2) == "a.b[2]"
