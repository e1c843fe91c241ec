"""What do subscribers see of a change? The orders and positions it touched, as they are then."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from attrs import field, frozen

from cream.core.execution import events as e
from cream.core.execution.book import Book, restriction_of
from cream.core.execution.levels import stop_level
from cream.core.execution.protection import protected_quantity
from cream.core.model.broker import Difference
from cream.core.model.market import Datum
from cream.core.model.order import Order
from cream.core.model.position import Position
from cream.core.model.state import Cause, Restriction, most_restrictive
from cream.core.operations import PositionView, TradingStateView, Update
from cream.daemon.desk import Committed, Touched
from cream.daemon.hub import Hub

_NOTHING = Touched()

QuoteDatum = Callable[[str], Datum[Decimal]]


def touched_by(book: Book, event: e.Event) -> Touched:
    """Orders and symbols that `event`, just applied, changed."""
    match event:
        # What most records are, told without a look at every other kind.
        case e.OrderIntended() | e.ChildListed():
            return Touched((book.order(event.terms.order_id),))
        case e.OrderAcknowledged() | e.OrderProgressed():
            return Touched((book.order(event.order_id),))
        case e.PlanJudged():
            return _NOTHING
        case _:
            return Touched(tuple(_orders(book, event)), tuple(_symbols(event)))


def _orders(book: Book, event: e.Event) -> Iterator[Order]:
    match event:
        case e.OrderFilled() | e.FillInferred():
            yield from _with_tactic(book, event.fill.order_id)
        case e.FillCorrected() | e.SpreadFilled():
            yield from _with_tactic(book, event.order_id)
        case (
            e.OrderRefused()
            | e.SubmitUnknown()
            | e.OrderReplaced()
            | e.CancelRequested()
            | e.CancelRefused()
        ):
            yield book.order(event.order_id)
        case _:
            return


def _with_tactic(book: Book, order_id: str) -> Iterator[Order]:
    """The order, and the tactic that it may be a slice of."""
    order = book.order(order_id)
    yield order
    parent = book.find(order.terms.parent_order_id or "")
    if parent is not None and parent.terms.is_tactic:
        yield parent


def _symbols(event: e.Event) -> Iterator[str]:
    match event:
        case e.OrderFilled() | e.FillInferred():
            yield event.fill.instrument.symbol
        case e.FillCorrected():
            fills = event.before if event.after is None else (*event.before, event.after)
            yield from dict.fromkeys(fill.instrument.symbol for fill in fills)
        case e.SpreadFilled():
            for fill in event.legs:
                yield fill.instrument.symbol
        case e.PositionAdjusted():
            yield event.instrument.symbol
        case e.ProtectionTriggered() | e.TrailMoved():
            yield event.symbol
        case _:
            return


# The stop, the target, and how much has a stop.
_Guards = tuple[Decimal | None, Decimal | None, Decimal]


def _guards_of(view: PositionView) -> _Guards:
    return view.stop_price, view.take_profit_price, view.protected_quantity


@frozen
class Publisher:
    """Turns committed records into updates and hands them to the hub.

    The trading state that it shows is what is durable: whoever has read that trading is halted must
    find it halted after a crash.
    """

    book: Book
    hub: Hub
    mark_of: QuoteDatum
    tells_alerts: bool = True
    _standing: dict[Cause, Restriction] = field(init=False)
    _guards: dict[str, _Guards] = field(factory=dict, init=False)

    @_standing.default
    def _of_the_book(self) -> dict[Cause, Restriction]:
        return dict(self.book.restrictions)

    def __call__(self, committed: Sequence[Committed]) -> None:
        """Publish; costs next to nothing while nobody listens."""
        for one in committed:
            self._note(one.record.event)
        if self.hub.subscribers:
            self.hub.publish([self._update(one) for one in committed])
        else:
            # Whoever comes next is shown everything first.
            self._guards.clear()

    def _update(self, one: Committed) -> Update:
        event = one.record.event
        restricts = isinstance(event, e.TradingRestricted | e.RestrictionLifted)
        return Update(
            sequence=one.record.sequence,
            at=event.at,
            event=event,
            orders=one.touched.orders,
            positions=tuple(self._positions(one.touched)),
            trading_state=self.trading_state() if restricts else None,
            alerts=tuple(self._alerts(event)),
        )

    def _alerts(self, event: e.Event) -> Iterator[Difference]:
        """What somebody has to look at, unless it was configured that nobody wants to."""
        if self.tells_alerts and isinstance(event, e.ReconciliationCompleted):
            yield from (one for one in event.differences if one.critical)

    def _positions(self, touched: Touched) -> Iterator[PositionView]:
        """Holdings that changed, and those of which only the protection did, by one of its orders.

        Of the latter one too many is told rather than one too few.
        """
        symbols = dict.fromkeys(touched.symbols)
        by_orders = (order.terms.instrument.symbol for order in touched.orders)
        for symbol in dict.fromkeys((*symbols, *by_orders)):
            view = self.position(symbol)
            if view is None or (view.position.is_flat and symbol not in symbols):
                continue
            before, now = self._guards.get(symbol), _guards_of(view)
            self._guards[symbol] = now
            if symbol in symbols or before != now:
                yield view

    def _note(self, event: e.Event) -> None:
        match event:
            case e.TradingRestricted():
                self._standing[event.cause] = restriction_of(event)
            case e.RestrictionLifted():
                self._standing.pop(event.cause, None)
            case _:
                return

    def trading_state(self) -> TradingStateView:
        """The trading state as the journal has it."""
        return TradingStateView(
            state=most_restrictive(self._standing), restrictions=tuple(self._standing.values())
        )

    def position(self, symbol: str) -> PositionView | None:
        """The holding in `symbol` with its mark and protection."""
        position = self.book.positions.get(symbol)
        if position is None:
            return None
        return position_view(self.book, position, self.mark_of(symbol))


def position_view(book: Book, position: Position, mark: Datum[Decimal]) -> PositionView:
    """`position` with its mark and protection. An unknown mark stays unknown."""
    symbol = position.instrument.symbol
    protection = book.protections.get(symbol)
    return PositionView(
        position=position,
        mark=mark,
        stop_price=None if protection is None else stop_level(protection, position.quantity),
        take_profit_price=protection.take_profit if protection is not None else None,
        protected_quantity=Decimal(0) if position.is_flat else protected_quantity(book, symbol),
    )
