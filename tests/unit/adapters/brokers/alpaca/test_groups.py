from typing import Any

from cream.adapters.brokers.alpaca.document import read
from cream.adapters.brokers.alpaca.groups import (
    SpreadLegs,
    is_open,
    open_in_groups,
)
from cream.adapters.brokers.alpaca.models import AlpacaOrder
from tests.unit.adapters.brokers.alpaca.scripted import order


def made(id: str, **changes: Any) -> AlpacaOrder:
    return read(AlpacaOrder, order(id=id, **changes))


def test_an_order_of_unknown_status_is_open() -> None:
    assert is_open(made("a", status="teleported"))
    assert not is_open(made("a", status="canceled"))
    assert not is_open(made("a", status="replaced"))


def test_a_group_is_listed_with_its_parent_while_that_is_open() -> None:
    leg = order(id="leg", status="held")
    parent = made("parent", status="new", order_class="bracket", legs=[leg])
    assert open_in_groups([parent], [parent]) == [parent]


def test_held_exits_of_a_closed_parent_are_listed_by_themselves() -> None:
    """Alpaca's list of open orders has the target alone (js #80, #87)."""
    target, stop = order(id="target", status="new"), order(id="stop", status="held")
    parent = made("parent", status="filled", order_class="bracket", legs=[target, stop])
    shown = open_in_groups([made("target", status="new")], [parent])
    assert [one.id for one in shown] == ["target", "stop"]


def test_legs_of_a_spread_never_stand_alone() -> None:
    leg = order(id="leg", status="new")
    parent = made("parent", status="filled", order_class="mleg", legs=[leg])
    assert open_in_groups([], [parent]) == []


def test_what_is_in_no_group_stands_for_itself() -> None:
    plain, lost = made("plain"), made("lost", order_class="bracket")
    assert open_in_groups([plain, lost], []) == [plain, lost]


def test_a_leg_is_known_by_its_spread() -> None:
    legs = SpreadLegs()
    contract = "AAPL261218C00240000"
    assert legs.may_be_leg(contract, "leg")
    legs.learn(made("spread", order_class="mleg", legs=[order(id="leg")]))
    assert not legs.may_be_leg(contract, "leg")
    assert legs.parent_of("leg") == "spread"
    assert legs.parent_of("other") == "other"


def test_only_options_can_be_legs() -> None:
    legs = SpreadLegs()
    assert not legs.may_be_leg("AAPL", "a")
    assert not legs.may_be_leg("BTC/USD", "a")


def test_nothing_is_remembered_of_orders_in_shares() -> None:
    """There are thousands a day, and none of them can be a leg."""
    legs = SpreadLegs()
    legs.learn_all(made(f"a{number}", asset_class="us_equity") for number in range(10))
    assert legs == SpreadLegs()
    legs.learn(made("c", asset_class="us_option"))
    assert not legs.may_be_leg("AAPL261218C00240000", "c")


def test_what_was_searched_for_and_is_no_leg_is_not_searched_again() -> None:
    legs = SpreadLegs()
    legs.settle(["a"])
    assert not legs.may_be_leg("AAPL261218C00240000", "a")
    assert legs.parent_of("a") == "a"
