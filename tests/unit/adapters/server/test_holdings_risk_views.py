"""The risk of everything that is held, over HTTP."""

from decimal import Decimal

from cream.core.options.holdings_risk import holdings_risk
from tests.fakes.operations import FakeOperations
from tests.unit.adapters.server.site import call
from tests.unit.core.options.test_holdings_risk import BASIS, CALL, option, shares


async def test_the_greeks_of_everything_and_the_options_sold_are_told(
    operations: FakeOperations,
) -> None:
    operations.risk = holdings_risk([option(-2), shares("DEF", 10, None)], BASIS)

    reply = await call(operations, "GET", "/v1/options/risk")

    assert reply.status_code == 200
    shown = await reply.get_json()
    assert shown["as_of"] == "2026-12-01T15:00:00Z"
    first, second = shown["underlyings"]
    assert first == {
        "underlying": "XYZ",
        "delta_shares": "-100.00",
        "delta_dollars": "-10000.00",
        "gamma_shares": "-4.00",
        "gamma_dollars_per_percent": "-400.00",
        "vega_dollars_per_point": "-24.00",
        "theta_dollars_per_day": "8.00",
        "rho_dollars_per_point": "-10.00",
        "oldest_seconds": 2.0,
        "stale": [],
        "missing": [],
    }
    assert (second["underlying"], second["missing"]) == ("DEF", ["DEF"])
    assert shown["total"]["underlying"] is None
    assert Decimal(shown["total"]["delta_shares"]) == -100
    assert shown["total"]["missing"] == ["DEF"]
    (short,) = shown["shorts"]
    assert (short["symbol"], short["quantity"], short["level"]) == (CALL.symbol, "-2", "NONE")
    assert short["strike_dollars"] == "20000.00"
    assert shown["unknown"] == []
    assert operations.commands == []
