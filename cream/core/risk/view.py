"""On what does the gate judge? The account, the holdings, the orders and the market of one moment.

Who builds a view answers for it: nothing in here is looked up again. Whatever is not certain is
said to be so (`Known | Stale | Unknown`), because what is unknown must never be read as zero.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal

from attrs import define, evolve, field, frozen

from cream.core.exchange.calendar import SessionMode, Sessions
from cream.core.execution.history import TradeHistory
from cream.core.model.account import Account
from cream.core.model.instrument import Instrument
from cream.core.model.market import Datum, Quote, Unknown
from cream.core.model.order import Order
from cream.core.model.position import Position
from cream.core.model.state import TradingState
from cream.core.options.dividends import NOTHING_KNOWN, Dividends
from cream.core.risk.exposure import Exposure, exposure_of
from cream.core.risk.greeks import QuotedGreeks, Valuer
from cream.core.risk.line import Line
from cream.core.risk.prices import Prices

ALWAYS_OPEN = Sessions(SessionMode.ALWAYS_OPEN)


@frozen
class Baseline:
    """What losses are measured from. Units: dollars."""

    session_equity: Decimal
    peak_equity: Decimal


def never_halted(_symbol: str) -> str | None:
    """For a market that tells of no halts."""
    return None


@frozen(kw_only=True)
class PortfolioView:
    """One moment, as seen by the gate.

    `positions` by symbol. `working` are the open orders: parents, slices and legs, each once; it
    can be gone through more than once.
    `quote` gives the latest quote of a symbol with its age judged, `knows` whether an instrument
    exists and can still trade, `halted` why a symbol is not traded for now (None: it is). `reasons`
    say why the state is what it is. `exposure` is what positions and working orders add up to,
    where somebody has kept the sums; otherwise the gate adds them up. `history` is what has been
    traded lately, `baseline` what losses are measured from; None where neither is to be judged.
    `sessions` are those of the market, `valuer` tells the Greeks of options, `dividends` are those
    to come, as far as they are known.
    """

    account: Datum[Account]
    positions: Mapping[str, Position]
    working: Iterable[Order]
    quote: Callable[[str], Datum[Quote]]
    knows: Callable[[Instrument], bool]
    state: TradingState = TradingState.ACTIVE
    reasons: tuple[str, ...] = ()
    exposure: Exposure | None = None
    halted: Callable[[str], str | None] = never_halted
    history: TradeHistory | None = None
    baseline: Datum[Baseline] | None = None
    sessions: Sessions = ALWAYS_OPEN
    valuer: Valuer = field(factory=QuotedGreeks)
    dividends: Dividends = NOTHING_KNOWN


def without(order_ids: Collection[str], view: PortfolioView) -> PortfolioView:
    """The view once these orders are gone: what is cancelled for an exit does not stand in its way.

    Its sums are not what they were, so it has none.
    """
    if not order_ids:
        return view
    working = tuple(one for one in view.working if one.order_id not in order_ids)
    return evolve(view, working=working, exposure=None)


@define
class Scene:
    """A view with its sums and readings, for one judgement.

    `account` are the broker's figures, stale or not; None where there are none. Units: `equity` in
    dollars.
    """

    view: PortfolioView
    prices: Prices
    exposure: Exposure
    account: Account | None = field(init=False)
    equity: Decimal | None = field(init=False)
    _empty: dict[str, Line] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        account = self.view.account
        if isinstance(account, Unknown):
            self.account = self.equity = None
        else:
            self.account, self.equity = account.value, account.value.equity

    def line(self, instrument: Instrument) -> Line:
        """What is held and what works in `instrument`; an empty line where nothing does."""
        symbol = instrument.symbol
        found = self.exposure.lines.get(symbol) or self._empty.get(symbol)
        if found is None:
            found = self._empty[symbol] = Line(instrument=instrument)
        return found


def scene_of(view: PortfolioView) -> Scene:
    """The scene of `view`. Positions and orders are gone through once, or not at all."""
    prices = Prices(view.quote, view.valuer)
    exposure = view.exposure
    if exposure is None:
        exposure = exposure_of(view.positions.values(), view.working, prices)
    return Scene(view, prices, exposure)
