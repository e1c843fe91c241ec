"""From a tree to attrs classes: what is given, what is default, and all that is wrong."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

import attrs
import pytest
from attrs import field, frozen

from cream.adapters.config.problems import Origin
from cream.adapters.config.reading import Reading
from cream.adapters.config.sections import structure
from cream.adapters.config.yaml_nodes import Broken, Entry, Mapping, Scalar, parse
from cream.core.model.secret import Secret
from cream.core.model.setting import section, setting
from tests.unit.adapters.config.sample_settings import Breaker, Engine, Limits, Server, Token

T = TypeVar("T")


def read(text: str, settings_type: type[T]) -> tuple[T | None, Reading]:
    root, problems = parse(text, "f")
    assert problems == []
    reading = Reading()
    return structure(root, settings_type, reading, "f"), reading


def good(text: str, settings_type: type[T]) -> T:
    value, reading = read(text, settings_type)
    assert reading.problems == []
    assert value is not None
    return value


def said(text: str, settings_type: type = Engine) -> list[str]:
    return [str(problem) for problem in read(text, settings_type)[1].problems]


def test_nothing_given_is_all_defaults() -> None:
    assert good("", Engine) == Engine()


@pytest.mark.parametrize(
    ("text", "field_of", "value"),
    [
        ("server: {http_port: 8080}", lambda e: e.server, Server(http_port=8080)),
        ("server:", lambda e: e.server, Server()),
        ("limits: {max_leverage: 1.50}", lambda e: str(e.limits.max_leverage), "1.50"),
        ('limits: {max_leverage: "1.50"}', lambda e: str(e.limits.max_leverage), "1.50"),
        ("limits: {max_delta: 7}", lambda e: e.limits, Limits(max_delta_shares=Decimal(7))),
        ("limits: {max_notional: ~}", lambda e: e.limits, Limits()),
        ("limits: {max_notional: 5}", lambda e: e.limits.max_notional, Decimal(5)),
        ("feed_breaker: {calls: 3}", lambda e: e.feed_breaker, Breaker(calls=3)),
        ("feed_breaker: null", lambda e: e.feed_breaker, None),
        ("symbols: []", lambda e: e.symbols, ()),
        ("symbols: [NO, ON]", lambda e: e.symbols, ("NO", "ON")),
        ("prices: {}", lambda e: e.prices, {}),
        ("prices: {NULL: 1, ON: 2.5}", lambda e: e.prices, {"NULL": 1, "ON": Decimal("2.5")}),
        ("venues: {x: {calls: 2}}", lambda e: e.venues, {"x": Breaker(calls=2)}),
        ("venues: {y: }", lambda e: e.venues, {"y": Breaker()}),
        (
            "tokens:\n- {name: a, hash: b, scopes: [read]}",
            lambda e: e.tokens,
            (Token(name="a", sha256=Secret("b"), scopes=("read",)),),
        ),
    ],
)  # fmt: skip
def test_what_is_given_takes_the_place_of_the_default(
    text: str, field_of: Callable[[Engine], object], value: object
) -> None:
    assert field_of(good(text, Engine)) == value


def test_a_section_that_is_partly_given_keeps_the_defaults_of_its_place() -> None:
    """`breaker` defaults to 10 calls in `Engine`, although the class itself says 5."""
    assert good("", Engine).breaker == Breaker(calls=10)
    assert good("breaker:", Engine).breaker == Breaker(calls=10)
    assert good("breaker: {threshold: 0.9}", Engine).breaker == Breaker(Decimal("0.9"), calls=10)


@frozen
class Shelf:
    breaker: Breaker = section(Breaker, doc="")
    size: int = setting(1, doc="")


@frozen
class Cupboard:
    shelf: Shelf = setting(Shelf(Breaker(calls=77), size=7), doc="")


def test_the_defaults_of_a_place_reach_the_sections_within_it() -> None:
    cupboard = good("shelf: {breaker: {threshold: 0.1}}", Cupboard)

    assert cupboard == Cupboard(Shelf(Breaker(Decimal("0.1"), calls=77), size=7))


@frozen
class Various:
    option: int | None = setting(None, doc="")
    listed: tuple[int, ...] = setting((), doc="")
    table: dict[str, int] = setting({}, doc="")
    part: Breaker | None = setting(None, doc="")
    last: int = setting(1, doc="")


VARIOUS = Various(option=1, listed=(2,), table={"a": 3}, part=Breaker(calls=4), last=5)


@frozen
class HoldsVarious:
    various: Various = setting(VARIOUS, doc="")


def test_the_defaults_of_a_place_hold_for_settings_of_every_shape() -> None:
    assert good("various: {last: 6}", HoldsVarious).various == attrs.evolve(VARIOUS, last=6)
    assert good("various: {part: {}}", HoldsVarious).various == VARIOUS
    assert good("various: {part: null, option: null}", HoldsVarious).various == attrs.evolve(
        VARIOUS, part=None, option=None
    )


@frozen
class Derived:
    base: int = setting(2, doc="")
    twice: int = field()

    @twice.default
    def _twice(self) -> int:
        return 2 * self.base


def test_a_default_that_hangs_on_another_setting_follows_it() -> None:
    assert good("base: 5", Derived).twice == 10


def test_what_is_given_is_noted_by_its_proper_name() -> None:
    text = """
limits: {max_delta: 7, max_notional: null}
server:
breaker: {}
prices: {A: 1}
tokens: [{name: a, sha256: b}]
"""
    assert read(text, Engine)[1].given == {
        "limits",
        "limits.max_delta_shares",
        "limits.max_notional",
        "breaker",
        "prices",
        "tokens",
        "tokens[0].name",
        "tokens[0].sha256",
    }


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "limits:\n  max_levrage: 1\n",
            ["f:2: limits.max_levrage: found an unknown key, expected one of max_leverage, "
             "max_delta_shares, max_delta, max_notional; did you mean max_leverage?"],
        ),
        (
            "limits: {max_delta: 1, max_delta_shares: 2}",
            ["f:1: limits.max_delta_shares: found max_delta_shares and max_delta, expected one "
             "of the two names of the setting"],
        ),
        ("enabled:", ["f:1: enabled: found null, expected true or false"]),
        ("enabled: null", ["f:1: enabled: found null, expected true or false"]),
        ("enabled: {a: 1}", ["f:1: enabled: found a section, expected true or false"]),
        ("enabled: [true]", ["f:1: enabled: found a list, expected true or false"]),
        ("server: 5", ["f:1: server: found a single value, expected a section with keys of "
                       "its own"]),
        ("server: []", ["f:1: server: found a list, expected a section with keys of its own"]),
        ("symbols: SPY", ["f:1: symbols: found a single value, expected a list (each entry after "
                          "a dash; [] for none)"]),
        ("symbols:", ["f:1: symbols: found null, expected a list (each entry after a dash; "
                      "[] for none)"]),
        ("prices: [1]", ["f:1: prices: found a list, expected a table of names and values ({} "
                         "for none)"]),
        ("prices: {'${A}': 1}", ["f:1: prices.${A}: found '${A}', expected a name as key; "
                                 "variables have their place in values"]),
        ("symbols: [spy, SPY, '1']", ["f:1: symbols[0]: found 'spy', expected text that matches "
                                      "[A-Z]+", "f:1: symbols[2]: found '1', expected text that "
                                      "matches [A-Z]+"]),
        ("tokens: [{name: a}]", ["f:1: tokens[0].sha256: found nothing, expected a secret text"]),
        ("tokens: [{}]", ["f:1: tokens[0].name: found nothing, expected text",
                          "f:1: tokens[0].sha256: found nothing, expected a secret text"]),
        ("venues: {x: {calls: 0}}", ["f:1: venues.x.calls: found '0', expected a whole number "
                                     ">= 1"]),
        ("level: 4", ["f:1: level: found '4', expected one of 1, 2, 3"]),
        ("brokers: {alpaca: {api_secret: LOUD}}", ["f:1: brokers.alpaca.api_secret: found ***, "
                                                   "expected a secret text that matches "
                                                   "[a-z0-9]*"]),
        ("brokers: {alpaca: {api_secret: [LOUD]}}", ["f:1: brokers.alpaca.api_secret: found a "
                                                     "list, expected a secret text that matches "
                                                     "[a-z0-9]*"]),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_said_with_place_and_expectation(
    text: str, lines: list[str]
) -> None:
    assert said(text) == lines


def test_rules_between_settings_are_said_together_with_everything_else() -> None:
    lines = said("server:\n  http_port: 7\n  grpc_port: 7\nlimits:\n  max_leverage: -1\n")

    assert sorted(lines) == [
        "f:3: server.grpc_port: must differ from http_port",
        "f:5: limits.max_leverage: found '-1', expected a number > 0",
    ]


def test_rules_between_settings_wait_until_the_settings_themselves_are_fine() -> None:
    lines = said("server: {http_port: 7, grpc_port: 7, bind_address: x}\nmode: LIVE")

    assert lines == ["f:1: server.bind_address: found 'x', expected text that matches [0-9.]+"]


def test_a_quarrel_in_a_section_does_not_hide_one_around_it() -> None:
    assert said("server: {http_port: 7, grpc_port: 7}\nmode: LIVE") == [
        "f:1: server.grpc_port: must differ from http_port",
        "f: brokers.alpaca.api_key: is needed in LIVE",
    ]


@frozen
class Inconsistent:
    low: int = setting(5, doc="")
    high: int = setting(9, doc="")

    def problems(self) -> list[tuple[str, str]]:
        return [("high", "must be above low")] if self.high <= self.low else []


@frozen
class Around:
    part: Inconsistent = setting(Inconsistent(low=9, high=1), doc="")


def test_an_absent_section_is_checked_as_well() -> None:
    assert said("", Around) == ["f: part.high: must be above low"]


@frozen
class Validated:
    size: int = field(default=1, validator=attrs.validators.lt(5))
    speed: int = 1

    def __attrs_post_init__(self) -> None:
        if self.speed < 0:
            raise ValueError


@frozen
class WithValidated:
    part: Validated = section(Validated, doc="")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("part:\n  size: 7", "f:2: part: 'size' must be < 5: 7"),
        ("part:\n  speed: -1", "f:2: part: ValueError"),
    ],
)
def test_what_a_class_itself_refuses_is_a_problem_of_its_section(text: str, line: str) -> None:
    (problem,) = said(text, WithValidated)

    assert problem == line


def test_a_tree_that_is_no_section_has_no_settings() -> None:
    value, reading = read("[1]", Engine)

    assert value is None
    assert [str(problem) for problem in reading.problems] == [
        "f: found a list, expected a section with keys of its own"
    ]


def test_a_broken_place_fails_its_section_without_another_word() -> None:
    origin = Origin("f", 1)
    root = Mapping((Entry("enabled", origin, Broken(origin)),), origin)
    reading = Reading()

    assert structure(root, Engine, reading, "f") is None
    assert reading.problems == []


@pytest.mark.parametrize(
    ("scalar", "retries"),
    [
        (Scalar("", Origin("f"), variables=("X",)), None),
        (Scalar("", Origin("f"), literal=True), None),
        (Scalar("3", Origin("f"), variables=("X",)), 3),
    ],
)
def test_a_variable_that_is_empty_leaves_an_option_empty(
    scalar: Scalar, retries: int | None
) -> None:
    origin = Origin("f")
    alpaca = Mapping((Entry("retries", origin, scalar),), origin)
    brokers = Mapping((Entry("alpaca", origin, alpaca),), origin)
    root = Mapping((Entry("brokers", origin, brokers),), origin)
    reading = Reading()

    engine = structure(root, Engine, reading, "f")

    assert reading.problems == []
    assert engine is not None
    assert engine.brokers.alpaca.retries == retries


@frozen
class Unsupported:
    raw: bytes = b""


def test_a_class_that_cannot_be_read_is_a_mistake_of_the_programmer() -> None:
    with pytest.raises(TypeError, match=r"Unsupported\.raw"):
        read("", Unsupported)
