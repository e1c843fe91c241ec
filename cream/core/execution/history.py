"""What has been traded lately: how often, how large, with what luck, and from which equity?

Folded from the journal like the rest of the book, so that a restart forgets nothing. Days are those
of New York. Everything here is bounded: days by the window that a rule can ask for, orders and
plans by the longest span that a rate is counted over, sizes by how many say what is usual.
"""

from bisect import bisect_left
from collections import deque
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median

from attrs import define, field, frozen

from cream.core.exchange.calendar import ONE_DAY, is_trading_day
from cream.core.model.fill import Fill
from cream.core.model.money import ZERO
from cream.core.model.order import OrderPurpose, OrderTerms
from cream.core.model.position import Position
from cream.core.options.occ import NEW_YORK

# Spans that rates are counted over.
PLANS_OVER = timedelta(seconds=1)
ORDERS_OVER = timedelta(minutes=1)
# Sizes of entries that say what is usual; with fewer than the least, nothing is.
_MOST_SIZES = 50
LEAST_SIZES = 5
# The longest window that day trades can be counted over, in days that are not sessions too.
_DAYS_KEPT = 100


def trading_day(moment: datetime) -> date:
    """The day in New York that `moment` falls into."""
    return moment.astimezone(NEW_YORK).date()


@frozen
class Traded:
    """One instrument on one day. `opened`: bought or sold to open since the last round trip."""

    opened: bool = False
    ended: bool = False


@frozen(kw_only=True)
class HistoryState:
    """A history as a value: what a snapshot keeps of it. The fields are those of `TradeHistory`."""

    session: date | None
    session_equity: Decimal | None
    peak_equity: Decimal | None
    streak_day: date | None
    losing_streak: int
    plans: tuple[datetime, ...]
    orders: tuple[datetime, ...]
    sizes: tuple[tuple[str, Decimal], ...]
    round_trips: tuple[tuple[date, int], ...]
    today: tuple[tuple[str, Traded], ...]
    today_is: date | None
    realized_before: tuple[tuple[str, Decimal], ...]


@define
class TradeHistory:
    """What the rules of the gate need to know of the past.

    `losing_streak` counts trades that were closed with a loss one after the other, on
    `streak_day`. `session_equity` is the first figure of `session`, `peak_equity` the highest ever;
    both are None until an equity was marked. Units: dollars.
    """

    session: date | None = None
    session_equity: Decimal | None = None
    peak_equity: Decimal | None = None
    streak_day: date | None = None
    losing_streak: int = 0
    _plans: deque[datetime] = field(factory=deque)
    _orders: deque[datetime] = field(factory=deque)
    _sizes: dict[str, Decimal] = field(factory=dict)
    _round_trips: dict[date, int] = field(factory=dict)
    _today: dict[str, Traded] = field(factory=dict)
    _today_is: date | None = None
    # By symbol: what had been realised when the trade that is open began.
    _realized_before: dict[str, Decimal] = field(factory=dict)

    # What rules ask ---------------------------------------------------------------------------

    def plans_since(self, moment: datetime) -> int:
        """How many plans were judged to be placed after `moment`, at most `PLANS_OVER` ago."""
        return _count_since(self._plans, moment)

    def orders_since(self, moment: datetime) -> int:
        """How many entries were let through after `moment`, at most `ORDERS_OVER` ago."""
        return _count_since(self._orders, moment)

    def usual_size(self) -> Decimal | None:
        """The median value of the last entries; None while there are too few. Units: dollars."""
        if len(self._sizes) < LEAST_SIZES:
            return None
        return Decimal(median(self._sizes.values()))

    def round_trips(self, now: datetime, sessions: int) -> int:
        """Day trades in the last so many sessions, that of `now` among them."""
        first = trading_day(now)
        for _ in range(sessions - 1):
            first = _session_before(first)
        return sum(count for day, count in self._round_trips.items() if day >= first)

    def would_round_trip(self, symbol: str, now: datetime) -> bool:
        """Whether to close some of `symbol` now would end a round trip that began today."""
        traded = self._today.get(symbol) if self._today_is == trading_day(now) else None
        return traded is not None and traded.opened and not traded.ended

    def streak(self, now: datetime) -> int:
        """Losing trades in a row on the day of `now`."""
        return self.losing_streak if self.streak_day == trading_day(now) else 0

    def state(self) -> HistoryState:
        """The history as a value."""
        return HistoryState(
            session=self.session,
            session_equity=self.session_equity,
            peak_equity=self.peak_equity,
            streak_day=self.streak_day,
            losing_streak=self.losing_streak,
            plans=tuple(self._plans),
            orders=tuple(self._orders),
            sizes=tuple(self._sizes.items()),
            round_trips=tuple(self._round_trips.items()),
            today=tuple(self._today.items()),
            today_is=self._today_is,
            realized_before=tuple(self._realized_before.items()),
        )

    @classmethod
    def of(cls, state: HistoryState) -> "TradeHistory":
        """A history in that state."""
        return cls(
            session=state.session,
            session_equity=state.session_equity,
            peak_equity=state.peak_equity,
            streak_day=state.streak_day,
            losing_streak=state.losing_streak,
            plans=deque(state.plans),
            orders=deque(state.orders),
            sizes=dict(state.sizes),
            round_trips=dict(state.round_trips),
            today=dict(state.today),
            today_is=state.today_is,
            realized_before=dict(state.realized_before),
        )

    # What the book tells ----------------------------------------------------------------------

    def judged(self, at: datetime) -> None:
        """A plan was judged, to be placed if it is sound."""
        _append(self._plans, at, PLANS_OVER)

    def intended(self, terms: OrderTerms, at: datetime) -> None:
        """An order was let through. Exits count towards no rate: none is refused for one."""
        if terms.purpose.opens:
            _append(self._orders, at, ORDERS_OVER)

    def marked(self, session: date, equity: Decimal) -> None:
        """The account is worth this much."""
        if session != self.session:
            self.session, self.session_equity = session, equity
        self.peak_equity = equity if self.peak_equity is None else max(self.peak_equity, equity)

    def filled(
        self, terms: OrderTerms | None, fill: Fill, before: Position, after: Position
    ) -> None:
        """An execution turned one holding into another. `terms`: of its order, if that is known."""
        self._size_up(terms, fill)
        closes = before.quantity * fill.side.sign < 0
        opens = not closes or before.quantity * after.quantity < 0
        self._count_round_trip(fill, closes, opens)
        symbol = fill.instrument.symbol
        if closes and (after.is_flat or opens):
            gain = after.realized_pnl - self._realized_before.pop(symbol, ZERO)
            self._count_loss(trading_day(fill.executed_at), gain)
        if before.is_flat or (closes and opens):
            self._realized_before[symbol] = after.realized_pnl

    def _size_up(self, terms: OrderTerms | None, fill: Fill) -> None:
        """What an entry came to: all its fills, and those of its slices."""
        if terms is None or terms.purpose is not OrderPurpose.ENTRY or terms.legs:
            return
        name = terms.parent_order_id or terms.order_id
        value = fill.quantity * fill.price * fill.instrument.multiplier
        self._sizes[name] = self._sizes.get(name, ZERO) + value
        if len(self._sizes) > _MOST_SIZES:
            del self._sizes[next(iter(self._sizes))]

    def _count_round_trip(self, fill: Fill, closes: bool, opens: bool) -> None:
        """FINRA's way: closing what was opened the same day, in however many parts, is one.

        Source: FINRA Rule 4210(f)(8)(B)(i), and Regulatory Notice 21-13.
        """
        day = trading_day(fill.executed_at)
        # A fill of another day that is told of late belongs to no round trip that can be counted.
        if self._today_is is None or day > self._today_is:
            self._today, self._today_is = {}, day
            oldest = day - timedelta(days=_DAYS_KEPT)
            self._round_trips = {one: n for one, n in self._round_trips.items() if one >= oldest}
        traded = self._today.get(fill.instrument.symbol, Traded())
        if closes and traded.opened and not traded.ended:
            self._round_trips[day] = self._round_trips.get(day, 0) + 1
            traded = Traded(opened=True, ended=True)
        if opens:
            traded = Traded(opened=True)
        self._today[fill.instrument.symbol] = traded

    def _count_loss(self, day: date, gain: Decimal) -> None:
        if day != self.streak_day:
            self.streak_day, self.losing_streak = day, 0
        if gain < 0:
            self.losing_streak += 1
        elif gain > 0:
            self.losing_streak = 0


def _append(moments: deque[datetime], at: datetime, over: timedelta) -> None:
    while moments and moments[0] <= at - over:
        moments.popleft()
    moments.append(at)


def _count_since(moments: deque[datetime], moment: datetime) -> int:
    return len(moments) - bisect_left(moments, moment)


def _session_before(day: date) -> date:
    day -= ONE_DAY
    while not is_trading_day(day):
        day -= ONE_DAY
    return day
