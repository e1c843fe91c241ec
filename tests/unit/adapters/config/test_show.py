"""The settings in effect: as YAML, as a hash, and those that wait for their feature."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.adapters.config.loader import load_bytes
from cream.adapters.config.show import NotEffective, effective_hash, not_effective, show
from cream.core.model.secret import Secret
from cream.core.model.setting import setting
from tests.unit.adapters.config.sample_settings import (
    Alpaca,
    Breaker,
    Brokers,
    Engine,
    Limits,
    Mode,
    Server,
    Token,
)

texts = st.text(st.characters(exclude_categories=["Cs"]))
amounts = st.decimals(
    min_value=Decimal("0.0001"), max_value=10**9, places=4, allow_nan=False, allow_infinity=False
)
breakers = st.builds(
    Breaker,
    threshold=st.decimals(min_value=0, max_value=1, places=5),
    calls=st.integers(1, 2**63 - 1),
)
engines = st.builds(
    Engine,
    mode=st.just(Mode.PAPER),
    enabled=st.booleans(),
    db_path=texts.filter(lambda text: text != "" and "\0" not in text).map(Path),
    clock_start=st.none() | st.datetimes(timezones=st.just(UTC)),
    level=st.sampled_from([1, 2, 3]),
    fee=st.sampled_from(["flat", "tiered"]),
    server=st.builds(Server, http_port=st.integers(1, 100), grpc_port=st.integers(101, 200)),
    brokers=st.builds(
        Brokers,
        alpaca=st.builds(
            Alpaca,
            base_url=texts,
            timeout_s=st.floats(min_value=0, exclude_min=True, allow_infinity=False),
            retries=st.none() | st.integers(0, 9),
        ),
    ),
    limits=st.builds(
        Limits,
        max_leverage=amounts,
        max_delta_shares=amounts,
        max_notional=st.none() | amounts,
    ),
    breaker=breakers,
    feed_breaker=st.none() | breakers,
    symbols=st.lists(st.text("ABCNOTRUEY", min_size=1), max_size=3).map(tuple),
    prices=st.dictionaries(
        texts.filter(lambda key: key != "" and "${" not in key), amounts, max_size=3
    ),
    venues=st.dictionaries(st.sampled_from(["null", "true", "5", "<<", "a b"]), breakers),
)


@settings(deadline=None, max_examples=150)
@given(engines)
def test_what_is_shown_loads_to_the_same_settings(engine: Engine) -> None:
    shown = show(engine)

    assert load_bytes(shown.encode(), Engine, environ={}).settings == engine


@settings(deadline=None, max_examples=50)
@given(engines)
def test_settings_that_are_equal_have_one_hash(engine: Engine) -> None:
    again = load_bytes(show(engine).encode(), Engine, environ={}).settings

    assert effective_hash(again) == effective_hash(engine)


def test_secrets_are_masked_and_empty_ones_seen_to_be_empty() -> None:
    engine = Engine(
        brokers=Brokers(alpaca=Alpaca(api_key=Secret("hunter2"))),
        tokens=(Token(name="x", sha256=Secret("hunter2")),),
    )

    shown = show(engine)

    assert "hunter2" not in shown
    assert "api_key: '***'" in shown
    assert "sha256: '***'" in shown
    assert "api_secret: ''" in shown


@pytest.mark.parametrize(
    ("engine", "line"),
    [
        (Engine(limits=Limits(max_leverage=Decimal("2.50"))), "max_leverage: 2.50"),
        (Engine(limits=Limits(max_leverage=Decimal("1E+3"))), "max_leverage: 1000"),
        (Engine(enabled=False), "enabled: false"),
        (Engine(clock_start=datetime(2026, 1, 5, tzinfo=UTC)), "'2026-01-05T00:00:00Z'"),
        (Engine(db_path=Path("a${B}")), "db_path: a$${B}"),
        (Engine(db_path=Path("a$b")), "db_path: a$b\n"),
        (Engine(db_path=Path("x y " * 99 + "z")), "db_path: " + "x y " * 99 + "z\n"),
    ],
)
def test_values_are_shown_as_one_would_write_them(engine: Engine, line: str) -> None:
    assert line in show(engine)


def test_equal_sections_are_written_out_each_time() -> None:
    breaker = Breaker(calls=3)

    assert "&" not in show(Engine(breaker=breaker, feed_breaker=breaker, venues={"x": breaker}))


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        (lambda e: evolve(e, limits=Limits(max_leverage=Decimal("2.00"))), True),
        (lambda e: evolve(e, brokers=Brokers(alpaca=Alpaca(api_key=Secret("x")))), True),
        (lambda e: evolve(e, tokens=(Token(name="a", sha256=Secret("1")),)), False),
        (lambda e: evolve(e, limits=Limits(max_leverage=Decimal("2.01"))), False),
        (lambda e: evolve(e, prices={}), False),
        (lambda e: evolve(e, db_path=Path("x")), False),
    ],
)
def test_the_hash_follows_every_value_but_the_secrets(
    change: Callable[[Engine], Engine], is_same: bool
) -> None:
    assert (effective_hash(change(Engine())) == effective_hash(Engine())) is is_same


def test_the_hash_does_not_hang_on_the_order_of_a_table() -> None:
    one = Engine(prices={"A": Decimal(1), "B": Decimal(2)})
    other = Engine(prices={"B": Decimal(2), "A": Decimal(1)})

    assert effective_hash(one) == effective_hash(other)


def test_the_hash_is_the_same_in_another_process() -> None:
    code = (
        "from tests.unit.adapters.config.sample_settings import Engine\n"
        "from cream.adapters.config.show import effective_hash\n"
        "print(effective_hash(Engine()))"
    )
    root = Path(__file__).parents[4]

    printed = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env={"PYTHONHASHSEED": "1", "PYTHONPATH": str(root)},
        capture_output=True,
        check=True,
    )

    assert printed.stdout.decode().strip() == effective_hash(Engine())


@pytest.mark.parametrize(
    ("text", "waiting"),
    [
        ("", []),
        ("enabled: true", []),
        ("tactics: false", [NotEffective("tactics", "comes with tactics")]),
        ("feed_breaker: {calls: 3}", [NotEffective("feed_breaker", "no feed")]),
        ("venues: {x: {calls: 1}}\ntokens: [{name: a, sha256: b}]\nserver: {http_port: 1}", []),
    ],
)
def test_what_is_given_but_waits_for_its_feature_is_listed(
    text: str, waiting: list[NotEffective]
) -> None:
    loaded = load_bytes(text.encode(), Engine, environ={})

    assert not_effective(loaded.settings, loaded.given) == waiting


@frozen
class Part:
    later: int = setting(1, doc="", not_effective="soon")


@frozen
class Whole:
    option: Part | None = setting(None, doc="")
    listed: tuple[Part | None, ...] = setting((), doc="")
    table: dict[str, Part] = setting({}, doc="")


def test_waiting_settings_are_found_in_options_lists_and_tables() -> None:
    text = b"option: {later: 1}\nlisted: [{}, {later: 2}, null]\ntable: {a: {later: 3}}"
    loaded = load_bytes(text, Whole, environ={})

    waiting = not_effective(loaded.settings, loaded.given)

    assert [each.path for each in waiting] == ["option.later", "listed[1].later", "table.a.later"]


def test_an_option_that_is_given_as_null_has_nothing_to_wait_for() -> None:
    loaded = load_bytes(b"option: null", Whole, environ={})

    assert not_effective(loaded.settings, loaded.given) == []
