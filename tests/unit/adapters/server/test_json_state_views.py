"""What the account, the holdings and the daemon's state look like as JSON."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from cream.adapters.server import json_state_views as views
from cream.adapters.server.portfolio import portfolio
from cream.core.market.views import FeedView
from cream.core.model.market import Stale, Unknown
from cream.core.model.state import Cause, Restriction, TradingState
from cream.core.operations import BreakerView, MassCancelReport, TradingStateView
from tests.fakes.operations import FakeOperations
from tests.fakes.operations_data import ACCOUNT, NOW, a_quote, working
from tests.unit.adapters.server import states


def encoded(view: object) -> Any:
    return json.loads(msgspec.json.encode(view))


def test_a_position_shows_exactly_the_fields_of_the_interface() -> None:
    assert encoded(views.position_view(states.held())) == {
        "symbol": "AAPL",
        "quantity": "20",
        "avg_entry_price": "238.41",
        "market_value": "4768.00",
        "unrealized_pnl": "-0.20",
        "realized_pnl": "12.50",
        "cost_basis": "4768.20",
        "stop_price": "228.50",
        "take_profit_price": None,
        "protected_quantity": "20",
    }


def test_a_short_position_has_a_negative_quantity_and_value() -> None:
    shown = encoded(views.position_view(states.held(quantity="-20")))

    assert (shown["quantity"], shown["market_value"]) == ("-20", "-4768.00")
    assert shown["unrealized_pnl"] == "0.20"


def test_an_option_is_valued_with_its_multiplier() -> None:
    shown = encoded(views.position_view(states.option()))

    assert shown["symbol"] == "AAPL  261218C00240000"
    assert shown["market_value"] == "71520.00"
    assert shown["cost_basis"] == "71523.00"


def test_a_position_without_a_price_has_null_figures_and_not_zero() -> None:
    """What is unknown is not zero."""
    unknown = encoded(views.position_view(states.held(Unknown("never quoted"))))
    stale = encoded(views.position_view(states.held(Stale(Decimal("240"), 90.0))))

    assert unknown["market_value"] is None
    assert unknown["unrealized_pnl"] is None
    assert stale["market_value"] == "4800"


@pytest.mark.parametrize(
    ("datum", "freshness"), [(None, "KNOWN"), (Stale(ACCOUNT, 100.0), "STALE")]
)
def test_an_account_says_how_fresh_it_is(datum: Any, freshness: str) -> None:
    operations = FakeOperations()

    shown = encoded(views.account_view(datum or operations.account()))

    assert shown["freshness"] == freshness
    assert shown["equity"] == "100000.00"
    assert shown["as_of"] == "2026-11-23T14:59:58Z"


def test_an_account_that_was_never_told_is_null() -> None:
    assert views.account_view(Unknown("no broker")) is None


def test_a_trading_state_names_every_cause() -> None:
    restriction = Restriction(
        cause=Cause.OPERATOR, state=TradingState.HALTED, reason="news", actor="kim", since=NOW
    )

    shown = encoded(
        views.trading_state_view(
            TradingStateView(state=TradingState.HALTED, restrictions=(restriction,))
        )
    )

    assert shown == {
        "state": "HALTED",
        "causes": [
            {
                "cause": "operator",
                "state": "HALTED",
                "reason": "news",
                "actor": "kim",
                "since": "2026-11-23T15:00:00Z",
            }
        ],
    }


def test_a_mass_cancel_is_complete_when_nothing_remains() -> None:
    report = MassCancelReport(requested=3, confirmed=2, remaining=("o-1",))

    assert encoded(views.mass_cancel_view(report)) == {
        "requested": 3,
        "confirmed": 2,
        "complete": False,
        "remaining": ["o-1"],
    }


def breaker(state: str, calls: int, failures: int) -> BreakerView:
    return BreakerView(
        name=state, state=state, total_calls=calls, total_failures=failures, failure_rate=0.5
    )


@pytest.mark.parametrize(
    ("breakers", "state", "available", "rate"),
    [
        ([], "CLOSED", True, 0.0),
        ([breaker("CLOSED", 0, 0)], "CLOSED", True, 0.0),
        ([breaker("CLOSED", 6, 0), breaker("HALF_OPEN", 2, 2)], "HALF_OPEN", True, 0.25),
        ([breaker("OPEN", 4, 1), breaker("CLOSED", 4, 1)], "OPEN", False, 0.25),
    ],
)
def test_the_worst_breaker_speaks_for_all(
    breakers: list[BreakerView], state: str, available: bool, rate: float
) -> None:
    shown = encoded(views.breakers_view(breakers))

    assert (shown["state"], shown["is_broker_available"]) == (state, available)
    assert shown["failure_rate"] == rate
    assert len(shown["breakers"]) == len(breakers)


@pytest.mark.parametrize(("healthy", "status"), [(True, "HEALTHY"), (False, "DEGRADED")])
def test_a_feed_is_healthy_or_degraded(healthy: bool, status: str) -> None:
    view = FeedView(
        provider="synthetic",
        healthy=healthy,
        last_message_age_seconds=None,
        messages=0,
        stale_symbols=(),
        issues=("no message yet",),
    )

    shown = encoded(views.feed_view(view))

    assert (shown["enabled"], shown["status"]) == (True, status)
    assert shown["issues"] == ["no message yet"]


def test_a_quote_shows_the_exchanges_time() -> None:
    quote = encoded(views.quote_view(a_quote()))

    assert (quote["bid"], quote["at"]) == ("238.39", "2026-11-23T14:59:59.500000Z")


def test_the_portfolio_shows_all_that_the_gate_judges_by() -> None:
    operations = FakeOperations(position_views=[states.held()])
    operations.put(working(states.ENTRY))

    shown = encoded(views.portfolio_view(portfolio(operations, NOW)))

    assert [one["order_id"] for one in shown["working_orders"]] == ["o-entry"]
    assert shown["realized_pnl"] == "12.50"
    assert shown["unrealized_pnl"] == "-0.20"
    assert shown["trading_state"]["state"] == "ACTIVE"
    assert shown["as_of"] == "2026-11-23T14:59:58Z"
    assert shown["data_ages"] == [
        {"name": "account", "freshness": "KNOWN", "age_seconds": 2.0},
        {"name": "quote:AAPL", "freshness": "KNOWN", "age_seconds": 0.5},
    ]
