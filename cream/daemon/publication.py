"""What do subscribers see of a change? The orders and positions it touched, as they are then."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from attrs import frozen

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.protection import protected_quantity
from cream.core.model.market import Datum
from cream.core.model.order import Order
from cream.core.model.position import Position
from cream.core.operations import PositionView, TradingStateView, Update
from cream.daemon.desk import Committed, Touched
from cream.daemon.hub import Hub

QuoteDatum = Callable[[str], Datum[Decimal]]


def touched_by(book: Book, event: e.Event) -> Touched:
    """Orders and symbols that `event`, just applied, changed."""
    orders = tuple(_orders(book, event))
    return Touched(orders=orders, symbols=tuple(_symbols(event)))


def _orders(book: Book, event: e.Event) -> Iterator[Order]:
    match event:
        case e.OrderIntended() | e.ChildListed():
            yield book.order(event.terms.order_id)
        case e.OrderFilled() | e.FillInferred():
            yield from _with_tactic(book, event.fill.order_id)
        case e.FillCorrected():
            yield from _with_tactic(book, event.order_id)
        case (
            e.OrderAcknowledged()
            | e.OrderRefused()
            | e.SubmitUnknown()
            | e.OrderProgressed()
            | e.SpreadFilled()
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
        case e.ProtectionTriggered():
            yield event.symbol
        case _:
            return


@frozen
class Publisher:
    """Turns committed records into updates and hands them to the hub."""

    book: Book
    hub: Hub
    mark_of: QuoteDatum

    def __call__(self, committed: Sequence[Committed]) -> None:
        """Publish; costs nothing while nobody listens."""
        if self.hub.subscribers:
            self.hub.publish([self._update(one) for one in committed])

    def _update(self, one: Committed) -> Update:
        event = one.record.event
        restricts = isinstance(event, e.TradingRestricted | e.RestrictionLifted)
        views = [self.position(symbol) for symbol in one.touched.symbols]
        return Update(
            sequence=one.record.sequence,
            at=event.at,
            event=event,
            orders=one.touched.orders,
            positions=tuple(view for view in views if view is not None),
            trading_state=self.trading_state() if restricts else None,
        )

    def trading_state(self) -> TradingStateView:
        """The trading state now."""
        return TradingStateView(
            state=self.book.trading_state, restrictions=tuple(self.book.restrictions.values())
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
        stop_price=protection.stop_loss if protection is not None else None,
        take_profit_price=protection.take_profit if protection is not None else None,
        protected_quantity=Decimal(0) if position.is_flat else protected_quantity(book, symbol),
    )
