"""On what does the gate judge right now? The book, the market and the account, put together."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from attrs import evolve, frozen

from cream.core.exchange.calendar import Sessions
from cream.core.execution.book import Book
from cream.core.execution.history import trading_day
from cream.core.model.account import Account
from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.market import Datum, Known, Quote, Stale, Unknown
from cream.core.model.money import ZERO
from cream.core.model.order import Order
from cream.core.model.position import Position
from cream.core.model.request import PortfolioOverride
from cream.core.model.state import TradingState
from cream.core.options.dividends import NOTHING_KNOWN, Dividends
from cream.core.ports import Clock, MarketData
from cream.core.risk.ledger import Ledger
from cream.core.risk.view import ALWAYS_OPEN, Baseline, PortfolioView, never_halted


@frozen
class _Working:
    """The open orders of a book, gone through only by those who have to."""

    book: Book

    def __iter__(self) -> Iterator[Order]:
        return self.book.open_orders()


@frozen
class Portfolio:
    """Builds portfolio views. `trouble` tells what is amiss with the connection to the broker.

    `ledger` keeps the sums of the book, so that no view goes through everything that is held.
    `halted` tells why a symbol is not traded for now, `dividends` which are to come.
    """

    market: MarketData
    clock: Clock
    account: Callable[[], Datum[Account]]
    trouble: Callable[[], str | None]
    stale_after_seconds: float
    book: Book
    ledger: Ledger
    sessions: Sessions = ALWAYS_OPEN
    halted: Callable[[str], str | None] = never_halted
    dividends: Dividends = NOTHING_KNOWN

    def view_of(self, book: Book, now: datetime) -> PortfolioView:
        """What the gate judges on at `now`."""
        state, reasons = self._state(book)
        return PortfolioView(
            account=self.account(),
            positions=book.positions,
            working=_Working(book),
            quote=lambda symbol: self._judged(self.market.latest(symbol), now),
            knows=lambda instrument: self._knows(instrument, now),
            state=state,
            reasons=reasons,
            exposure=self.ledger.exposure(now),
            halted=self.halted,
            history=book.history,
            baseline=_baseline(book, now),
            sessions=self.sessions,
            valuer=self.ledger.valuer,
            dividends=self.dividends,
        )

    def fresh_quote(self, symbol: str) -> Quote | None:
        """The latest quote of `symbol`, if it is young enough to act on."""
        match self._judged(self.market.latest(symbol), self.clock.now()):
            case Known(quote):
                return quote
            case _:
                return None

    def mark(self, symbol: str) -> Datum[Decimal]:
        """The middle of the market of `symbol`, with its age judged.

        What nobody bids for has none, unless it is an option: that may be worth next to nothing.
        """
        held = self.book.positions.get(symbol)
        is_option = held is not None and isinstance(held.instrument, OptionContract)
        match self._judged(self.market.latest(symbol), self.clock.now()):
            case Known(quote) | Stale(quote, _) if quote.bid <= 0 and not is_option:
                return Unknown("nobody bids for it")
            case Known(quote):
                return Known(quote.mid)
            case Stale(quote, age):
                return Stale(quote.mid, age)
            case Unknown(why):
                return Unknown(why)

    def realized_pnl(self) -> Decimal:
        """Dollars that fills earned or lost, commission aside, in everything ever held."""
        return sum((one.realized_pnl for one in self.book.positions.values()), ZERO)

    def stale_symbols(self) -> Iterator[str]:
        """Symbols that are held and whose quote is not fresh."""
        for symbol, position in self.book.positions.items():
            if not position.is_flat and self.fresh_quote(symbol) is None:
                yield symbol

    def overridden(self, view: PortfolioView, override: PortfolioOverride) -> PortfolioView:
        """`view` with what a check request gives instead of the engine's own figures."""
        account = self._account_of(view.account, override)
        if override.equity is not None:
            # Nothing has been lost or gained on the way from our own equity to a made-up one.
            view = evolve(view, baseline=None)
        if override.positions is None:
            return evolve(view, account=account)
        positions: Mapping[str, Position] = {
            one.instrument.symbol: Position(
                instrument=one.instrument,
                quantity=one.quantity,
                cost=one.quantity * one.average_price,
            )
            for one in override.positions
        }
        # Holdings of someone's own making come without our working orders.
        return evolve(view, account=account, positions=positions, working=(), exposure=None)

    def _account_of(self, own: Datum[Account], override: PortfolioOverride) -> Datum[Account]:
        given = (override.equity, override.cash, override.buying_power)
        if all(one is None for one in given):
            return own
        account = _blank(self.clock.now()) if isinstance(own, Unknown) else own.value
        equity = account.equity if override.equity is None else override.equity
        # Someone who gives only an equity means an account that is worth that, all of it free.
        cash = equity if override.cash is None else override.cash
        power = override.buying_power
        if power is None:
            power = account.buying_power if override.equity is None else 2 * equity
        return Known(evolve(account, equity=equity, cash=cash, buying_power=power))

    def _knows(self, instrument: Instrument, now: datetime) -> bool:
        return self.market.knows(instrument, now)

    def _judged(self, quote: Quote | None, now: datetime) -> Datum[Quote]:
        if quote is None:
            return Unknown("no quote has come")
        age = (now - quote.as_of).total_seconds()
        return Known(quote) if age <= self.stale_after_seconds else Stale(quote, age)

    def _state(self, book: Book) -> tuple[TradingState, tuple[str, ...]]:
        """The book's state; a link in doubt, or none, refuses increases before the state changes.

        So does a mass cancel that is owed: it would take what comes in with it.
        """
        state = book.trading_state
        reasons = tuple(f"{one.cause.value}: {one.reason}" for one in book.restrictions.values())
        trouble = self.trouble()
        if trouble is not None:
            reasons += (f"broker: {trouble}",)
        owed = book.mass_cancel_owed
        if owed is not None:
            reasons += (f"a mass cancel is not confirmed yet: {owed.reason}",)
        if state is TradingState.ACTIVE and (owed is not None or trouble is not None):
            state = TradingState.REDUCING
        return state, reasons


def _baseline(book: Book, now: datetime) -> Datum[Baseline]:
    history = book.history
    first, peak = history.session_equity, history.peak_equity
    if history.session != trading_day(now) or first is None or peak is None:
        return Unknown("no equity has been marked today")
    return Known(Baseline(first, peak))


def _blank(now: datetime) -> Account:
    zero = Decimal(0)
    return Account(
        account_id="",
        equity=zero,
        cash=zero,
        buying_power=zero,
        margin_used=zero,
        last_equity=zero,
        as_of=now,
    )
