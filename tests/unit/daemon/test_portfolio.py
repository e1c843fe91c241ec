"""The gate judges on the book, on quotes with their age, and on what a check gives instead."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from attrs import define, evolve, field

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.model.account import Account
from cream.core.model.broker import BrokerPosition
from cream.core.model.instrument import Instrument
from cream.core.model.market import Datum, Known, Quote, Stale, Unknown
from cream.core.model.order import Side
from cream.core.model.position import Position
from cream.core.model.request import PortfolioOverride
from cream.core.model.state import Cause, TradingState
from cream.core.risk.ledger import Ledger as Sums
from cream.daemon.portfolio import Portfolio
from tests.fakes.builders import AAPL, CALL, MSFT, NOW, order_terms
from tests.fakes.ledger import Ledger
from tests.fakes.operations_data import ACCOUNT

STALE_AFTER = 15.0


@define
class StillMarket:
    """A market with the quotes that a test puts there, and a clock that stands."""

    quotes: dict[str, Quote] = field(factory=dict)
    time: datetime = NOW

    def put(self, symbol: str, bid: str, ask: str, age: float = 0.0) -> None:
        self.quotes[symbol] = Quote(
            symbol=symbol,
            bid=Decimal(bid),
            ask=Decimal(ask),
            bid_size=1,
            ask_size=1,
            at=NOW - timedelta(seconds=age),
        )

    def now(self) -> datetime:
        return self.time

    def latest(self, symbol: str) -> Quote | None:
        return self.quotes.get(symbol)

    def knows(self, instrument: Instrument, now: datetime) -> bool:
        return instrument.symbol in self.quotes


@define
class Desk:
    """A portfolio over a ledger, and what stands around it."""

    ledger: Ledger = field(factory=Ledger)
    market: StillMarket = field(factory=StillMarket)
    account: Datum[Account] = field(factory=lambda: Known(ACCOUNT))
    trouble: str | None = None

    @property
    def book(self) -> Book:
        return self.ledger.book

    @property
    def portfolio(self) -> Portfolio:
        return Portfolio(
            market=self.market,  # type: ignore[arg-type] - only what is read of it
            clock=self.market,
            account=lambda: self.account,
            trouble=lambda: self.trouble,
            stale_after_seconds=STALE_AFTER,
            book=self.book,
            ledger=Sums(self.book, self.market.latest, STALE_AFTER),
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


# Quotes and their ages --------------------------------------------------------------------------


def test_a_quote_is_fresh_up_to_the_bound_and_stale_beyond(desk: Desk) -> None:
    desk.market.put("AAPL", "100", "102", age=STALE_AFTER)
    desk.market.put("MSFT", "200", "204", age=STALE_AFTER + 0.001)

    assert desk.portfolio.mark("AAPL") == Known(Decimal(101))
    assert desk.portfolio.mark("MSFT") == Stale(Decimal(202), STALE_AFTER + 0.001)
    assert isinstance(desk.portfolio.mark("SPY"), Unknown)


def test_a_share_that_nobody_bids_for_is_not_worth_half_of_what_is_asked(desk: Desk) -> None:
    desk.market.put("AAPL", "0", "202")
    desk.market.put("MSFT", "0", "404", age=STALE_AFTER + 1)
    assert desk.portfolio.mark("AAPL") == Unknown("nobody bids for it")
    assert desk.portfolio.mark("MSFT") == Unknown("nobody bids for it")


def test_an_option_that_nobody_bids_for_is_worth_next_to_nothing(desk: Desk) -> None:
    desk.ledger.enter(order_terms("a", "2", instrument=CALL))
    desk.market.put(CALL.symbol, "0", "0.04")
    assert desk.portfolio.mark(CALL.symbol) == Known(Decimal("0.02"))


def test_only_a_fresh_quote_is_acted_on(desk: Desk) -> None:
    desk.market.put("AAPL", "100", "102")
    desk.market.put("MSFT", "200", "204", age=60)

    assert desk.portfolio.fresh_quote("AAPL") == desk.market.quotes["AAPL"]
    assert desk.portfolio.fresh_quote("MSFT") is None
    assert desk.portfolio.fresh_quote("SPY") is None


def test_stale_symbols_are_those_held_without_a_fresh_quote(desk: Desk) -> None:
    desk.ledger.enter(order_terms("a", "10"))
    desk.ledger.enter(order_terms("b", "10", instrument=MSFT))
    desk.market.put("AAPL", "100", "102")
    desk.market.put("MSFT", "200", "204", age=60)
    desk.market.put("SPY", "600", "601", age=60)

    assert list(desk.portfolio.stale_symbols()) == ["MSFT"]


def test_a_holding_that_is_flat_needs_no_quote(desk: Desk) -> None:
    desk.ledger.enter(order_terms("a", "10"))
    desk.ledger.apply(adjusted(AAPL, "0"))

    assert list(desk.portfolio.stale_symbols()) == []


def adjusted(instrument: Instrument, quantity: str) -> e.PositionAdjusted:
    return e.PositionAdjusted(
        at=NOW,
        instrument=instrument,
        quantity=Decimal(quantity),
        average_price=Decimal(100),
        reason="test",
    )


# Profit -----------------------------------------------------------------------------------------


def test_what_a_closed_holding_earned_counts_on(desk: Desk) -> None:
    desk.ledger.enter(order_terms("in", "10"), price="100")
    desk.ledger.enter(order_terms("out", "10", side=Side.SELL), price="112.50")
    desk.ledger.enter(order_terms("other", "4", instrument=MSFT), price="200")

    assert desk.book.position(AAPL).is_flat
    assert desk.portfolio.realized_pnl() == Decimal("125.00")


def test_nothing_traded_is_nothing_earned(desk: Desk) -> None:
    assert desk.portfolio.realized_pnl() == 0


# The view of the gate ---------------------------------------------------------------------------


def test_the_gate_sees_the_book_the_market_and_the_account(desk: Desk) -> None:
    desk.ledger.enter(order_terms("in", "10"))
    desk.ledger.work(order_terms("rest", "5", limit="90"))
    desk.market.put("AAPL", "100", "102", age=60)

    view = desk.portfolio.view_of(desk.book, NOW)

    assert view.account == Known(ACCOUNT)
    assert view.positions["AAPL"].quantity == 10
    assert [one.order_id for one in view.working] == ["rest"]
    assert view.quote("AAPL") == Stale(desk.market.quotes["AAPL"], 60.0)
    assert view.knows(AAPL)
    assert not view.knows(MSFT)
    assert (view.state, view.reasons) == (TradingState.ACTIVE, ())


def test_a_link_in_doubt_refuses_increases_before_the_state_changes(desk: Desk) -> None:
    desk.trouble = "no session"

    view = desk.portfolio.view_of(desk.book, NOW)

    assert view.state is TradingState.REDUCING
    assert view.reasons == ("broker: no session",)
    assert desk.book.trading_state is TradingState.ACTIVE


def test_a_link_in_doubt_does_not_loosen_a_halt(desk: Desk) -> None:
    desk.trouble = "the link is DISCONNECTED"
    desk.ledger.apply(
        e.TradingRestricted(
            at=NOW,
            cause=Cause.OPERATOR,
            state=TradingState.HALTED,
            reason="news",
            actor="kim",
        )
    )

    view = desk.portfolio.view_of(desk.book, NOW)

    assert view.state is TradingState.HALTED
    assert view.reasons[0] == "operator: news"
    assert len(view.reasons) == 2


# What a check gives instead ---------------------------------------------------------------------


def given(instrument: Instrument, quantity: str, price: str) -> BrokerPosition:
    return BrokerPosition(
        instrument=instrument, quantity=Decimal(quantity), average_price=Decimal(price)
    )


def test_given_holdings_stand_in_for_ours_and_for_our_working_orders(desk: Desk) -> None:
    desk.ledger.enter(order_terms("in", "10"))
    desk.ledger.work(order_terms("rest", "5", limit="90"))
    view = desk.portfolio.view_of(desk.book, NOW)
    override = PortfolioOverride(positions=(given(MSFT, "-3", "200"),))

    found = desk.portfolio.overridden(view, override)

    held = Position(instrument=MSFT, quantity=Decimal(-3), cost=Decimal(-600))
    assert found.positions == {"MSFT": held}
    assert found.working == ()
    assert found.account == Known(ACCOUNT)


def test_without_given_holdings_ours_stay(desk: Desk) -> None:
    desk.ledger.enter(order_terms("in", "10"))
    desk.ledger.work(order_terms("rest", "5", limit="90"))
    view = desk.portfolio.view_of(desk.book, NOW)

    found = desk.portfolio.overridden(view, PortfolioOverride(cash=Decimal(7)))

    assert (found.positions, found.working) == (view.positions, view.working)
    assert found.account == Known(evolve(ACCOUNT, cash=Decimal(7)))


def test_an_equity_alone_means_an_account_that_is_worth_that_and_free(desk: Desk) -> None:
    view = desk.portfolio.view_of(desk.book, NOW)

    found = desk.portfolio.overridden(view, PortfolioOverride(equity=Decimal(50_000)))

    account = evolve(
        ACCOUNT, equity=Decimal(50_000), cash=Decimal(50_000), buying_power=Decimal(100_000)
    )
    assert found.account == Known(account)


def test_figures_that_are_given_are_taken_as_they_are(desk: Desk) -> None:
    view = desk.portfolio.view_of(desk.book, NOW)
    override = PortfolioOverride(
        equity=Decimal(50_000), cash=Decimal(10_000), buying_power=Decimal(12_000)
    )

    found = desk.portfolio.overridden(view, override)

    account = evolve(
        ACCOUNT, equity=Decimal(50_000), cash=Decimal(10_000), buying_power=Decimal(12_000)
    )
    assert found.account == Known(account)


def test_given_figures_make_up_for_an_account_that_nobody_has_told(desk: Desk) -> None:
    desk.account = Unknown("not told")
    view = desk.portfolio.view_of(desk.book, NOW)

    found = desk.portfolio.overridden(view, PortfolioOverride(equity=Decimal(1_000)))

    assert isinstance(found.account, Known)
    assert found.account.value.equity == 1_000
    assert found.account.value.buying_power == 2_000
    assert found.account.value.margin_used == 0
    assert found.account.value.as_of == NOW
