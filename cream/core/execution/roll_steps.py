"""How far has a roll come, and what does it need next?

Both follow from the book alone: a roll's orders have ids that follow from (roll, part, attempt), so
that whoever asks after a crash gets the same answer, repeats no order and forgets none. A position
that is closed by one order and opened by another is closed first: never is more open than was
closed, and no close is taken back. Whoever is out of a position stays out where it cannot be opened
again: that is safe, and told.

Units: quantities are those of orders: contracts of a single option, spreads of several legs.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum

from attrs import frozen

from cream.core.execution import option_events as o
from cream.core.execution.book import Book
from cream.core.model.ids import entry_order_id, framed
from cream.core.model.money import ZERO, floor_units
from cream.core.model.order import Order, OrderStatus, Side
from cream.core.model.plan import Environment
from cream.core.model.state import Cause, TradingState
from cream.core.options.roll_legs import RollLeg, per_contract
from cream.core.options.rolling import AfterFill, RollPolicy, RollProgress, after_fills

# What the broker has and works: it can be asked back. Others are waited for.
_WORKS = (OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED)
# With the usual half a minute each, ten minutes; then a new look decides, or somebody is told.
MOST_ATTEMPTS = 20


class Outcome(Enum):
    """How a roll ended."""

    ROLLED = "rolled"
    IN_PART = "rolled_in_part"
    NOTHING = "not_rolled"
    NOT_OPENED = "closed_and_not_opened"


class Part(Enum):
    """What an order of a roll does: all of it, or one half."""

    WHOLE = "whole"
    CLOSE = "close"
    OPEN = "open"


@frozen(kw_only=True)
class RollState:
    """Where a roll stands. Of one in one order, `closing` are its attempts, and both halves' too.

    `closed` of `to_close` and `opened` of `to_open` are filled; `owing` is what was closed and is
    to be opened now.
    """

    closing: tuple[Order, ...]
    opening: tuple[Order, ...]
    closed: Decimal
    to_close: Decimal
    opened: Decimal
    to_open: Decimal
    owing: Decimal

    @property
    def working(self) -> Order | None:
        """The attempt that can still fill; there is one at most."""
        return next((one for one in (*self.opening, *self.closing) if one.is_open), None)

    @property
    def last_closed_at(self) -> datetime | None:
        """When something was closed last."""
        moments = [one.last_fill_at for one in self.closing if one.last_fill_at is not None]
        return max(moments, default=None)


@frozen(kw_only=True)
class RollWaits:
    """Nothing is to be done before `until`, or (None) before something changes."""

    until: datetime | None = None


@frozen(kw_only=True)
class TakeBack:
    """This order is to be cancelled."""

    order_id: str
    why: str


@frozen(kw_only=True)
class OrderDue:
    """The next attempt of this part, for so much."""

    part: Part
    attempt: int
    quantity: Decimal


@frozen(kw_only=True)
class RollOver:
    """The roll is at its end. `alarms`: whether somebody has to know."""

    outcome: Outcome
    message: str
    alarms: bool


RollStep = RollWaits | TakeBack | OrderDue | RollOver


def roll_order_id(
    environment: Environment, account_id: str, roll_id: str, part: Part, attempt: int
) -> str:
    """Our id of an order of a roll: that of a decision of a plan with the roll's id."""
    origin = framed(environment.value, account_id, roll_id)
    return entry_order_id(origin, attempt_name(part, attempt))


def attempt_name(part: Part, attempt: int) -> str:
    """What the attempt is called among the orders of its roll."""
    return f"{part.value}-{attempt}"


@frozen
class RollIds:
    """The ids of one roll's orders, in one account."""

    environment: Environment
    account_id: str
    roll_id: str

    def of(self, part: Part, attempt: int) -> str:
        """That of an attempt."""
        return roll_order_id(self.environment, self.account_id, self.roll_id, part, attempt)

    def attempts(self, book: Book, part: Part) -> Iterator[Order]:
        """Those that were ever intended, oldest first."""
        attempt = 0
        while (order := book.find(self.of(part, attempt))) is not None:
            yield order
            attempt += 1


def state_of(book: Book, owed: o.RollOwed, ids: RollIds) -> RollState:
    """Where the roll stands."""
    if owed.as_one:
        orders = tuple(ids.attempts(book, Part.WHOLE))
        done, whole = _filled(orders), Decimal(owed.units)
        return RollState(
            closing=orders,
            opening=(),
            closed=done,
            to_close=whole,
            opened=done,
            to_open=whole,
            owing=ZERO,
        )
    closing = tuple(ids.attempts(book, Part.CLOSE))
    opening = tuple(ids.attempts(book, Part.OPEN))
    each_closed, each_opened = per_contract(owed.closes), per_contract(owed.opens)
    closed, opened = _filled(closing), _filled(opening)
    whole = min(Decimal(owed.units), floor_units(closed / each_closed))
    return RollState(
        closing=closing,
        opening=opening,
        closed=closed,
        to_close=Decimal(owed.units * each_closed),
        opened=opened,
        to_open=Decimal(owed.units * each_opened),
        owing=max(ZERO, whole * each_opened - opened),
    )


def _filled(orders: Sequence[Order]) -> Decimal:
    return sum((one.filled for one in orders), ZERO)


def next_roll_step(
    book: Book, owed: o.RollOwed, state: RollState, now: datetime, policy: RollPolicy, halt: str
) -> RollStep:
    """What the roll needs next. `halt`: why it is to go no further, empty if it may."""
    halt = halt or halted(book, owed, state)
    working = state.working
    waited = policy.fill_timeout if working is None else now - working.intended_at
    progress = RollProgress(state.closed, state.to_close, state.opened, state.to_open)
    match after_fills(progress, waited, policy):
        case AfterFill.DONE if working is None:
            return RollOver(outcome=Outcome.ROLLED, message="all of it is rolled", alarms=False)
        case AfterFill.ALARM if working is None:
            return ended(state, "more was opened than was closed", alarms=True)
        case _:
            pass
    if working is not None:
        return _about(working, halt, now, policy)
    if halt:
        return ended(state, halt)
    if _is_away(book):
        return _while_away(state, now, policy)
    return _opening(state, now, policy) if state.owing > 0 else _closing(book, owed, state, policy)


def _about(working: Order, halt: str, now: datetime, policy: RollPolicy) -> RollStep:
    """The order that works: let it be, or take it back."""
    due = working.intended_at + policy.fill_timeout
    if working.status is OrderStatus.PENDING_CANCEL:
        return RollWaits()
    if halt:
        return TakeBack(order_id=working.order_id, why=halt)
    if now < due:
        return RollWaits(until=due)
    if working.status not in _WORKS:
        return RollWaits()
    return TakeBack(order_id=working.order_id, why="it has not filled at its limit in time")


def _opening(state: RollState, now: datetime, policy: RollPolicy) -> RollStep:
    if now >= opens_before(state, policy):
        return ended(state, "it was not opened in time")
    given_up = _given_up(state.opening, policy)
    if given_up is not None:
        return ended(state, given_up, alarms=True)
    return OrderDue(part=Part.OPEN, attempt=len(state.opening), quantity=state.owing)


def opens_before(state: RollState, policy: RollPolicy) -> datetime:
    """Until when what was closed is to be open again: the market has gone on by then."""
    assert state.last_closed_at is not None, "something was closed"
    return state.last_closed_at + MOST_ATTEMPTS * policy.fill_timeout


def _closing(book: Book, owed: o.RollOwed, state: RollState, policy: RollPolicy) -> RollStep:
    given_up = _given_up(state.closing, policy)
    if given_up is not None:
        return ended(state, given_up, alarms=True)
    part = Part.WHOLE if owed.as_one else Part.CLOSE
    each = 1 if owed.as_one else per_contract(owed.closes)
    held = min(_held(book, leg) * each / abs(leg.ratio) for leg in owed.closes)
    quantity = min(state.to_close - state.closed, floor_units(held))
    if quantity <= 0:
        return ended(state, "the rest is not held any more")
    return OrderDue(part=part, attempt=len(state.closing), quantity=quantity)


def _held(book: Book, leg: RollLeg) -> Decimal:
    """How many contracts are held on the side of the leg."""
    quantity = book.position(leg.contract).quantity
    return abs(quantity) if quantity * leg.ratio > 0 else ZERO


def _given_up(attempts: Sequence[Order], policy: RollPolicy) -> str | None:
    """Why no further attempt is made, or None."""
    if not attempts:
        return None
    last = attempts[-1]
    early = last.updated_at < last.intended_at + policy.fill_timeout
    match last.status:
        case OrderStatus.REJECTED:
            return f"the broker refused it: {last.reason}"
        case OrderStatus.CANCELED if early:
            return f"its order was taken back: {last.reason}"
        case OrderStatus.EXPIRED | OrderStatus.DONE_FOR_DAY:
            return "its order has expired"
        case _:
            pass
    if len(attempts) >= MOST_ATTEMPTS:
        return f"it has not filled in {len(attempts)} attempts"
    return None


def _is_away(book: Book) -> bool:
    """Whether nothing is opened for now because the broker cannot be reached."""
    return book.trading_state is not TradingState.ACTIVE


def _while_away(state: RollState, now: datetime, policy: RollPolicy) -> RollStep:
    if state.owing > 0 and now < (until := opens_before(state, policy)):
        return RollWaits(until=until)
    return ended(state, "the broker is away")


def halted(book: Book, owed: o.RollOwed, state: RollState) -> str:
    """Why the roll is to go no further, by what else the book says; empty if it may."""
    if book.flatten_owed is not None:
        return "everything is to be closed"
    for leg in owed.legs:
        debt = book.options.owed.get(leg.contract.symbol)
        if debt is not None:
            return f"{leg.contract.symbol} is to be closed: {debt.cause}"
    for cause, restriction in book.restrictions.items():
        # A broker that is away for a moment is waited for.
        waits = cause is Cause.DISCONNECT and restriction.state is TradingState.REDUCING
        if not waits and restriction.state is not TradingState.ACTIVE:
            return f"trading is {restriction.state.value}: {restriction.reason}"
    return _is_leaving(book, owed, state)


def _is_leaving(book: Book, owed: o.RollOwed, state: RollState) -> str:
    """That what was opened is being closed again, by a stop or by somebody."""
    units = state.opened if owed.as_one else state.opened / per_contract(owed.opens)
    for leg in owed.opens if units > 0 else ():
        symbol = leg.contract.symbol
        side = Side.SELL if leg.ratio > 0 else Side.BUY
        exits = any(
            one.terms.side is side and not one.terms.purpose.is_protective
            for one in book.open_on(symbol)
        )
        if exits or _held(book, leg) < units * abs(leg.ratio):
            return f"{symbol}, which was opened, is being closed again"
    return ""


def ended(state: RollState, why: str, *, alarms: bool = False) -> RollOver:
    """The end of a roll that did not come to its end."""
    if state.owing > 0:
        words = f"{state.owing:f} were closed and are not opened again: {why}"
        return RollOver(outcome=Outcome.NOT_OPENED, message=words, alarms=True)
    outcome = Outcome.IN_PART if state.opened > 0 else Outcome.NOTHING
    if state.closed > 0 and state.opened == 0:
        outcome, alarms = Outcome.NOT_OPENED, True
    return RollOver(outcome=outcome, message=why, alarms=alarms)
