from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from cream.adapters.sandbox.chains import contracts_of, greeks_json
from cream.adapters.sandbox.refusals import Refusal
from cream.core.model.instrument import OptionContract
from cream.core.options.occ import expires_at, parse_instrument
from tests.unit.adapters.sandbox.lab import NEAR, lab


async def test_contracts_are_listed_to_the_next_weekend_unless_bounded() -> None:
    exchange = lab().sandbox.exchange
    market, now = exchange.market, exchange.clock.now()
    short = list(contracts_of("AAPL", {}, market, now))
    exact = {"expiration_date": "2026-12-18", "type": "call", "strike_price_gte": "300"}
    found = list(contracts_of("AAPL", exact, market, now))
    assert len({one.expiration for one in short}) == 1
    assert {(one.expiration.isoformat(), one.right.value) for one in found} == {
        ("2026-12-18", "CALL")
    }
    assert min(one.strike for one in found) == 300
    assert list(contracts_of("ZZZZ", {}, market, now)) == []


@pytest.mark.parametrize("name", ["expiration_date", "strike_price_lte"])
async def test_bounds_that_make_no_sense_are_refused(name: str) -> None:
    exchange = lab().sandbox.exchange
    with pytest.raises(Refusal, match=name):
        list(contracts_of("AAPL", {name: "x"}, exchange.market, exchange.clock.now()))


async def test_greeks_are_a_day_and_a_point() -> None:
    exchange = lab().sandbox.exchange
    contract = parse_instrument(NEAR)
    assert isinstance(contract, OptionContract)
    quote = exchange.market.latest(contract.symbol)
    assert quote is not None
    found = greeks_json(contract, quote, Decimal("238.40"), exchange.clock.now())
    greeks = found["greeks"]
    assert isinstance(greeks, dict)
    assert -0.3 < greeks["theta"] < 0
    assert 0 < greeks["vega"] < 1
    assert found["impliedVolatility"] == pytest.approx(0.19, abs=0.01)
    after: datetime = expires_at(contract) + timedelta(seconds=1)
    assert greeks_json(contract, quote, Decimal("238.40"), after) == {}
