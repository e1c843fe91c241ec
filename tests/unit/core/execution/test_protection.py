"""No filled share stays unprotected: who fires, when, for how much, and how often."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from attrs import evolve

from cream.core.execution.levels import Trigger
from cream.core.execution.protection import (
    ExitNow,
    PlaceProtection,
    ProtectionPolicy,
    ProtectiveAction,
    decide,
)
from cream.core.model.market import Quote
from cream.core.model.order import (
    OrderClass,
    OrderPurpose,
    OrderStatus,
    OrderTerms,
    OrderType,
    Side,
)
from tests.fakes.builders import NOW, bracket, order_terms, quote, quotes, shown
from tests.fakes.ledger import Ledger

POLICY = ProtectionPolicy()


def actions(
    ledger: Ledger, *market: Quote, since: datetime | None = None
) -> Sequence[ProtectiveAction]:
    uncovered = {} if since is None else {"AAPL": since}
    policy = ProtectionPolicy(uncovered_since=uncovered)
    return list(decide(ledger.book, quotes(*market), ledger.now, policy))


def partly_filled(quantity: str = "40") -> Ledger:
    """A bracket for 100, of which some has filled: the broker still holds its stop back."""
    ledger = Ledger()
    ledger.work(bracket())
    ledger.fill(bracket(), quantity)
    return ledger


def entered(terms: OrderTerms) -> Ledger:
    """An entry that has filled and whose exits the broker never got."""
    ledger = Ledger()
    ledger.intend(terms)
    ledger.report(shown(terms))
    ledger.fill(terms, str(terms.quantity))
    ledger.wait(1.0)
    return ledger


def test_a_whole_bracket_is_left_to_the_broker() -> None:
    ledger = Ledger()
    ledger.enter(bracket())

    assert actions(ledger, quote("AAPL", "90.00")) == []


def test_what_has_filled_of_a_bracket_is_sold_at_the_stop_and_the_rest_called_back() -> None:
    ledger = partly_filled()

    (action,) = actions(ledger, quote("AAPL", "94.00"))

    assert isinstance(action, ExitNow)
    assert action.trigger is Trigger.STOP_LOSS
    assert (action.terms.side, action.terms.quantity) == (Side.SELL, Decimal(40))
    assert action.terms.order_type is OrderType.MARKET
    assert action.cancel_first == ("o-entry",)


def test_above_the_stop_nothing_happens() -> None:
    assert actions(partly_filled(), quote("AAPL", "95.01")) == []


def test_without_a_quote_nothing_fires() -> None:
    assert actions(partly_filled()) == []


def test_a_level_fires_once_while_its_exit_works() -> None:
    ledger = partly_filled()
    (action,) = actions(ledger, quote("AAPL", "94.00"))
    assert isinstance(action, ExitNow)

    ledger.intend(action.terms)

    assert actions(ledger, quote("AAPL", "93.00")) == []


def test_protection_that_the_broker_lacks_is_placed_after_it_has_settled() -> None:
    terms = order_terms(quantity="10", stop_loss="95", take_profit="110")
    ledger = entered(evolve(terms, order_class=OrderClass.SIMPLE))

    assert actions(ledger, quote("AAPL", "100.00")) == []
    (action,) = actions(ledger, quote("AAPL", "100.00"), since=NOW)

    assert isinstance(action, PlaceProtection)
    assert action.terms.order_class is OrderClass.OCO
    assert (action.terms.limit_price, action.terms.stop_loss) == (Decimal(110), Decimal(95))
    assert action.terms.purpose is OrderPurpose.TAKE_PROFIT


def test_a_stop_alone_is_a_stop_order() -> None:
    terms = order_terms(quantity="10", stop_loss="95")
    ledger = entered(evolve(terms, order_class=OrderClass.SIMPLE))

    (action,) = actions(ledger, quote("AAPL", "100.00"), since=NOW)

    assert (action.terms.order_type, action.terms.stop_price) == (OrderType.STOP, Decimal(95))
    assert action.terms.purpose is OrderPurpose.STOP_LOSS


def test_refused_protection_is_tried_again_later_and_not_for_ever() -> None:
    terms = order_terms(quantity="10", stop_loss="95")
    ledger = entered(evolve(terms, order_class=OrderClass.SIMPLE))
    placed = 0
    for _ in range(300):
        for action in actions(ledger, quote("AAPL", "100.00"), since=NOW):
            placed += 1
            ledger.intend(action.terms)
            ledger.end(action.terms, OrderStatus.REJECTED)
        ledger.wait(1.0)

    assert placed == POLICY.max_attempts


def test_a_flat_position_wants_nothing() -> None:
    ledger = partly_filled()
    (action,) = actions(ledger, quote("AAPL", "94.00"))
    ledger.intend(action.terms)
    ledger.trade(action.terms.order_id, "40", "94")

    assert ledger.held() == 0
    assert actions(ledger, quote("AAPL", "90.00")) == []
