"""Which order closes so much of a holding at once, at any price?"""

from decimal import Decimal

from cream.core.execution.book import Book
from cream.core.execution.guards import exit_side
from cream.core.model.ids import client_order_id, digest
from cream.core.model.instrument import Instrument
from cream.core.model.order import OrderClass, OrderPurpose, OrderTerms, OrderType
from cream.core.model.plan import PositionIntent, TimeInForce


def market_exit(
    book: Book, cause: str, instrument: Instrument, held: Decimal, quantity: Decimal
) -> OrderTerms:
    """The order that closes `quantity` of `held`, signed, because of `cause`.

    It says that it closes: where nothing is held any more, the venue refuses it and opens nothing.
    """
    # The journal's length makes the id new for each attempt and the same in a replay.
    order_id = "o" + digest(cause, instrument.symbol, str(book.sequence))
    owns = held > 0
    return OrderTerms(
        order_id=order_id,
        client_order_id=client_order_id(order_id),
        plan_id="",
        cycle_id="",
        decision_id="",
        instrument=instrument,
        side=exit_side(held),
        order_type=OrderType.MARKET,
        order_class=OrderClass.SIMPLE,
        time_in_force=TimeInForce.DAY,
        quantity=quantity,
        purpose=OrderPurpose.EXIT,
        position_intent=PositionIntent.SELL_TO_CLOSE if owns else PositionIntent.BUY_TO_CLOSE,
    )
