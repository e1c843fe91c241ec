"""`${NAME}` in scalars: what is replaced, what is refused, and that nothing is read twice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.adapters.config.interpolate import (
    MAX_VALUE_CHARACTERS,
    Expanded,
    Interpolation,
    Malformed,
    Unset,
    expand,
    text_at,
)
from cream.adapters.config.problems import Origin, Problem
from cream.adapters.config.yaml_nodes import Broken, Mapping, Node, Scalar, Sequence, parse

ENVIRON = {"A": "1", "B_2": "two", "EMPTY": "", "YAML": "{x: [1]}", "DOLLAR": "${A}$$"}


@pytest.mark.parametrize(
    ("text", "expanded", "variables"),
    [
        ("plain", "plain", ()),
        ("${A}", "1", ("A",)),
        ("x${A}y${B_2}z", "x1ytwoz", ("A", "B_2")),
        ("${A}${A}", "11", ("A",)),
        ("${A:-9}", "1", ("A",)),
        ("${NO:-9}", "9", ("NO",)),
        ("${NO:-}", "", ("NO",)),
        ("${EMPTY:-9}", "9", ("EMPTY",)),
        ("${NO:-a b:c-d}", "a b:c-d", ("NO",)),
        ("${NO:-a$$b}", "a$b", ("NO",)),
        ("$${A}", "${A}", ()),
        ("$$$$", "$$", ()),
        ("$$${A}", "$1", ("A",)),
        ("cost $5", "cost $5", ()),
        ("$A", "$A", ()),
        ("a}b", "a}b", ()),
        ("${YAML}", "{x: [1]}", ("YAML",)),
        ("${DOLLAR}", "${A}$$", ("DOLLAR",)),
    ],
)
def test_a_placeholder_becomes_the_value_of_its_variable(
    text: str, expanded: str, variables: tuple[str, ...]
) -> None:
    assert expand(text, ENVIRON) == Expanded(expanded, variables)


@pytest.mark.parametrize(
    ("text", "unset"),
    [("${NO}", ("NO",)), ("${EMPTY}", ("EMPTY",)), ("${NO}${A}${OTHER}${NO}", ("NO", "OTHER"))],
)
def test_every_variable_without_value_and_default_is_named(
    text: str, unset: tuple[str, ...]
) -> None:
    assert expand(text, ENVIRON) == Unset(unset)


@pytest.mark.parametrize(
    "text",
    ["${", "${}", "${A", "${1A}", "${A B}", "${A:9}", "${A-9}", "${Ä}", "${NO:-${A}}", "x ${a.b}"],
)
def test_what_only_looks_like_a_placeholder_is_refused(text: str) -> None:
    assert isinstance(expand(text, ENVIRON), Malformed)


def test_a_value_that_is_no_text_is_refused() -> None:
    assert expand("${X}", {"X": "\udcff"}) == Malformed("bytes that are no text in X", "UTF-8")


def test_a_scalar_cannot_grow_without_bound() -> None:
    outcome = expand("${X}" * 1000, {"X": "x" * 1000})

    assert isinstance(outcome, Malformed)
    assert str(MAX_VALUE_CHARACTERS) in outcome.expected


@settings(deadline=None, max_examples=200)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_value_is_never_expanded_again(value: str) -> None:
    environ = {"X": value, "A": "poison"}

    assert expand("${X}", environ) == Expanded(value, ("X",))
    assert expand("<${X}|${NO:-d}>", environ) == Expanded(f"<{value}|d>", ("X", "NO"))


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="a$Ä{}:- \n", max_size=30))
def test_a_text_whose_dollars_are_doubled_stands_for_itself(text: str) -> None:
    assert expand(text.replace("$", "$$"), {}) == Expanded(text, ())


def node(text: str) -> Node:
    parsed, problems = parse(text, "f")
    assert parsed is not None
    assert problems == []
    return parsed


def resolve(text: str, *inactive: str) -> tuple[Node | None, list[Problem]]:
    problems: list[Problem] = []
    resolved = Interpolation(ENVIRON, frozenset(inactive), problems.append).resolve(node(text))
    return resolved, problems


def keys(resolved: Node | None) -> list[str]:
    assert isinstance(resolved, Mapping)
    return [entry.key for entry in resolved.entries]


def test_scalars_in_mappings_and_lists_are_expanded_and_keep_their_place() -> None:
    resolved, problems = resolve("a:\n  b: ['${A}', x]\n  ${A}: 1\n")
    assert problems == []
    assert isinstance(resolved, Mapping)
    inner = resolved.entries[0].value
    assert isinstance(inner, Mapping)
    items = inner.entries[0].value

    assert keys(inner) == ["b", "${A}"]
    assert isinstance(items, Sequence)
    assert items.items == (
        Scalar("1", Origin("f", 2), is_quoted=True, variables=("A",)),
        Scalar("x", Origin("f", 2)),
    )


def test_an_escaped_dollar_leaves_no_trace_of_a_variable() -> None:
    resolved, _ = resolve("'$$5'")

    assert resolved == Scalar("$5", Origin("f", 1), is_quoted=True)


def test_an_unset_variable_breaks_its_place_and_is_reported_with_it() -> None:
    resolved, problems = resolve("a:\n  b: ${NO}\n  c: ${EMPTY}\n")

    assert [str(problem) for problem in problems] == [
        "f:2: a.b: found the variable NO, which is not set, expected a value in NO or a default: "
        "${NO:-...}",
        "f:3: a.c: found the variable EMPTY, which is empty, expected a value in EMPTY or a "
        "default: ${EMPTY:-...}",
    ]
    assert isinstance(resolved, Mapping)
    inner = resolved.entries[0].value
    assert isinstance(inner, Mapping)
    assert [entry.value for entry in inner.entries] == [
        Broken(Origin("f", 2)),
        Broken(Origin("f", 3)),
    ]


def test_in_an_inactive_section_an_unset_variable_is_absent() -> None:
    resolved, problems = resolve("a: {b: '${NO}', c: ['${NO}', 1], d: '${A}'}\nab: x", "a")
    assert isinstance(resolved, Mapping)

    assert problems == []
    assert keys(resolved.entries[0].value) == ["c", "d"]


@pytest.mark.parametrize(("inactive", "count"), [("a.b", 1), ("a", 0), ("a.c", 2), ("ab", 2)])
def test_a_prefix_covers_whole_keys_only(inactive: str, count: int) -> None:
    _, problems = resolve("a:\n  b: ['${NO}']\n  bb: '${NO}'\n", inactive)

    assert len(problems) == count


def test_a_mistake_in_a_placeholder_is_one_even_where_the_section_is_inactive() -> None:
    _, problems = resolve("a: ${NO", "a")

    assert [str(problem) for problem in problems] == [
        "f:1: a: found a ${ of another form, expected ${NAME}, ${NAME:-default} or $$ for a dollar"
    ]


def test_a_text_from_outside_the_file_is_left_as_it_is() -> None:
    scalar = Scalar("${A}", Origin("command line"), literal=True)

    assert Interpolation(ENVIRON, frozenset(), lambda problem: None).resolve(scalar) is scalar


def test_a_broken_place_stays_broken() -> None:
    broken = Broken(Origin("f", 1))

    assert Interpolation(ENVIRON, frozenset(), lambda problem: None).resolve(broken) is broken


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.b", "1"),
        ("a.c", "9"),
        ("a.d", None),
        ("a.e", None),
        ("a.f", None),
        ("a", None),
        ("x.y", None),
        ("a.b.c", None),
    ],
)
def test_the_text_at_a_path_is_its_value_or_nothing(path: str, text: str | None) -> None:
    root = node("a: {b: '${A}', c: '${NO:-9}', d: '${NO}', e: null}")

    assert text_at(root, path, ENVIRON) == text


def test_the_text_at_a_path_may_come_from_outside_the_file() -> None:
    root = node("a: 1")
    assert isinstance(root, Mapping)
    literal = Scalar("${A}", Origin("command line"), literal=True)
    entry = root.entries[0]

    changed = Mapping((type(entry)("a", entry.origin, literal),), root.origin)

    assert text_at(changed, "a", ENVIRON) == "${A}"
    assert text_at(None, "a", ENVIRON) is None
