"""What fills and reports of holdings do to orders, positions and what guards them."""

from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.execution import events as e
from cream.core.model.fill import Fill
from cream.core.model.order import OrderPurpose, OrderStatus, OrderTerms, Side
from tests.fakes.builders import (
    AAPL,
    CALL,
    HIGHER_CALL,
    NOW,
    bracket,
    later,
    leg_executions,
    order_terms,
    shown,
    spread,
    tactic,
)
from tests.fakes.ledger import Ledger

S = OrderStatus


def slice_of(parent: OrderTerms, index: int, quantity: str, **more: str) -> OrderTerms:
    return order_terms(
        f"{parent.order_id}-{index}",
        quantity,
        side=parent.side,
        purpose=parent.purpose,
        parent=parent.order_id,
        **more,
    )


def exit_for(
    entry: OrderTerms, quantity: str = "100", purpose: OrderPurpose = OrderPurpose.EXIT
) -> OrderTerms:
    return order_terms(
        f"{entry.order_id}-{purpose.value}",
        quantity,
        side=entry.side.opposite,
        purpose=purpose,
        parent=entry.order_id,
    )


# Fills and positions ----------------------------------------------------------------------------


def test_an_execution_is_booked_once() -> None:
    ledger, terms = Ledger(), order_terms()
    ledger.work(terms)
    fill = Fill(
        execution_id="x",
        order_id="o-entry",
        instrument=AAPL,
        side=Side.BUY,
        quantity=Decimal(10),
        price=Decimal(100),
        executed_at=NOW,
    )

    ledger.apply(e.OrderFilled(at=NOW, fill=fill), e.OrderFilled(at=later(1), fill=fill))

    assert ledger.held() == 10
    assert ledger.order("o-entry").filled == 10
    assert ledger.book.fills_booked == 1
    assert ledger.book.has_booked("x")
    assert not ledger.book.has_booked("y")


@pytest.mark.parametrize("end", [S.CANCELED, S.EXPIRED, S.REJECTED])
def test_a_late_fill_is_booked_and_alarmed_and_the_order_stays_closed(end: S) -> None:
    """Invariant 5: a closed order is left only if the late fill makes it whole."""
    ledger, terms = Ledger(), order_terms()
    ledger.work(terms)
    ledger.end(terms, end)

    ledger.fill(terms, "60")
    assert ledger.order("o-entry").status is end
    assert (ledger.held(), ledger.book.late_fills) == (60, 1)

    ledger.fill(terms, "40")
    assert ledger.order("o-entry").status is S.FILLED
    assert (ledger.held(), ledger.book.late_fills) == (100, 2)
    assert list(ledger.book.open_orders()) == []


def test_an_overfill_is_held_and_leaves_nothing() -> None:
    ledger, terms = Ledger(), order_terms()
    ledger.work(terms)

    ledger.fill(terms, "130")

    assert ledger.held() == 130
    assert ledger.order("o-entry").leaves == 0
    assert ledger.order("o-entry").status is S.FILLED


def test_what_a_fill_changed_last_is_remembered_for_comparison_with_the_broker() -> None:
    ledger, terms = Ledger(), order_terms()
    ledger.work(terms)
    assert ledger.book.position_sequence == 0

    ledger.fill(terms, "10")
    changed = ledger.book.sequence
    ledger.ask_cancel("o-entry")

    assert ledger.book.position_sequence == changed


def test_a_spread_holds_its_legs_and_not_its_underlying() -> None:
    ledger, terms = Ledger(), spread()
    ledger.work(terms)

    ledger.report(shown(terms, S.FILLED, "2"), *leg_executions(terms, "x", "2", ["4.30", "1.30"]))

    order = ledger.order("o-spread")
    assert order.status is S.FILLED
    assert order.average_price == Decimal("3.00")
    assert ledger.held(CALL) == 2
    assert ledger.held(HIGHER_CALL) == -2
    assert ledger.held(AAPL) == 0
    assert ledger.book.fills_booked == 3


def test_a_spread_is_booked_once_leg_by_leg() -> None:
    ledger, terms = Ledger(), spread()
    ledger.work(terms)
    reading = ledger.report(
        shown(terms, S.PARTIALLY_FILLED, "1"), *leg_executions(terms, "x", "1", ["4.30", "1.30"])
    )
    (event,) = [one for one in reading.events if isinstance(one, e.SpreadFilled)]

    ledger.apply(event)
    ledger.apply(evolve(event, execution_id="another name for the same legs"))

    assert ledger.order("o-spread").filled == 1
    assert ledger.book.fills_booked == 3
    assert ledger.held(CALL) == 1
    assert ledger.held(HIGHER_CALL) == -1


def test_a_late_spread_is_alarmed_too() -> None:
    ledger, terms = Ledger(), spread()
    ledger.work(terms)
    ledger.end(terms, S.CANCELED)

    ledger.executions(leg_executions(terms, "x", "2", ["4.30", "1.30"]))

    assert ledger.order("o-spread").status is S.FILLED
    assert ledger.book.late_fills == 1


def test_the_broker_s_position_replaces_ours() -> None:
    ledger, terms = Ledger(), bracket()
    ledger.enter(terms)

    ledger.apply(
        e.PositionAdjusted(
            at=NOW,
            instrument=AAPL,
            quantity=Decimal(70),
            average_price=Decimal("99.50"),
            reason="truth",
        )
    )

    position = ledger.book.position(AAPL)
    assert (position.quantity, position.average_price) == (70, Decimal("99.50"))
    assert ledger.book.position_sequence == ledger.book.sequence
    assert "AAPL" in ledger.book.protections, "what is still held is still guarded"


@pytest.mark.parametrize("quantity", ["0", "-20"])
def test_levels_of_a_position_that_is_gone_or_turned_over_guard_nothing(quantity: str) -> None:
    """A stop below a long position lies on the wrong side of a short one: it would fire at once."""
    ledger, terms = Ledger(), bracket()
    ledger.enter(terms)

    ledger.apply(
        e.PositionAdjusted(
            at=NOW,
            instrument=AAPL,
            quantity=Decimal(quantity),
            average_price=Decimal(100),
            reason="truth",
        )
    )

    assert ledger.book.protections == {}


# Tactics ----------------------------------------------------------------------------------------


def test_a_slice_s_fill_is_its_parent_s_fill_too() -> None:
    ledger, parent = Ledger(), tactic()
    first = slice_of(parent, 0, "40")
    ledger.intend(parent)
    ledger.enter(first, "100.10")

    order = ledger.order("o-tactic")
    assert order.filled == 40
    assert order.average_price == Decimal("100.10")
    assert order.status is S.PARTIALLY_FILLED
    assert ledger.held() == 40


def test_the_exit_of_what_a_tactic_bought_is_not_a_fill_of_the_tactic() -> None:
    """It sells: counted in, it would end a parent that has half its slices yet to send."""
    ledger, parent = Ledger(), tactic(stop_loss="95")
    ledger.intend(parent)
    ledger.enter(slice_of(parent, 0, "40", stop_loss="95"))
    for purpose in (OrderPurpose.EXIT, OrderPurpose.STOP_LOSS, OrderPurpose.TAKE_PROFIT):
        ledger.enter(exit_for(parent, "10", purpose), "95")

    order = ledger.order("o-tactic")
    assert order.filled == 40
    assert order.average_price == Decimal("100.00")
    assert ledger.held() == 10


def test_a_tactic_that_closes_counts_its_own_slices() -> None:
    ledger = Ledger()
    ledger.enter(order_terms())
    parent = tactic("o-out", ["50", "50"], side=Side.SELL, purpose=OrderPurpose.EXIT)
    ledger.intend(parent)

    ledger.enter(slice_of(parent, 0, "50"))

    assert ledger.order("o-out").filled == 50
    assert ledger.held() == 50


def test_a_late_fill_of_a_slice_completes_a_parent_that_was_given_up() -> None:
    ledger, parent = Ledger(), tactic(slices=["60", "40"])
    first, second = slice_of(parent, 0, "60"), slice_of(parent, 1, "40")
    ledger.intend(parent)
    ledger.enter(first)
    ledger.work(second)
    ledger.end(second, S.CANCELED)
    ledger.apply(e.OrderProgressed(at=NOW, order_id="o-tactic", status=S.EXPIRED, reason="over"))

    ledger.fill(second, "10")
    assert ledger.order("o-tactic").status is S.EXPIRED
    ledger.fill(second, "30")

    assert ledger.order("o-tactic").status is S.FILLED
    assert ledger.order("o-tactic").filled == 100
    assert ledger.held() == 100
    assert ledger.book.late_fills == 2


def test_a_parent_that_is_being_cancelled_still_counts_what_fills() -> None:
    ledger, parent = Ledger(), tactic()
    first = slice_of(parent, 0, "40")
    ledger.intend(parent)
    ledger.work(first)
    ledger.ask_cancel("o-tactic")

    ledger.fill(first, "40")

    assert ledger.order("o-tactic").status is S.PENDING_CANCEL
    assert ledger.order("o-tactic").filled == 40


# Protection -------------------------------------------------------------------------------------


def test_protection_exists_from_the_first_filled_share() -> None:
    ledger, terms = Ledger(), bracket()
    ledger.work(terms)
    assert ledger.book.protections == {}

    ledger.fill(terms, "1")

    protection = ledger.book.protections["AAPL"]
    assert (protection.stop_loss, protection.take_profit) == (Decimal(95), Decimal(110))
    assert protection.entry_order_id == "o-entry"


def test_protection_ends_with_the_position() -> None:
    ledger, terms = Ledger(), bracket()
    ledger.enter(terms)
    out = exit_for(terms, "100")
    ledger.work(out)

    ledger.fill(out, "99")
    assert "AAPL" in ledger.book.protections
    ledger.fill(out, "1")
    assert ledger.book.protections == {}

    ledger.fill(terms, "5")
    assert "AAPL" in ledger.book.protections, "a late share of the entry is guarded as well"


def test_an_entry_without_levels_leaves_the_levels_of_the_one_before() -> None:
    ledger = Ledger()
    ledger.enter(bracket())
    ledger.enter(order_terms("o-more", "50"))

    assert ledger.book.protections["AAPL"].entry_order_id == "o-entry"


def test_the_later_plan_s_levels_hold_in_whatever_order_two_entries_fill() -> None:
    """Each fill of either would otherwise swap the stop of the whole position."""
    ledger = Ledger()
    older, newer = bracket("o-older"), order_terms("o-newer", stop_loss="97")
    ledger.work(older)
    ledger.wait(60)
    ledger.work(newer)

    ledger.fill(older, "10")
    assert ledger.book.protections["AAPL"].entry_order_id == "o-older"
    ledger.fill(newer, "10")
    assert ledger.book.protections["AAPL"].entry_order_id == "o-newer"
    ledger.fill(older, "10")
    assert ledger.book.protections["AAPL"].entry_order_id == "o-newer"


def test_levels_are_never_those_of_an_entry_on_the_other_side() -> None:
    """A short entry that merely reduces a long position brings levels that would fire at once."""
    ledger = Ledger()
    ledger.enter(order_terms("o-long", "100"))
    short = bracket("o-short", "40", side=Side.SELL)

    ledger.enter(short)

    assert ledger.held() == 60
    assert ledger.book.protections == {}


def test_a_fill_that_turns_the_position_over_brings_its_own_levels() -> None:
    ledger = Ledger()
    ledger.enter(bracket("o-long", "50"))

    ledger.enter(bracket("o-short", "80", side=Side.SELL))

    assert ledger.held() == -30
    assert ledger.book.protections["AAPL"].entry_order_id == "o-short"


def test_a_stranger_s_fill_moves_the_position_and_brings_no_levels() -> None:
    ledger = Ledger()
    terms = order_terms("o-x", purpose=OrderPurpose.EXTERNAL, stop_loss="95")
    ledger.apply(e.ChildListed(at=NOW, terms=terms, broker_order_id="b-o-x", status=S.ACCEPTED))

    ledger.fill(terms, "10")

    assert ledger.held() == 10
    assert ledger.book.protections == {}


def test_a_reached_level_names_the_exit_that_it_caused() -> None:
    ledger = Ledger()
    ledger.enter(bracket())
    triggered = e.ProtectionTriggered(
        at=NOW,
        symbol="AAPL",
        kind="stop_loss",
        level=Decimal(95),
        price=Decimal("94.90"),
        exit_order_id="o-exit",
    )

    ledger.apply(triggered, evolve(triggered, symbol="MSFT"))

    assert ledger.book.protections["AAPL"].exit_order_id == "o-exit"
    assert "MSFT" not in ledger.book.protections
