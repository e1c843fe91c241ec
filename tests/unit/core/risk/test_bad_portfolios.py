"""Figures that no account should have: increases are denied and told why, exits pass."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.market import Known, Quote, Stale, Unknown
from cream.core.model.order import OrderPurpose
from cream.core.model.plan import Decision, SizeUnit
from cream.core.risk.greeks import QuotedGreeks
from cream.core.risk.limits import Constraints
from cream.core.risk.view import PortfolioView
from tests.unit.core.risk.scenes import (
    LIMITS,
    MARKET,
    NOW,
    VERTICAL,
    account,
    buy,
    close,
    codes,
    d,
    gate,
    held,
    judge,
    limits,
    plan,
    quote,
    short,
    spread,
    view,
)

CALL = VERTICAL[0].contract.symbol
ON_NVDA = "NVDA  261218C00190000"
INCREASES = [buy(), short("TSLA", 1), spread(1), buy(CALL, 1, limit="4.20", stop="230")]
HELD = (held("AAPL", 10), held("ACME", 5))


def own(data: dict[str, Known[Quote] | Stale[Quote] | Unknown]) -> PortfolioView:
    return view(*HELD[:1], data=data)  # type: ignore[arg-type]


STRANGE: dict[str, PortfolioView] = {
    "negative equity": view(HELD[0], of=Known(account(-1))),
    "zero equity": view(HELD[0], of=Known(account(0))),
    "no figures of the account": view(HELD[0], of=Unknown("no answer")),
    "old figures of the account": view(HELD[0], of=Stale(account(), 99.0)),
    "no marks": own({"AAPL": Unknown("no feed")}),
    "old marks": own({"AAPL": Stale(quote("AAPL", "238.39", "238.41"), 99.0)}),
    "crossed quotes": own({"AAPL": Known(quote("AAPL", "240", "230"))}),
    "a quote of nothing": own({"AAPL": Known(quote("AAPL", "0", "0"))}),
    "an old quote of the underlying of an option": view(
        HELD[0], held(ON_NVDA, 1, 6), data={"NVDA": Stale(quote("NVDA", "182.49", "182.51"), 99.0)}
    ),
    "no quote of the underlying of an option": view(
        HELD[0], held(ON_NVDA, 1, 6), data={"NVDA": Unknown("no feed")}
    ),
    "no quote of an option whose share is known well": view(
        HELD[0],
        held(ON_NVDA, 1, 6),
        data={ON_NVDA: Unknown("no feed")},
        valuer=QuotedGreeks(history_of=lambda _underlying: 0.4),
    ),
    "a position in an unknown symbol": view(*HELD),
}


@pytest.mark.parametrize("name", STRANGE)
@pytest.mark.parametrize("asked", INCREASES, ids=lambda one: one.decision_id)
def test_no_increase_passes_and_a_reason_is_given(name: str, asked: Decision) -> None:
    found = judge(asked, on=STRANGE[name])

    assert not found.ok
    assert found.orders == ()
    refusing = [one for one in found.violations if one.severity.refuses]
    assert refusing
    assert all(one.message for one in refusing)


@pytest.mark.parametrize("name", STRANGE)
def test_an_exit_passes_all_the_same(name: str) -> None:
    assert judge(close(), on=STRANGE[name]).ok


def test_what_is_not_known_is_named() -> None:
    named = {
        "no figures of the account": "the account",
        "no marks": "AAPL",
        "old marks": "AAPL",
        "crossed quotes": "crossed",
        "an old quote of the underlying of an option": "the quote of NVDA is 99.0 s old",
        "no quote of the underlying of an option": "no quote of NVDA",
        "a position in an unknown symbol": "ACME",
    }
    for name, word in named.items():
        found = judge(buy("MSFT", 1, limit="512.00", stop="500", target="540"), on=STRANGE[name])
        assert codes(found) == ["RISK_INPUT_UNKNOWN"]
        assert word in found.violations[0].message


ZEROS: dict[str, tuple[Constraints, str]] = {
    code: (limits(**{section: {key: zero}}), code)
    for section, key, zero, code in (
        ("per_instrument", "max_notional", d(0), "PER_INSTRUMENT_NOTIONAL_EXCEEDED"),
        ("per_instrument", "max_units", 0, "PER_INSTRUMENT_UNITS_EXCEEDED"),
        ("per_instrument", "max_equity_pct", d(0), "PER_INSTRUMENT_PCT_EQUITY_EXCEEDED"),
        ("portfolio", "max_gross_notional", d(0), "PORTFOLIO_GROSS_NOTIONAL_EXCEEDED"),
        ("portfolio", "max_net_notional", d(0), "PORTFOLIO_NET_NOTIONAL_EXCEEDED"),
        ("portfolio", "max_leverage", d(0), "PORTFOLIO_GROSS_PCT_EXCEEDED"),
        ("portfolio", "max_net_equity_pct", d(0), "PORTFOLIO_NET_PCT_EXCEEDED"),
        ("portfolio", "max_underlying_equity_pct", d(0), "UNDERLYING_CONCENTRATION_EXCEEDED"),
        ("risk_limits", "max_per_trade_risk_pct", d(0), "PER_TRADE_RISK_EXCEEDED"),
        ("orders", "max_open", 0, "MAX_OPEN_ORDERS_EXCEEDED"),
        ("orders", "max_positions", 0, "MAX_POSITIONS_EXCEEDED"),
        ("orders", "max_order_notional", d(0), "MAX_ORDER_NOTIONAL_EXCEEDED"),
        ("plan", "max_decisions", 0, "TOO_MANY_DECISIONS"),
    )
}


@pytest.mark.parametrize("code", ZEROS)
def test_a_limit_of_zero_denies(code: str) -> None:
    by, expected = ZEROS[code]

    assert expected in codes(judge(buy(), by=by))


numbers = st.sampled_from(["-1e9", "-0.01", "0", "0.01", "1e6", "1e15"])
markets = st.sampled_from(["known", "stale", "unknown", "crossed", "nothing", "one-sided"])


@given(numbers, numbers, numbers, markets, st.sampled_from(INCREASES), st.integers(-10, 10))
def test_whatever_the_portfolio_is_a_verdict_comes_out(
    equity: str, cash: str, power: str, market: str, asked: Decision, count: int
) -> None:
    """And nothing is entered where equity, or a price, is none.

    A sale at a limit may wait for a buyer where there is none yet.
    """
    symbol = asked.instrument.symbol
    fresh = quote(symbol, *MARKET[symbol])
    data = {
        "known": Known(fresh),
        "stale": Stale(fresh, 60.0),
        "unknown": Unknown("no feed"),
        "crossed": Known(quote(symbol, "9", "8")),
        "nothing": Known(quote(symbol, "0", "0")),
        "one-sided": Known(quote(symbol, "0", "9")),
    }[market]
    figures = account(equity, cash=Decimal(cash), buying_power=Decimal(power))
    on = view(held("XOM", count), of=Known(figures), data={symbol: data})

    found = gate(LIMITS).judge(plan(asked), on, NOW)

    entered = [one for one in found.orders if one.purpose is OrderPurpose.ENTRY]
    assert not entered or Decimal(equity) > 0
    assert not entered or market in ("known", "one-sided")
    assert len(found.checks) > 0


@pytest.mark.parametrize("known", [None, Unknown("no feed")])
def test_an_option_is_left_whatever_is_known_of_its_underlying(known: Unknown | None) -> None:
    data = {} if known is None else {"NVDA": known, ON_NVDA: known}

    assert judge(close(ON_NVDA, 1), on=view(held(ON_NVDA, 1, 6), data=data)).ok  # type: ignore[arg-type]


@pytest.mark.parametrize("unit", [SizeUnit.PCT_EQUITY, SizeUnit.DOLLARS])
def test_an_account_of_any_size_gets_a_verdict(unit: SizeUnit) -> None:
    """A part of it may be more units than there are digits to divide."""
    asked = buy("AAPL", "100", unit=unit, limit="0.0002", stop="0.0001", target="0.0005")

    assert not judge(asked, on=view(of=Known(account(10**27)))).ok
