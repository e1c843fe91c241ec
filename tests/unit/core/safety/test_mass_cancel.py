"""What goes when everything goes."""

import pytest
from attrs import evolve

from cream.core.execution.book import Book
from cream.core.model.order import Order, OrderPurpose, OrderStatus, Side
from cream.core.model.order_state import ACCEPTED, state_of
from cream.core.model.plan import TimeInForce
from cream.core.safety.mass_cancel import (
    MassCancelPolicy,
    can_withdraw,
    must_go,
    still_listed,
    targets,
)
from tests.fakes.builders import NOW, bracket, order_terms, shown, tactic, with_exits
from tests.fakes.ledger import Ledger

KEEP, TAKE_ALL = MassCancelPolicy(), MassCancelPolicy(keep_protection=False)
SPARE_GTC = MassCancelPolicy(spare_gtc=True)


def order(purpose: OrderPurpose, tif: TimeInForce = TimeInForce.DAY) -> Order:
    return Order(
        terms=order_terms(purpose=purpose, tif=tif),
        state=ACCEPTED,
        intended_at=NOW,
        updated_at=NOW,
        broker_order_id="b",
    )


def test_an_exit_that_a_level_has_sent_is_protection_at_work() -> None:
    """It would only be sent again, at a worse price. What an agent sends to close does go."""
    ledger = Ledger()
    ledger.intend(order_terms("o-in"))
    ledger.intend(order_terms("o-fired", side=Side.SELL, purpose=OrderPurpose.EXIT, parent="o-in"))
    ledger.intend(order_terms("o-out", side=Side.SELL, purpose=OrderPurpose.EXIT))

    assert [one.order_id for one in targets(ledger.book, KEEP)] == ["o-in", "o-out"]
    assert len(targets(ledger.book, TAKE_ALL)) == 3


def test_a_slice_of_a_worked_exit_goes_with_it() -> None:
    ledger = Ledger()
    ledger.intend(tactic(side=Side.SELL, purpose=OrderPurpose.EXIT))
    ledger.intend(
        order_terms("o-slice", side=Side.SELL, purpose=OrderPurpose.EXIT, parent="o-tactic")
    )

    assert [one.order_id for one in targets(ledger.book, KEEP)] == ["o-tactic", "o-slice"]


@pytest.mark.parametrize("policy", [KEEP, TAKE_ALL, SPARE_GTC])
def test_a_strangers_order_is_never_touched(policy: MassCancelPolicy) -> None:
    assert not must_go(Book(), order(OrderPurpose.EXTERNAL), policy)


def test_protection_stays_unless_the_policy_says_otherwise() -> None:
    for purpose in (OrderPurpose.STOP_LOSS, OrderPurpose.TAKE_PROFIT):
        assert not must_go(Book(), order(purpose), KEEP)
        assert must_go(Book(), order(purpose), TAKE_ALL)
        assert not must_go(Book(), order(purpose, TimeInForce.GTC), SPARE_GTC)


def test_what_a_spared_entry_holds_back_is_spared_with_it() -> None:
    """Its exits are of its group: to cancel one of them would cancel the entry."""
    ledger = Ledger()
    terms = evolve(bracket(), time_in_force=TimeInForce.GTC)
    ledger.work(terms)
    spare_and_take = MassCancelPolicy(keep_protection=False, spare_gtc=True)

    assert list(targets(ledger.book, spare_and_take)) == []
    assert len(targets(ledger.book, TAKE_ALL)) == 3
    ledger.fill(terms, str(terms.quantity))
    assert {one.terms.purpose.is_protective for one in targets(ledger.book, spare_and_take)} == {
        True
    }


def test_good_till_cancelled_entries_can_be_spared() -> None:
    assert must_go(Book(), order(OrderPurpose.ENTRY, TimeInForce.GTC), KEEP)
    assert not must_go(Book(), order(OrderPurpose.ENTRY, TimeInForce.GTC), SPARE_GTC)
    assert must_go(Book(), order(OrderPurpose.EXIT), SPARE_GTC)


@pytest.mark.parametrize(
    ("status", "before", "broker_id", "can"),
    [
        (OrderStatus.PENDING_NEW, None, None, True),
        (OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_NEW, None, True),
        (OrderStatus.PENDING_CANCEL, OrderStatus.UNKNOWN_SUBMIT, None, False),
        (OrderStatus.UNKNOWN_SUBMIT, None, None, False),
        (OrderStatus.ACCEPTED, None, "b", False),
        (OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_NEW, "b", False),
    ],
)
def test_only_what_never_left_is_withdrawn_here(
    status: OrderStatus, before: OrderStatus | None, broker_id: str | None, can: bool
) -> None:
    found = Order(
        terms=order_terms(),
        state=state_of(status) if before is None else state_of(status, before),
        intended_at=NOW,
        updated_at=NOW,
        broker_order_id=broker_id,
    )

    assert can_withdraw(found) is can


def test_a_tactic_works_here_and_ends_here() -> None:
    parent = Order(terms=tactic(), state=ACCEPTED, intended_at=NOW, updated_at=NOW)

    assert can_withdraw(parent)


def busy() -> Ledger:
    """A guarded position, entries in every stage of their way, a stranger's order."""
    ledger = Ledger()
    ledger.enter(bracket("o-held"))
    ledger.work(order_terms("o-working", limit="90"))
    ledger.work(order_terms("o-gtc", limit="90", tif=TimeInForce.GTC))
    ledger.intend(order_terms("o-waiting"), tactic())
    ledger.work(order_terms("o-x", limit="50", purpose=OrderPurpose.EXTERNAL))
    ledger.work(order_terms("o-done"))
    ledger.end(order_terms("o-done"), OrderStatus.CANCELED)
    return ledger


@pytest.mark.parametrize(
    ("policy", "names"),
    [
        (KEEP, ["o-working", "o-gtc", "o-waiting", "o-tactic"]),
        (SPARE_GTC, ["o-working", "o-waiting", "o-tactic"]),
    ],
)
def test_everything_that_works_or_is_on_its_way_is_a_target(
    policy: MassCancelPolicy, names: list[str]
) -> None:
    """Invariant 7: what has not been sent yet has to go as well."""
    assert [one.order_id for one in targets(busy().book, policy)] == names


def test_without_protection_its_orders_are_targets_too() -> None:
    purposes = [one.terms.purpose for one in targets(busy().book, TAKE_ALL)]

    assert purposes.count(OrderPurpose.STOP_LOSS) == purposes.count(OrderPurpose.TAKE_PROFIT) == 1


def test_it_is_over_when_the_broker_lists_nothing_that_had_to_go() -> None:
    """What is listed by a name of ours counts, whether or not its answer ever came."""
    ledger, waiting = busy(), order_terms("o-waiting")
    exits = with_exits(bracket("o-held")).legs
    stranger = shown(order_terms("o-x", limit="50", purpose=OrderPurpose.EXTERNAL))
    nobodys = shown(order_terms("o-nobody"))
    closed = shown(order_terms("o-done"))

    def left(*listed: object, policy: MassCancelPolicy = KEEP) -> list[str]:
        found = still_listed(ledger.book, list(listed), policy)  # type: ignore[arg-type]
        return [one.broker_order_id for one in found]

    assert left(*exits, stranger, nobodys) == []
    assert left(*exits, policy=TAKE_ALL) == ["b-o-held-limit", "b-o-held-stop"]
    assert left(shown(waiting), stranger) == ["b-o-waiting"]
    assert left(closed) == ["b-o-done"], "closed here and open there is not gone"
