"""What a split is, and that no trade looks like one."""

from decimal import Decimal

import pytest

from cream.core.execution.splits import (
    is_split,
    split_among,
    standing_at_old_prices,
    taken_in,
)
from cream.core.model.broker import BrokerPosition
from cream.core.model.order import OrderPurpose, Side
from cream.core.model.position import Position
from tests.fakes.builders import AAPL, bracket, order_terms
from tests.fakes.ledger import Ledger


def shown(quantity: str, price: str) -> BrokerPosition:
    return BrokerPosition(instrument=AAPL, quantity=Decimal(quantity), average_price=Decimal(price))


def held(quantity: str, price: str) -> Position:
    return Position(
        instrument=AAPL, quantity=Decimal(quantity), cost=Decimal(quantity) * Decimal(price)
    )


@pytest.mark.parametrize(
    ("quantity", "price"),
    [("200", "50"), ("50", "200"), ("150", "66.67"), ("1000", "10.00"), ("33", "303")],
)
def test_the_same_money_in_another_number_of_shares_is_a_split(quantity: str, price: str) -> None:
    assert is_split(held("100", "100"), shown(quantity, price))
    assert is_split(held("-100", "100"), shown("-" + quantity, price))


@pytest.mark.parametrize(
    ("quantity", "price"),
    [("100", "100"), ("200", "100"), ("80", "100"), ("200", "51"), ("-100", "100"), ("0", "0")],
)
def test_what_trades_make_of_a_holding_is_none(quantity: str, price: str) -> None:
    assert not is_split(held("100", "100"), shown(quantity, price))


def test_what_has_cost_nothing_cannot_be_judged() -> None:
    assert not is_split(held("100", "0"), shown("200", "0"))


def test_a_split_takes_the_levels_along_and_leaves_the_money() -> None:
    ledger = Ledger()
    ledger.enter(bracket())
    (theirs,) = split_among(ledger.book, ["AAPL"], [shown("200", "50")])
    before = ledger.book.positions["AAPL"]
    ledger.apply(*taken_in(theirs, ledger.now))
    after = ledger.book.positions["AAPL"]
    assert (after.quantity, after.cost) == (200, before.cost)
    assert after.realized_pnl == before.realized_pnl
    assert "AAPL" not in ledger.book.protections


def test_only_what_differs_is_looked_at() -> None:
    ledger = Ledger()
    ledger.enter(bracket())
    assert list(split_among(ledger.book, [], [shown("200", "50")])) == []
    assert list(split_among(ledger.book, ["AAPL"], [])) == []


def test_all_that_we_have_working_goes_and_what_strangers_have_stays() -> None:
    ledger = Ledger()
    ledger.enter(bracket())
    exits = [one.order_id for one in ledger.book.children("o-entry")]
    ledger.work(order_terms("o-more", "10", limit="90"))
    ledger.work(order_terms("o-theirs", "5", side=Side.SELL, purpose=OrderPurpose.EXTERNAL))
    going = [one.order_id for one in standing_at_old_prices(ledger.book, "AAPL")]
    assert going == [*exits, "o-more"]
