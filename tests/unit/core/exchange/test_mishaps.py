from decimal import Decimal

import pytest

from cream.core.model.broker import BrokerOrder, OrderUpdate
from cream.core.model.instrument import OptionContract
from cream.core.model.order import OrderClass, Side
from cream.core.options.occ import parse_instrument
from tests.fakes.venue_lab import Lab, terms

LIMIT = Decimal("200")


def told(updates: object) -> list[tuple[str, str]]:
    assert isinstance(updates, list | tuple)
    return [(one.event, one.order.raw_status) for one in updates if isinstance(one, OrderUpdate)]


def resting(lab: Lab) -> BrokerOrder:
    return lab.accepted(terms(limit="200"))


def held(lab: Lab) -> dict[str, Decimal]:
    return {one.instrument.symbol: one.quantity for one in lab.venue.positions()}


def contract(symbol: str) -> OptionContract:
    found = parse_instrument(symbol)
    assert isinstance(found, OptionContract)
    return found


def test_an_order_that_was_taken_is_rejected_once() -> None:
    lab = Lab()
    order = resting(lab)
    mishaps = lab.venue.mishaps
    assert told(mishaps.reject(order.broker_order_id, "no", lab.now)) == [("rejected", "rejected")]
    assert told(mishaps.reject(order.broker_order_id, "no", lab.now)) == []
    assert lab.venue.open_orders() == []


def test_an_order_expires_before_its_time() -> None:
    lab = Lab()
    order = resting(lab)
    assert told(lab.venue.mishaps.expire(order.broker_order_id, lab.now)) == [
        ("expired", "expired")
    ]


def test_an_order_that_is_over_can_still_be_made_to_fill() -> None:
    lab = Lab()
    order = resting(lab)
    lab.cancel(order)
    units = Decimal(10)
    updates = lab.venue.mishaps.fill(order.broker_order_id, units, LIMIT, lab.now)
    assert told(updates) == [("fill", "filled")]
    assert held(lab) == {"AAPL": 10}


def test_an_order_gets_other_ids_and_keeps_its_place() -> None:
    lab = Lab()
    order = resting(lab)
    old, new = lab.venue.mishaps.renumber(order.broker_order_id, lab.now)
    assert (old.order.raw_status, new.order.raw_status) == ("replaced", "new")
    assert old.order.broker_order_id != new.order.broker_order_id
    assert (new.order.limit_price, new.order.quantity) == (LIMIT, order.quantity)


def test_an_exit_has_a_twin_and_a_plain_order_has_none() -> None:
    lab = Lab()
    plain = resting(lab)
    group = lab.accepted(
        terms(order_class=OrderClass.BRACKET, take_profit="253.5", stop_loss="180.5")
    )
    first, second = group.legs
    mishaps = lab.venue.mishaps
    assert mishaps.twin_of(plain.broker_order_id) is None
    assert mishaps.twin_of(first.broker_order_id) == second.broker_order_id


@pytest.mark.parametrize(
    ("right", "quantity", "shares", "cash"),
    [
        ("C", 1, 100, "-24000"),
        ("C", -1, -100, "24000"),
        ("P", 1, -100, "24000"),
        ("P", -1, 100, "-24000"),
    ],
)
def test_contracts_become_shares_at_their_strike(
    right: str, quantity: int, shares: int, cash: str
) -> None:
    lab = Lab()
    option = contract(f"AAPL261218{right}00240000")
    account = lab.venue.mishaps.book.account
    before = account.ledger.cash
    account.book(option, _side(quantity), Decimal(abs(quantity)), Decimal(0))
    lab.venue.mishaps.deliver(option, Decimal(quantity), lab.now)
    assert held(lab) == {"AAPL": shares}
    assert account.ledger.cash - before == Decimal(cash)


def _side(quantity: int) -> Side:
    return Side.BUY if quantity > 0 else Side.SELL
