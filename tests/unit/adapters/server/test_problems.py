"""A caller learns everything that is wrong, and not more than it can read."""

import pytest

from cream.adapters.server.problems import MAX_PROBLEMS, Problems, shown
from cream.core.model.errors import CreamError


def test_without_problems_nothing_is_raised() -> None:
    problems = Problems()

    problems.raise_any()
    assert not problems.concern("a")


def test_all_problems_are_in_one_error() -> None:
    problems = Problems()
    problems.add("a.b", "must be above 0")
    problems.add("c", "is required")

    with pytest.raises(CreamError) as caught:
        problems.raise_any()

    assert caught.value.kind.code == "INVALID_REQUEST"
    assert caught.value.message == "a.b: must be above 0 (and 1 more)"
    assert [each.field for each in caught.value.problems] == ["a.b", "c"]
    assert problems.concern("c")


def test_a_tactic_that_does_not_exist_has_its_own_code_where_it_is_all_that_is_wrong() -> None:
    """A caller may know what to do about that one."""
    problems = Problems()
    problems.add_tactic("t", "is no tactic")

    with pytest.raises(CreamError) as alone:
        problems.raise_any()
    problems.add("a", "is required")
    with pytest.raises(CreamError) as among_others:
        problems.raise_any()

    assert alone.value.kind.code == "TACTIC_UNAVAILABLE"
    assert among_others.value.kind.code == "INVALID_REQUEST"
    assert [each.field for each in among_others.value.problems] == ["a", "t"]


def test_more_problems_than_anybody_reads_are_counted() -> None:
    problems = Problems()
    for number in range(MAX_PROBLEMS + 7):
        problems.add(f"f[{number}]", "is wrong")

    with pytest.raises(CreamError) as caught:
        problems.raise_any()

    assert len(caught.value.problems) == MAX_PROBLEMS + 1
    assert caught.value.problems[-1].problem == "and 7 more problems"
    assert "(and 106 more)" in caught.value.message


def test_a_problem_of_the_whole_body_has_no_path_in_the_message() -> None:
    problems = Problems()
    problems.add("", "must be an object")

    with pytest.raises(CreamError, match=r"^must be an object$"):
        problems.raise_any()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        ("a", '"a"'),
        ("é", '"\\xe9"'),
        ("x" * 100, '"' + "x" * 36 + "..."),
    ],
)
def test_a_value_is_quoted_so_that_it_can_be_recognised(value: object, text: str) -> None:
    assert shown(value) == text
