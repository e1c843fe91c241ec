"""The JSON Schema says of a file what the loader says of it, as far as a schema can."""

import json

import pytest
import yaml
from attrs import frozen
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from cream.adapters.config.loader import load_bytes
from cream.adapters.config.problems import ConfigErrors
from cream.adapters.config.schema import DIALECT, json_schema
from cream.adapters.config.show import show
from cream.core.model.setting import setting
from tests.unit.adapters.config.sample_settings import Engine, Token
from tests.unit.adapters.config.test_show import engines

SCHEMA = json_schema(Engine)
VALIDATOR = Draft202012Validator(SCHEMA)


def errors(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(text))]


def loads(text: str) -> bool:
    try:
        load_bytes(text.encode(), Engine, environ={"SET": "1"})
    except ConfigErrors:
        return False
    return True


def test_the_schema_is_one_and_can_be_written_as_json() -> None:
    Draft202012Validator.check_schema(SCHEMA)

    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["$schema"] == DIALECT


GOOD = [
    "{}",
    "server:",
    "server: {http_port: 8080}",
    "mode: LIVE\nbrokers: {alpaca: {api_key: x}}",
    "limits: {max_leverage: 1.5}",
    "limits: {max_leverage: '1.5'}",
    "limits: {max_notional: null}",
    "limits: {max_delta: 5}",
    "clock_start: '2026-01-05T14:30:00Z'",
    "clock_start: null",
    "level: 2",
    "fee: tiered",
    "symbols: [A, B]",
    "prices: {A: 1, B: '2.5'}",
    "tokens: [{name: a, sha256: b, scopes: [read]}]",
    "tokens: [{name: a, hash: b}]",
    "venues: {x: {threshold: 0}, y: null}",
    "feed_breaker: null",
    "enabled: false",
    "server: {http_port: '${PORT:-8080}'}",
    "limits: {max_leverage: '${L:-3}'}",
    "enabled: ${E:-true}",
    "mode: ${M:-PAPER}",
    "fee: ${F:-flat}",
    "server: {bind_address: '${B:-1.1}'}",
]


@pytest.mark.parametrize("text", GOOD)
def test_a_file_that_loads_is_valid(text: str) -> None:
    assert loads(text)
    assert errors(text) == []


BAD = [
    "[]",
    "5",
    "nonsense: 1",
    "server: {http_prot: 1}",
    "server: {http_port: 0}",
    "server: {http_port: 65536}",
    "server: {http_port: '80'}",
    "server: {http_port: 80.5}",
    "server: {http_port: null}",
    "server: {bind_address: host}",
    "server: [1]",
    "mode: paper",
    "enabled: 1",
    "enabled: 'true'",
    "limits: {max_leverage: 0}",
    "limits: {max_leverage: -1}",
    "limits: {max_leverage: .nan.}",
    "limits: {max_leverage: '1_000'}",
    "limits: {max_leverage: null}",
    "limits: {max_delta: 1, max_delta_shares: 1}",
    "clock_start: '2026-01-05'",
    "level: 4",
    "fee: free",
    "symbols: A",
    "symbols: [a]",
    "prices: {A: 0}",
    "prices: [1]",
    "tokens: [{name: a}]",
    "tokens: [{hash: a}]",
    "tokens: [null]",
    "tokens: [{name: a, sha256: b, scopes: [write]}]",
    "venues: {x: {calls: 0}}",
    "breaker: {threshold: 1.5}",
    "db_path: ''",
]


@pytest.mark.parametrize("text", BAD)
def test_a_file_that_does_not_load_is_not_valid(text: str) -> None:
    assert not loads(text)
    assert errors(text)


@settings(deadline=None, max_examples=50)
@given(engines)
def test_every_configuration_that_can_be_shown_is_valid(engine: Engine) -> None:
    assert errors(show(engine)) == []


def properties(*path: str) -> dict[str, object]:
    schema: object = SCHEMA
    for name in path:
        assert isinstance(schema, dict)
        schema = schema["properties"][name]
    assert isinstance(schema, dict)
    return schema


def test_an_editor_learns_meaning_default_and_example() -> None:
    leverage = properties("limits", "max_leverage")

    assert leverage["title"] == "max_leverage"
    assert leverage["description"] == "Gross / equity."
    assert leverage["default"] == 2
    assert leverage["examples"] == [1.5]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (("limits", "max_notional"), "Unit: USD."),
        (("mode",), "The environment variable CREAM_ENV wins over the file."),
        (("tactics",), "Not yet effective: comes with tactics."),
        (("limits", "max_delta"), "Another name of max_delta_shares."),
        (("server",), "Listeners."),
    ],
)
def test_a_description_says_all_there_is_to_say(path: tuple[str, ...], words: str) -> None:
    assert words in str(properties(*path)["description"])


@pytest.mark.parametrize(
    ("path", "default"),
    [
        (("db_path",), "data/orders.db"),
        (("prices",), {"SPY": 662}),
        (("symbols",), ["SPY"]),
        (("clock_start",), None),
        (("breaker", "calls"), 10),
        (("breaker", "threshold"), 0.5),
    ],
)
def test_defaults_are_those_that_hold_at_the_place(path: tuple[str, ...], default: object) -> None:
    assert properties(*path)["default"] == default


def test_secrets_have_no_default_to_show() -> None:
    assert "default" not in properties("brokers", "alpaca", "api_key")


def test_a_section_with_settings_that_must_be_given_cannot_be_null() -> None:
    schema = json_schema(Token)

    assert schema["type"] == "object"
    assert schema["allOf"] == [
        {"anyOf": [{"required": ["name"]}]},
        {"anyOf": [{"required": ["sha256"]}, {"required": ["hash"]}]},
        {"not": {"required": ["sha256", "hash"]}},
    ]


@frozen
class Undocumented:
    x: int = 1
    path_example: str = setting("", doc="Text.", example="5")


def test_a_class_without_words_has_a_schema_too() -> None:
    schema = json_schema(Undocumented)

    assert schema["description"] == ""
    assert "description" not in schema["properties"]["x"]  # type: ignore[index]
    assert schema["properties"]["path_example"]["examples"] == ["5"]  # type: ignore[index]
