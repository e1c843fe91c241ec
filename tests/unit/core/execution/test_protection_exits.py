"""What do exits that an agent gave mean for the stop? They may wait for a price; the stop not."""

from decimal import Decimal

from attrs import evolve

from cream.core.execution.levels import Trigger
from cream.core.execution.protection import ExitNow, ProtectionPolicy, ProtectiveAction, decide
from cream.core.model.market import Quote
from cream.core.model.order import OrderPurpose, OrderStatus, OrderTerms, Side
from tests.fakes.builders import (
    MSFT,
    bracket,
    order_terms,
    quote,
    quotes,
    spread,
    tactic,
    with_exits,
)
from tests.fakes.ledger import Ledger

LOW, HIGH = quote("AAPL", "94"), quote("AAPL", "111")


def look(ledger: Ledger, known: Quote) -> list[ProtectiveAction]:
    return list(decide(ledger.book, quotes(known), ledger.now, ProtectionPolicy()))


def exit_now(ledger: Ledger, known: Quote) -> ExitNow:
    (action,) = look(ledger, known)
    assert isinstance(action, ExitNow), action
    return action


def naked() -> Ledger:
    """A hundred shares whose levels are watched here."""
    ledger, entry = Ledger(), bracket(quantity="200")
    ledger.work(entry)
    ledger.fill(entry, "100")
    canceled = OrderStatus.CANCELED
    ledger.report(with_exits(entry, canceled, "100", exits=canceled, updated=1))
    return ledger


def agent_exit(quantity: str = "100", limit: str | None = "120") -> OrderTerms:
    return order_terms("o-agent", quantity, side=Side.SELL, purpose=OrderPurpose.EXIT, limit=limit)


def test_a_far_limit_does_not_switch_the_stop_off() -> None:
    """Invariant 6: at the stop the limit is cancelled, and all that is held goes."""
    ledger = naked()
    ledger.work(agent_exit())

    action = exit_now(ledger, LOW)

    assert action.terms.quantity == 100
    assert action.cancel_first == ("o-agent",)


def test_a_target_leaves_alone_what_rests_for_a_better_price() -> None:
    ledger = naked()
    ledger.work(agent_exit("70"))

    action = exit_now(ledger, HIGH)
    assert action.trigger is Trigger.TAKE_PROFIT
    assert action.terms.quantity == 30
    assert action.cancel_first == ()

    ledger.intend(action.terms)
    assert look(ledger, HIGH) == []


def test_an_exit_at_the_market_is_taken_into_account_by_both() -> None:
    ledger = naked()
    ledger.work(agent_exit("70", limit=None))

    assert exit_now(ledger, LOW).terms.quantity == 30
    assert exit_now(ledger, HIGH).terms.quantity == 30


def test_an_exit_by_slices_is_ended_by_the_stop() -> None:
    ledger = naked()
    parent = tactic("o-out", ["50", "50"], side=Side.SELL, purpose=OrderPurpose.EXIT)
    ledger.intend(parent)
    ledger.work(
        order_terms("o-out-0", "50", side=Side.SELL, purpose=OrderPurpose.EXIT, parent="o-out")
    )

    action = exit_now(ledger, LOW)

    assert action.cancel_first == ("o-out",)
    assert action.terms.quantity == 50, "the slice that works closes the other half"


def test_spreads_on_the_same_underlying_are_none_of_its_business() -> None:
    ledger = naked()
    ledger.work(spread())
    ledger.work(spread("o-close", purpose=OrderPurpose.EXIT))

    assert exit_now(ledger, LOW).cancel_first == ()


def test_what_closes_another_symbol_or_works_on_the_other_side_is_not_cancelled() -> None:
    ledger = naked()
    ledger.work(evolve(agent_exit(), instrument=MSFT))
    ledger.work(order_terms("o-short", "10", side=Side.SELL, limit="130"))
    ledger.work(order_terms("o-cover", "10", purpose=OrderPurpose.EXIT, limit="50"))

    action = exit_now(ledger, LOW)

    assert action.cancel_first == ()
    assert action.terms.quantity == Decimal(100)
