"""Both interfaces narrow a chain in the same words, and name everything that is wrong at once."""

from datetime import date
from decimal import Decimal

import pytest

from cream.adapters.server.chain_requests import (
    LARGEST_LIMIT,
    MAX_EXPIRATIONS,
    chain_from_query,
    chain_from_wire,
)
from cream.core.model.errors import CreamError
from cream.core.model.instrument import OptionRight
from cream.core.options.chain import ChainFilter
from cream.wire import common_pb2
from cream.wire.market_snapshot_pb2 import GetOptionChainRequest

WANTED = ChainFilter(
    underlying="AAPL",
    expirations=(date(2026, 12, 18), date(2027, 1, 15)),
    right=OptionRight.PUT,
    min_strike=Decimal("200"),
    max_strike=Decimal("242.5"),
    limit=7,
)


def test_a_query_and_a_message_say_the_same() -> None:
    message = GetOptionChainRequest(
        underlying="AAPL",
        expirations=["2026-12-18", "2027-01-15", "2026-12-18"],
        min_strike=200.0,
        max_strike=242.5,
        option_type=common_pb2.OPTION_TYPE_PUT,
        limit=7,
    )
    query = [
        ("underlying", ["AAPL"]),
        ("expiration", ["2026-12-18", "2027-01-15"]),
        ("type", ["put"]),
        ("min_strike", ["200"]),
        ("max_strike", ["242.50"]),
        ("limit", ["7"]),
    ]

    assert chain_from_wire(message) == chain_from_query(query) == WANTED


def test_nothing_but_an_underlying_asks_for_everything() -> None:
    everything = ChainFilter(underlying="AAPL")

    assert chain_from_wire(GetOptionChainRequest(underlying="AAPL")) == everything
    assert chain_from_query([("underlying", ["AAPL"])]) == everything


def test_a_strike_of_zero_is_a_bound_and_not_the_lack_of_one() -> None:
    message = GetOptionChainRequest(underlying="AAPL", min_strike=0.0)

    assert chain_from_wire(message).min_strike == Decimal(0)


def wrong(error: CreamError) -> dict[str, str]:
    assert error.kind.code == "INVALID_REQUEST"
    return {one.field: one.problem for one in error.problems}


def test_everything_that_is_wrong_with_a_query_is_named_at_once() -> None:
    query = [
        ("underlying", ["AAPL  261218C00240000"]),
        ("expiration", ["18.12.2026"]),
        ("type", ["BOTH"]),
        ("min_strike", ["-1"]),
        ("max_strike", ["NaN"]),
        ("limit", ["0"]),
        ("colour", ["red"]),
    ]

    with pytest.raises(CreamError) as caught:
        chain_from_query(query)

    assert set(wrong(caught.value)) == {name for name, _ in query}


def test_everything_that_is_wrong_with_a_message_is_named_at_once() -> None:
    message = GetOptionChainRequest(
        expirations=["2026-13-01"],
        min_strike=float("nan"),
        max_strike=-1.0,
        option_type=9,  # type: ignore[arg-type] # a number that has no meaning
        limit=-1,
    )

    with pytest.raises(CreamError) as caught:
        chain_from_wire(message)

    assert set(wrong(caught.value)) == {
        "underlying",
        "expirations",
        "min_strike",
        "max_strike",
        "option_type",
        "limit",
    }


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ([], "underlying"),
        ([("underlying", ["AAPL", "MSFT"])], "underlying"),
        ([("underlying", ["AAPL"]), ("limit", [str(LARGEST_LIMIT + 1)])], "limit"),
        (
            [("underlying", ["AAPL"]), ("min_strike", ["2"]), ("max_strike", ["1"])],
            "min_strike",
        ),
        (
            [("underlying", ["AAPL"]), ("expiration", ["2026-12-18"] * (MAX_EXPIRATIONS + 1))],
            "expiration",
        ),
        ([("underlying", ["AAPL"]), ("expiration", ["20261218"])], "expiration"),
    ],
)
def test_what_cannot_be_meant_is_refused(query: list[tuple[str, list[str]]], field: str) -> None:
    with pytest.raises(CreamError) as caught:
        chain_from_query(query)

    assert field in wrong(caught.value)
