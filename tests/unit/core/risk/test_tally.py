"""The sums of the orders in a share are those of adding them up, however they came about.

What the ledger makes of many symbols, options among them, is in test_ledger.py.
"""

from collections.abc import Iterator

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from cream.core.execution import book as books
from cream.core.execution import events as e
from cream.core.model.order import OrderPurpose, OrderStatus, Side
from cream.core.risk.tally import Tally
from tests.fakes.builders import order_terms, tactic
from tests.unit.core.risk.scenes import NOW, d, instrument
from tests.unit.core.risk.test_ledger import Kept, essence, kept

TSLA = instrument("TSLA")


class OneShare(RuleBasedStateMachine):
    """Orders of every kind in one share; now and then somebody looks."""

    def __init__(self) -> None:
        super().__init__()
        self.of = kept()
        self.count = 0

    def name(self) -> str:
        self.count += 1
        return f"o-{self.count}"

    @rule(
        quantity=st.integers(1, 20),
        side=st.sampled_from(Side),
        purpose=st.sampled_from([OrderPurpose.ENTRY, OrderPurpose.EXIT, OrderPurpose.STOP_LOSS]),
        price=st.sampled_from([("100", None), (None, "90"), (None, None)]),
        below=st.integers(-1, 5),
    )
    def intend(
        self,
        quantity: int,
        side: Side,
        purpose: OrderPurpose,
        price: tuple[str | None, str | None],
        below: int,
    ) -> None:
        orders = self.of.book.orders()
        parent = orders[below].order_id if 0 <= below < len(orders) else None
        terms = order_terms(
            self.name(),
            str(quantity),
            side=side,
            instrument=TSLA,
            purpose=purpose,
            limit=price[0],
            stop=price[1],
            parent=parent,
        )
        self.of.intend(terms)

    @rule()
    def intend_tactic(self) -> None:
        self.of.intend(tactic(self.name(), instrument=TSLA))

    @rule(index=st.integers(0, 9), quantity=st.integers(1, 5))
    def fill(self, index: int, quantity: int) -> None:
        working = [one for one in self.of.book.open_orders() if not one.terms.is_tactic]
        if working:
            order = working[index % len(working)]
            self.of.fill(self.name(), order, min(d(quantity), order.leaves))

    @rule(index=st.integers(0, 9))
    def cancel(self, index: int) -> None:
        working = list(self.of.book.open_orders())
        if working:
            order_id = working[index % len(working)].order_id
            self.of.record(
                e.OrderProgressed(
                    at=NOW, order_id=order_id, status=OrderStatus.CANCELED, reason="test"
                )
            )

    @rule(quantity=st.integers(-20, 20))
    def adjust(self, quantity: int) -> None:
        self.of.hold("TSLA", quantity)

    @rule(price=st.integers(1, 400))
    def quote(self, price: int) -> None:
        self.of.quote("TSLA", str(price), f"{price}.02")

    @rule()
    def look(self) -> None:
        assert essence(self.of.ledger.exposure(self.of.now)) == essence(self.of.added_up())

    def teardown(self) -> None:
        self.look()


OneShare.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
test_the_sums_of_one_share_are_those_of_adding_up = OneShare.TestCase


@pytest.fixture
def of() -> Iterator[Kept]:
    return kept()


def working(of: Kept, first: int, count: int) -> None:
    for number in range(first, first + count):
        of.intend(order_terms(f"o-{number}", "2", instrument=TSLA, limit="100"))


def test_whoever_looks_after_more_changes_than_are_kept_looks_at_everything(of: Kept) -> None:
    working(of, 0, 3)
    assert of.ledger.exposure(NOW).open_orders == 3

    working(of, 3, books._LATELY + 10)

    assert essence(of.ledger.exposure(NOW)) == essence(of.added_up())


def test_one_more_order_is_added_without_going_through_the_others(
    of: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    working(of, 0, 5)
    of.ledger.exposure(NOW)
    taken: list[str] = []
    plain = Tally._add
    monkeypatch.setattr(
        Tally, "_add", lambda tally, order: (taken.append(order.order_id), plain(tally, order))
    )

    working(of, 5, 1)
    exposure = of.ledger.exposure(NOW)

    assert taken == ["o-5"]
    assert exposure.lines["TSLA"].buying == 12
    assert exposure.open_orders == 6


@pytest.mark.parametrize(("held", "stands"), [(0, True), (5, True), (-5, False)])
def test_where_orders_would_close_first_the_sums_do_not_stand_alone(
    of: Kept, held: int, stands: bool
) -> None:
    working(of, 0, 2)
    tally = Tally.of(of.book.open_orders())

    assert tally.stands_alone(d(held)) is stands


def test_a_tactic_and_its_slices_depend_on_each_other(of: Kept) -> None:
    of.intend(tactic("o-tactic", instrument=TSLA))
    tally = Tally.of(of.book.open_orders())
    assert not tally.stands_alone(d(0))

    of.record(
        e.OrderProgressed(at=NOW, order_id="o-tactic", status=OrderStatus.CANCELED, reason="test")
    )
    tally.take([of.book.order("o-tactic")])
    assert tally.stands_alone(d(0))
    assert tally == Tally()
