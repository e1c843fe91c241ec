"""At which limit does an order that walks from mid to natural work now, and which order is it?

The parent never goes to the broker. One child at a time does, each a step nearer to what the market
asks, with an id that follows from (parent, step): a restart finds the steps that exist and repeats
none. A step is withdrawn and seen to be gone before the next is sent, so the two cannot both fill.
Nothing is bid beyond the parent's own limit, or beyond the natural price, which fills at once.

Prices are compared as costs: what a buyer pays, and what a seller gives up by asking for less. A
spread is bought, for a debit or for a credit (a negative price).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from attrs import frozen

from cream.core.exchange.alpaca_rules import CENT
from cream.core.execution.book import Book
from cream.core.execution.guards import exit_side
from cream.core.execution.tactics import TacticOver, TacticWaits, open_slices
from cream.core.model.ids import client_order_id, digest
from cream.core.model.market import Datum, Known, Quote
from cream.core.model.money import ZERO, round_to_tick_down
from cream.core.model.order import (
    Order,
    OrderClass,
    OrderStatus,
    OrderTerms,
    OrderType,
    Side,
)

QuoteOf = Callable[[str], Datum[Quote]]

# A step that the broker works: it can be asked back. Others are waited for.
_WORKS = (OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED)


@frozen(kw_only=True)
class StepDue:
    """This step must be intended at `due_at`."""

    index: int
    due_at: datetime
    terms: OrderTerms


@frozen(kw_only=True)
class StepBack:
    """The step that works must be taken back at `due_at`: the next one bids more."""

    order_id: str
    due_at: datetime


@frozen
class WalkPaused:
    """No step is taken while the market cannot be read. What works goes on working."""

    why: str


WalkStep = StepDue | StepBack | WalkPaused | TacticOver | TacticWaits


def step_order_id(parent: OrderTerms, index: int) -> str:
    """Our id for step `index` of `parent`."""
    return "o" + digest(parent.order_id, "step", str(index))


def next_walk_step(book: Book, parent: Order, quote_of: QuoteOf) -> WalkStep:
    """What the walk of `parent` does next."""
    assert parent.terms.walk is not None, "only a walking parent has steps"
    working = list(open_slices(book, parent))
    over = _is_over(book, parent)
    if over is not None:
        return TacticWaits() if working else over
    spot = _spot_of(parent.terms, quote_of)
    if working:
        return _further(book, parent, working[0], spot)
    return _next(book, parent, spot)


def _is_over(book: Book, parent: Order) -> TacticOver | None:
    """Why no further step is to be taken, if so."""
    if parent.status is OrderStatus.PENDING_CANCEL:
        return TacticOver(OrderStatus.CANCELED, "cancelled; no step works any more")
    if not parent.is_open or parent.leaves <= 0:
        return TacticOver(OrderStatus.EXPIRED, "nothing is left to work")
    if _closes_nothing(book, parent.terms):
        return TacticOver(OrderStatus.EXPIRED, "nothing is left to close")
    last = last_step(book, parent.terms)
    if last is None:
        return None
    index, order = last
    if order.status is OrderStatus.EXPIRED:
        return TacticOver(OrderStatus.EXPIRED, "the last step expired; the rest did not fill")
    assert parent.terms.walk is not None
    if not order.is_open and index >= parent.terms.walk.steps:
        return TacticOver(OrderStatus.EXPIRED, "every step is done; the rest did not fill")
    return None


def _closes_nothing(book: Book, terms: OrderTerms) -> bool:
    """Whether some part of what this exit or roll is to close is not held any more."""
    for instrument, side, _ in terms.closing:
        held = book.position(instrument).quantity
        if held == 0 or exit_side(held) is not side:
            return True
    return False


def last_step(book: Book, parent: OrderTerms) -> tuple[int, Order] | None:
    """The highest step that was ever intended, with its number."""
    assert parent.walk is not None
    for index in range(parent.walk.steps, -1, -1):
        order = book.find(step_order_id(parent, index))
        if order is not None:
            return index, order
    return None


def _next(book: Book, parent: Order, spot: "_Spot | WalkPaused") -> WalkStep:
    """The first step, or the one after a step that is gone."""
    if isinstance(spot, WalkPaused):
        return spot
    last = last_step(book, parent.terms)
    index, due_at = 0, parent.intended_at
    if last is not None:
        before, order = last
        index = _better_step(parent.terms, spot, order, before) or before + 1
        due_at = order.intended_at + _pace(parent.terms, index - before)
    limit = _limit_at(parent.terms, spot, index)
    terms = step_terms(parent.terms, index, parent.leaves, limit)
    return StepDue(index=index, due_at=due_at, terms=terms)


def _further(book: Book, parent: Order, working: Order, spot: "_Spot | WalkPaused") -> WalkStep:
    """Take the working step back, where a later one bids more by then."""
    last = last_step(book, parent.terms)
    assert last is not None, "what works is a step"
    index, _ = last
    assert parent.terms.walk is not None
    if working.status not in _WORKS or index >= parent.terms.walk.steps:
        return TacticWaits()
    if isinstance(spot, WalkPaused):
        return spot
    better = _better_step(parent.terms, spot, working, index)
    if better is None:
        return WalkPaused("no further step bids more than the one that works")
    due_at = working.intended_at + _pace(parent.terms, better - index)
    return StepBack(order_id=working.order_id, due_at=due_at)


def _pace(parent: OrderTerms, steps: int) -> timedelta:
    assert parent.walk is not None
    return timedelta(seconds=steps * parent.walk.interval_seconds)


def _better_step(parent: OrderTerms, spot: "_Spot", order: Order, index: int) -> int | None:
    """The first step after `index` that bids more than `order` does; None where none does."""
    assert parent.walk is not None
    assert order.terms.limit_price is not None, "every step has a limit"
    sign = cost_sign(parent)
    for later in range(index + 1, parent.walk.steps + 1):
        if sign * (_limit_at(parent, spot, later) - order.terms.limit_price) > 0:
            return later
    return None


def cost_sign(terms: OrderTerms) -> int:
    """1 where a higher price costs more, -1 where it brings more. A spread is bought."""
    return 1 if terms.legs or terms.side is Side.BUY else -1


@frozen
class _Spot:
    """The market of an order as costs: in the middle, and where it fills at once."""

    mid: Decimal
    natural: Decimal


def _spot_of(terms: OrderTerms, quote_of: QuoteOf) -> _Spot | WalkPaused:
    """The cost of one unit, from fresh quotes with two sides; or what keeps it from being told."""
    mid = natural = ZERO
    parts = [(leg.contract.symbol, leg.ratio) for leg in terms.legs]
    for symbol, ratio in parts or [(terms.instrument.symbol, cost_sign(terms))]:
        match quote_of(symbol):
            case Known(quote):
                pass
            case _:
                return WalkPaused(f"{symbol} has no fresh quote")
        if quote.is_crossed or min(quote.bid, quote.ask) <= 0:
            return WalkPaused(f"{symbol} is not quoted on both sides")
        if min(quote.bid_size, quote.ask_size) <= 0:
            return WalkPaused(f"{symbol} is not quoted on both sides")
        mid += ratio * quote.mid
        natural += ratio * (quote.ask if ratio > 0 else quote.bid)
    return _Spot(mid, natural)


def _limit_at(parent: OrderTerms, spot: _Spot, index: int) -> Decimal:
    """The limit of a step, in cents, rounded so that it never bids more than it should."""
    assert parent.walk is not None
    assert parent.limit_price is not None, "a walk is bounded by the parent's limit"
    sign = cost_sign(parent)
    cost = spot.mid + (spot.natural - spot.mid) * index / parent.walk.steps
    bounded = min(cost, spot.natural, sign * parent.limit_price)
    return sign * round_to_tick_down(bounded, CENT)


def step_terms(parent: OrderTerms, index: int, quantity: Decimal, limit: Decimal) -> OrderTerms:
    """The order that step `index` is, for what the parent has left."""
    assert parent.walk is not None, "only a walking parent has steps"
    order_id = step_order_id(parent, index)
    return OrderTerms(
        order_id=order_id,
        client_order_id=client_order_id(order_id),
        plan_id=parent.plan_id,
        cycle_id=parent.cycle_id,
        decision_id=parent.decision_id,
        instrument=parent.instrument,
        side=parent.side,
        order_type=OrderType.LIMIT,
        order_class=OrderClass.MLEG if parent.legs else OrderClass.SIMPLE,
        time_in_force=parent.time_in_force,
        quantity=quantity,
        purpose=parent.purpose,
        limit_price=limit,
        take_profit=parent.take_profit,
        stop_loss=parent.stop_loss,
        denomination=parent.denomination,
        position_intent=parent.position_intent,
        legs=parent.legs,
        parent_order_id=parent.order_id,
        guard=parent.guard,
    )


def step_fault(parent: Order, terms: OrderTerms) -> str | None:
    """Why `terms` is no step that the parent may send, or None."""
    walk, most = parent.terms.walk, parent.terms.limit_price
    if walk is None or most is None:
        return "the parent is not worked in steps"
    if not parent.is_open or parent.status is OrderStatus.PENDING_CANCEL:
        return f"the parent is {parent.status.value}"
    limit = terms.limit_price
    if limit is None or cost_sign(parent.terms) * (limit - most) > 0:
        return f"a step may bid {most:f} at most"
    if not ZERO < terms.quantity <= parent.leaves:
        return f"the parent has {parent.leaves:f} left, not {terms.quantity:f}"
    for index in range(walk.steps + 1):
        if step_order_id(parent.terms, index) == terms.order_id:
            same = terms == step_terms(parent.terms, index, terms.quantity, limit)
            return None if same else "it is another order than the step that the parent has"
    return "the parent has no such step"
