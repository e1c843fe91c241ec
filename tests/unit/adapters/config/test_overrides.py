"""The environment and the command line put values into the tree of a file."""

import pytest

from cream.adapters.config.overrides import with_environment, with_override
from cream.adapters.config.problems import Invalid, Origin
from cream.adapters.config.yaml_nodes import Broken, Mapping, Node, Scalar, Sequence, parse
from tests.unit.adapters.config.sample_settings import Engine


def tree(text: str) -> Mapping:
    node, problems = parse(text, "f")
    assert problems == []
    assert isinstance(node, Mapping)
    return node


def bare(node: Node) -> object:
    match node:
        case Scalar():
            return node.text
        case Sequence(items):
            return [bare(item) for item in items]
        case Mapping(entries):
            return {entry.key: bare(entry.value) for entry in entries}
        case Broken():
            return Broken


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("{}", {"brokers": {"alpaca": {"base_url": "${ALPACA_BASE_URL}"}}}),
        ("brokers:", {"brokers": {"alpaca": {"base_url": "${ALPACA_BASE_URL}"}}}),
        (
            "brokers: {active: alpaca, alpaca: {base_url: x, api_key: y}}",
            {
                "brokers": {
                    "active": "alpaca",
                    "alpaca": {"api_key": "y", "base_url": "${ALPACA_BASE_URL}"},
                }
            },
        ),
        ("brokers: 5", {"brokers": "5"}),
        ("brokers: {alpaca: [1]}", {"brokers": {"alpaca": ["1"]}}),
    ],
)
def test_a_variable_that_is_set_takes_the_place_of_its_setting(text: str, changed: object) -> None:
    """What is no section stays, so that it is reported."""
    environ = {"ALPACA_BASE_URL": "http://x", "OTHER": "1", "ALPACA_RETRIES": ""}

    assert bare(with_environment(tree(text), Engine, environ)) == changed


def test_a_tree_that_no_variable_concerns_stays_the_same() -> None:
    root = tree("brokers: {active: alpaca}\nfeed_breaker: {calls: 3}")

    assert with_environment(root, Engine, {"CREAM_ENV": ""}) is root


def test_a_value_from_the_environment_says_so() -> None:
    root = with_environment(tree("mode: LIVE"), Engine, {"CREAM_ENV": "PAPER"})

    assert root.entries[0].value == Scalar("${CREAM_ENV}", Origin("environment variable CREAM_ENV"))


RENAMED = {"limits": {"max_delta_shares": "v"}}


@pytest.mark.parametrize(
    ("text", "path", "changed"),
    [
        ("{}", "mode", {"mode": "v"}),
        ("{}", "brokers.active", {"brokers": {"active": "v"}}),
        ("brokers:", "brokers.active", {"brokers": {"active": "v"}}),
        ("brokers: {active: x}", "brokers.active", {"brokers": {"active": "v"}}),
        ("limits: {max_delta: 1}", "limits.max_delta_shares", RENAMED),
        ("limits: {max_delta: 1}", "limits.max_delta", RENAMED),
        ("prices: {A: 1}", "prices.B", {"prices": {"A": "1", "B": "v"}}),
        ("{}", "nonsense.x", {"nonsense": {"x": "v"}}),
    ],
)  # fmt: skip
def test_an_override_takes_the_place_of_what_it_names(
    text: str, path: str, changed: object
) -> None:
    assert bare(with_override(tree(text), Engine, path, "v")) == changed


def test_an_override_below_a_value_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        with_override(tree("\nserver: 5"), Engine, "server.http_port", "1")

    assert [str(problem) for problem in caught.value.problems] == [
        "f:2: server.http_port: found a value for server, which then has no keys of its own, "
        "expected a section"
    ]


def test_an_override_must_be_text() -> None:
    with pytest.raises(Invalid) as caught:
        with_override(tree("{}"), Engine, "mode", "\udcff")

    assert "command line: mode: found '\\udcff', expected UTF-8" in str(caught.value.problems[0])
