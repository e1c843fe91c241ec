"""What does the gate judge by, at one moment? Gathered once, shown over both APIs."""

from datetime import datetime, timedelta
from decimal import Decimal

from attrs import frozen

from cream.core.model.account import Account
from cream.core.model.market import Datum, Known, Stale, Unknown
from cream.core.model.money import ZERO
from cream.core.model.order import Order
from cream.core.operations import Operations, PositionView, TradingStateView


@frozen
class Age:
    """How old one input is: its value is Known, Stale or Unknown, by `freshness`."""

    name: str
    freshness: str
    seconds: float | None


@frozen(kw_only=True)
class Portfolio:
    """Account, holdings, working orders, profit and loss, trading state, and their ages.

    `realized_pnl` is that of everything ever held, before commission: it does not fall when a
    holding is closed. `unrealized_pnl` is None while a holding has no price. `as_of` is the time of
    the oldest figure among the account's and the marks.
    """

    account: Datum[Account]
    positions: tuple[PositionView, ...]
    working_orders: tuple[Order, ...]
    realized_pnl: Decimal
    unrealized_pnl: Decimal | None
    trading_state: TradingStateView
    ages: tuple[Age, ...]
    as_of: datetime


def portfolio(operations: Operations, now: datetime) -> Portfolio:
    """The portfolio at `now`."""
    account = operations.account()
    positions = tuple(operations.positions())
    ages = [_account_age(account, now), *(_mark_age(operations, view, now) for view in positions)]
    marks = [(view.position, mark_of(view)) for view in positions]
    gains = [None if mark is None else held.unrealized_pnl(mark) for held, mark in marks]
    known_gains = [gain for gain in gains if gain is not None]
    oldest = max((age.seconds for age in ages if age.seconds is not None), default=0.0)
    return Portfolio(
        account=account,
        positions=positions,
        working_orders=tuple(order for order in operations.orders() if order.is_open),
        realized_pnl=operations.realized_pnl(),
        unrealized_pnl=sum(known_gains, ZERO) if len(known_gains) == len(gains) else None,
        trading_state=operations.trading_state(),
        ages=tuple(ages),
        as_of=now - timedelta(seconds=oldest),
    )


def mark_of(view: PositionView) -> Decimal | None:
    """The price to value a holding at, however old; None, never zero, where there is none."""
    match view.mark:
        case Known(value) | Stale(value):
            return value
        case Unknown():
            return None


def positions_as_of(positions: tuple[PositionView, ...], now: datetime) -> datetime:
    """The time of the oldest mark among `positions`; the quantities are those of `now`."""
    stale = [view.mark.age_seconds for view in positions if isinstance(view.mark, Stale)]
    return now - timedelta(seconds=max(stale, default=0.0))


def _account_age(account: Datum[Account], now: datetime) -> Age:
    match account:
        case Known(figures):
            return Age("account", "KNOWN", _seconds(figures.as_of, now))
        case Stale(_, age_seconds):
            return Age("account", "STALE", age_seconds)
        case Unknown():
            return Age("account", "UNKNOWN", None)


def _mark_age(operations: Operations, view: PositionView, now: datetime) -> Age:
    symbol = view.position.instrument.symbol
    name = f"quote:{symbol}"
    match view.mark:
        case Known():
            quote = operations.quote(symbol)
            return Age(name, "KNOWN", None if quote is None else _seconds(quote.as_of, now))
        case Stale(_, age_seconds):
            return Age(name, "STALE", age_seconds)
        case Unknown():
            return Age(name, "UNKNOWN", None)


def _seconds(moment: datetime, now: datetime) -> float:
    """Never negative: the exchange's clock may be ahead of ours."""
    return max(0.0, (now - moment).total_seconds())
