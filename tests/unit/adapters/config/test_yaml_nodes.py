"""The tree of a YAML text: texts, lines, duplicates, aliases and bounds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.adapters.config.yaml_nodes import (
    MAX_DEPTH,
    MAX_NODES,
    Broken,
    Mapping,
    Node,
    Scalar,
    Sequence,
    parse,
)


def tree(text: str) -> Node:
    node, problems = parse(text, "f")
    assert problems == []
    assert node is not None
    return node


def bare(node: Node) -> object:
    """The tree without lines, scalars as their texts."""
    match node:
        case Scalar():
            return node.text
        case Sequence(items):
            return [bare(item) for item in items]
        case Mapping(entries):
            return {entry.key: bare(entry.value) for entry in entries}
        case Broken():
            return Broken


def said(text: str) -> list[str]:
    return [str(problem) for problem in parse(text, "f")[1]]


@pytest.mark.parametrize(
    "text",
    ["50000", "1_000", "1e3", "0x1F", "010", "1:30", "yes", "NO", "true", ".nan", "2020-01-01"],
)
def test_a_scalar_stays_the_text_that_it_is(text: str) -> None:
    node = tree(f"a: {text}")

    assert bare(node) == {"a": text}


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_plain_nulls_are_null_and_quoted_ones_are_texts(text: str) -> None:
    plain, quoted = tree(f"[{text or 'null'}]"), tree(f"['{text}']")
    assert isinstance(plain, Sequence)
    assert isinstance(quoted, Sequence)

    (first,), (second,) = plain.items, quoted.items

    assert isinstance(first, Scalar)
    assert isinstance(second, Scalar)
    assert first.is_null
    assert not second.is_null
    assert second.is_quoted


def test_every_node_knows_its_line() -> None:
    node = tree("a: 1\n\nb:\n  - x\n  - y: |\n      long\n")
    assert isinstance(node, Mapping)

    entries = {entry.key: entry for entry in node.entries}

    assert entries["b"].origin.line == 3
    assert isinstance(entries["b"].value, Sequence)
    assert [item.origin.line for item in entries["b"].value.items] == [4, 5]


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "# a\n---\n...\n"])
def test_a_file_without_content_has_no_tree_or_a_null(text: str) -> None:
    node, problems = parse(text, "f")

    assert problems == []
    assert node is None or (isinstance(node, Scalar) and node.is_null)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", "f:3: a: found a key again, expected each key once; it stands "
         "already on line 1"),
        ("a: !!int 5\n", "f:1: a: found a tag, expected a value without a tag; a text that "
         "starts with ! needs quotes"),
        ("a:\n  b: ! 5\n", "f:2: a.b: found a tag, expected a value without a tag; a text that "
         "starts with ! needs quotes"),
        ("? [x]\n: 1\n", "f:1: found something else, expected a name as key"),
        ("? {x: y}\n: 1\n", "f:1: found something else, expected a name as key"),
        ("'': 1\n", "f:1: found something else, expected a name as key"),
        ("a: *x\n", "f:1: a: found an alias, expected the name of an anchor that is complete "
         "before it; a text that starts with * needs quotes"),
        ("a: &x [*x]\n", "f:1: a[0]: found an alias, expected the name of an anchor that is "
         "complete before it; a text that starts with * needs quotes"),
        ("a: {<<: 5}\n", "f:1: a.<<: found something else, expected mappings to merge"),
        ('a: "\\ud800"\n', "f:1: a: found half of a surrogate pair, expected text"),
        ("a: 1\n---\nb: 2\n", "f:2: found a second one after ---, expected one document"),
        ("a:\n\tb: 1\n", "f:2: found a tab at the start of a value, expected spaces only"),
        ("a: {b: ${X}}\n", 'f:1: found ${ without quotes, expected YAML; within { } and [ ] '
         'write it in quotes: "${NAME}"'),
        ("a: 1\nb: \x00\n", r"f:2: found the character '\x00', expected printable text"),
        ("%YAML " + "9" * 5000 + ".1\n--- a\n", "f:1: found a number or an escape that is too "
         "large, expected YAML"),
        ('a: "\\UFFFFFFFF"\n', "f:1: found a number or an escape that is too large, expected "
         "YAML"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_text_is_said_with_its_line(text: str, line: str) -> None:
    assert said(text) == [line]


@pytest.mark.parametrize("text", ["a: b: c", "a: [1", "a: 'x", "- a\nb", "@", "a: |x", "*", "{"])
def test_an_error_of_syntax_ends_the_reading(text: str) -> None:
    node, problems = parse(text, "f")

    assert node is None
    assert problems[-1].line is not None
    assert "this is not YAML: " in str(problems[-1])


def test_several_problems_are_found_in_one_reading() -> None:
    assert len(said("a: 1\na: 2\nb: !x 3\nc: *d\n")) == 3


def test_an_alias_repeats_what_its_anchor_holds() -> None:
    assert bare(tree("a: &x {k: [1, 2]}\nb: *x\n")) == {
        "a": {"k": ["1", "2"]},
        "b": {"k": ["1", "2"]},
    }


def test_an_anchored_scalar_can_be_a_key() -> None:
    assert bare(tree("a: &x name\n*x : 1\n")) == {"a": "name", "name": "1"}


@pytest.mark.parametrize(
    ("text", "merged"),
    [
        ("<<: *x\nc: 3", {"c": "3", "a": "1", "b": "2"}),
        ("a: 9\n<<: *x", {"a": "9", "b": "2"}),
        ("<<: [*y, *x]", {"a": "7", "b": "2"}),
        ("'<<': 5", {"<<": "5"}),
    ],
)
def test_merge_keys_fill_in_what_is_not_written_out(text: str, merged: object) -> None:
    """What is written wins over what is merged, the first mapping merged over the later ones."""
    indented = "\n".join(f"  {line}" for line in text.splitlines())

    node = tree(f"x: &x {{a: 1, b: 2}}\ny: &y {{a: 7}}\nz:\n{indented}\n")

    assert isinstance(node, Mapping)
    assert bare(node.entries[2].value) == merged


def test_a_merge_key_may_stand_only_once() -> None:
    text = "x: &x {a: 1}\nz:\n  <<: *x\n  <<: *x\n"

    assert said(text) == [
        "f:4: z.<<: found a key again, expected each key once; it stands already on line 3"
    ]


def test_merged_entries_keep_the_line_where_they_are_written() -> None:
    node = tree("x: &x\n  a: 1\nz:\n  <<: *x\n")
    assert isinstance(node, Mapping)
    merged = node.entries[1].value

    assert isinstance(merged, Mapping)
    assert merged.entries[0].origin.line == 2


def test_a_billion_laughs_end_in_an_error_instead_of_in_memory() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]

    (problem,) = said("\n".join(lines))

    assert problem == (
        f"f:5: found more, expected at most {MAX_NODES} values, those that aliases repeat included"
    )


def test_merging_again_and_again_is_bounded_as_well() -> None:
    keys = ", ".join(f"k{n}: 1" for n in range(200))
    lines = [f"a0: &a0 {{{keys}}}"]
    lines += [f"a{n}: &a{n} {{<<: *a{n - 1}, x{n}: 1}}" for n in range(1, 200)]

    (problem,) = said("\n".join(lines))

    assert "at most" in problem


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "a:\n "])
def test_depth_is_bounded(opening: str) -> None:
    (problem,) = said(opening * 1000 if "\n" not in opening else _nested(1000))

    assert f"at most {MAX_DEPTH} levels" in problem


def _nested(levels: int) -> str:
    return "".join(" " * level + "a:\n" for level in range(levels))


def test_depth_that_comes_from_aliases_is_bounded_as_well() -> None:
    lines = ["a0: &a0 " + "[" * 15 + "]" * 15, "a1: &a1 " + "[" * 15 + "*a0" + "]" * 15]

    assert f"f:2: found more, expected at most {MAX_DEPTH} levels" in said("\n".join(lines))


def test_depth_is_counted_through_mappings_too() -> None:
    lines = ["a0: &a0 " + "{k: " * 15 + "{}" + "}" * 15, "a1: " + "[" * 15 + "*a0" + "]" * 15]

    assert f"f:2: found more, expected at most {MAX_DEPTH} levels" in said("\n".join(lines))


@settings(deadline=None, max_examples=200)
@given(st.text())
def test_any_text_gives_a_tree_or_problems_of_one_line_each(text: str) -> None:
    node, problems = parse(text, "f")

    assert node is None or bare(node) is not None
    assert all(len(str(problem).splitlines()) == 1 for problem in problems)
