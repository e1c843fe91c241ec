"""Will what an exit was refused for be free in a moment?

Alpaca holds shares for an order a little longer than the order lives: an exit that follows a
confirmed cancel at once can be refused for quantity that is nobody's any more. Nothing was made of
it, so that it may be sent again; but only once the position shows that it would be taken.
"""

import structlog
import trio

from cream.adapters.brokers.alpaca.errors import INSUFFICIENT_QTY, DefiniteRefusal, Failure
from cream.adapters.brokers.alpaca.mapping import instrument
from cream.adapters.brokers.alpaca.models import AlpacaOrder
from cream.adapters.brokers.alpaca.trading import TradingApi
from cream.core.model.errors import BrokerUnavailable
from cream.core.model.money import ZERO
from cream.core.model.order import OrderPurpose, OrderTerms

log = structlog.get_logger(__name__)

# Seconds between looks at the position, five in all: whoever closes waits so long and no longer.
WITHIN = (0.25, 0.25, 0.5, 1.0, 1.0, 2.0)

_CLOSING = frozenset((OrderPurpose.EXIT, OrderPurpose.STOP_LOSS, OrderPurpose.TAKE_PROFIT))


def lacks_quantity(answer: AlpacaOrder | Failure) -> bool:
    """Whether an order was refused because too little is held, or free."""
    return isinstance(answer, DefiniteRefusal) and answer.code == INSUFFICIENT_QTY


async def is_released(api: TradingApi, terms: OrderTerms) -> bool:
    """Whether all that an exit wants of what is held becomes free in a while."""
    if terms.purpose not in _CLOSING or terms.legs:
        return False
    for pause in WITHIN:
        await trio.sleep(pause)
        try:
            shown = await api.positions()
        except BrokerUnavailable as error:
            log.warning("alpaca.release_not_followed", error=str(error))
            continue
        held = [one for one in shown if instrument(one.symbol) == terms.instrument]
        if not held or abs(held[0].qty) < terms.quantity:
            return False
        if abs(held[0].qty_available or ZERO) >= terms.quantity:
            return True
    return False
