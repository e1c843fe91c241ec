"""A spread is sound in itself: its legs, its price, its size."""

import pytest

from tests.unit.adapters.server.plans import (
    LEGS,
    Json,
    change,
    problems_of,
    spread,
)

BAD_SPREADS: list[tuple[Json, str, str]] = [
    ({"size": {"quantity": "1.5", "unit": "CONTRACTS"}}, "size.quantity", "whole contracts"),
    ({"size": {"quantity": "1", "unit": "SHARES"}}, "size.unit", "options are counted"),
    ({"legs": "five"}, "legs", "does not hold a list"),
    ({"legs": "{}"}, "legs", "must be a list"),
    ({"legs": 5}, "legs", "must be a list"),
    ({"legs": [5]}, "legs[0]", "must be an object"),
    ({"legs": [LEGS[0]] * 17}, "legs", "may have 16 elements"),
    ({"limit_price": "5", "net_limit_price": None}, "net_limit_price", "has a net price"),
    ({"entry_order_type": "LIMIT", "net_limit_price": None}, "net_limit_price", "LIMIT order"),
    ({"net_limit_price": "1e12"}, "net_limit_price", "at most"),
    ({"instrument_id": "SPY"}, "legs[0].symbol", 'on "AAPL"'),
    ({"instrument_id": "AAPL  261218C00240000"}, "instrument_id", "underlying's ticker"),
]


@pytest.mark.parametrize(
    ("fields", "path", "words"), BAD_SPREADS, ids=lambda value: str(value)[:40]
)
def test_a_spread_that_is_wrong_is_named(fields: Json, path: str, words: str) -> None:
    found = problems_of(spread(**fields))

    assert words in found[path]


@pytest.mark.parametrize(
    ("fields", "path", "words"),
    [
        ({"symbol": "AAPL"}, "symbol", "must be an option"),
        ({"symbol": ...}, "symbol", "is required"),
        ({"ratio_qty": 0}, "ratio_qty", "must not be 0"),
        ({"ratio_qty": "1.5"}, "ratio_qty", "whole number"),
        ({"ratio_qty": 5000}, "ratio_qty", "from -1000 to 1000"),
        ({"ratio_qty": -1}, "position_intent", "contradicts the sign"),
        ({"position_intent": "BUY_TO_OPEN"}, "position_intent", "buy_to_open"),
        ({"position_intent": "sell_to_close"}, "position_intent", "contradicts the sign"),
        ({"side": "buy"}, "side", "not a known key"),
    ],
)
def test_a_leg_that_is_wrong_is_named(fields: Json, path: str, words: str) -> None:
    legs = [change(dict(LEGS[0]), fields), LEGS[1]]

    found = problems_of(spread(legs=legs))

    assert words in found[f"legs[0].{path}"]
    assert len(found) == 1
