"""What the venue asks its house rules, and that the plain ones change nothing."""

from datetime import datetime
from decimal import Decimal

import pytest

from cream.core.exchange.account import flat_ledger
from cream.core.exchange.house import PLAIN
from cream.core.exchange.venue import Venue
from cream.core.exchange.venue_book import VenueState
from cream.core.exchange.venue_order import VenueOrder
from cream.core.model.instrument import Equity, Instrument
from cream.core.model.order import OrderStatus, Side
from cream.core.model.plan import TimeInForce
from tests.fakes.venue_lab import NOON, Lab, terms


class Strict:
    """Holds back what it is told to, adds a cent to each price, and takes a dollar a trade."""

    def __init__(self) -> None:
        self.waiting = False

    def holds_back(self, _order: VenueOrder) -> bool:
        return self.waiting

    def price(self, order: VenueOrder, quoted: Decimal) -> Decimal:
        return quoted + order.side.sign * Decimal("0.01")

    def commission(
        self,
        _instrument: Instrument,
        _side: Side,
        _quantity: Decimal,
        _price: Decimal,
        _at: datetime,
    ) -> Decimal:
        return Decimal(1)


def strict_lab() -> tuple[Lab, Strict]:
    lab, rules = Lab(), Strict()
    state = VenueState(ledger=flat_ledger(Decimal(100_000)))
    lab.venue = Venue(state, lab.market, lab.sessions, rules=rules)
    return lab, rules


def test_an_execution_has_the_price_and_the_cost_of_the_house() -> None:
    lab, _ = strict_lab()
    lab.accepted(terms(Side.BUY, "10"))
    (execution,) = lab.executions()
    assert (execution.price, execution.commission) == (Decimal("238.42"), 1)
    assert lab.cash() == Decimal(100_000) - Decimal("2384.20") - 1


def test_what_is_held_back_keeps_its_place_and_trades_with_a_later_quote() -> None:
    lab, rules = strict_lab()
    rules.waiting = True
    order = lab.accepted(terms(Side.BUY, "10"))
    lab.quote("AAPL", "238.00", "238.10")
    assert lab.order(order).status is OrderStatus.ACCEPTED

    rules.waiting = False
    lab.quote("AAPL", "239.00", "239.10")
    assert lab.order(order).status is OrderStatus.FILLED


@pytest.mark.parametrize("kind", [TimeInForce.FOK, TimeInForce.IOC])
@pytest.mark.parametrize(
    ("ask", "status"), [("239.10", OrderStatus.FILLED), ("240.10", OrderStatus.CANCELED)]
)
def test_an_order_for_at_once_that_is_held_back_has_its_one_chance_later(
    kind: TimeInForce, ask: str, status: OrderStatus
) -> None:
    lab, rules = strict_lab()
    rules.waiting = True
    order = lab.accepted(terms(Side.BUY, "10", "240.00", tif=kind))
    assert lab.order(order).status is OrderStatus.ACCEPTED
    rules.waiting = False
    lab.quote("AAPL", "239.00", ask)
    assert lab.order(order).status is status


def test_the_plain_rules_add_nothing() -> None:
    lab = Lab()
    lab.accepted(terms(Side.BUY, "10"))
    (execution,) = lab.executions()
    assert (execution.price, execution.commission) == (Decimal("238.41"), 0)
    assert PLAIN.commission(Equity("AAPL"), Side.BUY, Decimal(1), Decimal(1), NOON) == 0
