"""What is done, and when, so that no filled share stays unprotected, and none is sold twice."""

from datetime import datetime
from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.execution import events as e
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
from cream.core.model.plan import PositionIntent, RiskDenomination, TimeInForce
from tests.fakes.builders import (
    AAPL,
    CALL,
    NOW,
    PUT,
    bracket,
    order_terms,
    quote,
    quotes,
    shown,
    with_exits,
)
from tests.fakes.ledger import Ledger

S = OrderStatus
POLICY = ProtectionPolicy()
LONG_AGO = {"AAPL": datetime.min.replace(tzinfo=NOW.tzinfo)}
SETTLED = evolve(POLICY, uncovered_since=LONG_AGO)
CALM, LOW, HIGH = quote("AAPL", "100"), quote("AAPL", "94"), quote("AAPL", "111")


def look(
    ledger: Ledger,
    *known: Quote,
    policy: ProtectionPolicy = POLICY,
    symbols: list[str] | None = None,
) -> list[ProtectiveAction]:
    return list(decide(ledger.book, quotes(*known), ledger.now, policy, symbols))


def exit_now(ledger: Ledger, *known: Quote) -> ExitNow:
    (action,) = look(ledger, *known)
    assert isinstance(action, ExitNow), action
    return action


def fire(ledger: Ledger, action: ExitNow) -> str:
    """What the stop monitor does with it: cancels, intent, latch."""
    ledger.ask_cancel(*action.cancel_first)
    ledger.intend(action.terms)
    ledger.apply(
        e.ProtectionTriggered(
            at=ledger.now,
            symbol=action.symbol,
            kind=action.trigger.value,
            level=action.level,
            price=action.price,
            exit_order_id=action.terms.order_id,
        )
    )
    return action.terms.order_id


def refuse(ledger: Ledger, order_id: str) -> None:
    ledger.apply(e.OrderRefused(at=ledger.now, order_id=order_id, code="NO", message="no"))


def naked(terms: OrderTerms | None = None, filled: str = "100") -> Ledger:
    """An entry of which so much has filled and which was cancelled, with its exits, after that."""
    ledger, entry = Ledger(), terms or bracket(quantity="200")
    ledger.work(entry)
    ledger.fill(entry, filled)
    ledger.report(with_exits(entry, S.CANCELED, filled, exits=S.CANCELED, updated=1))
    return ledger


# The watch here ---------------------------------------------------------------------------------


def test_a_position_that_the_broker_guards_is_left_to_the_broker() -> None:
    ledger = Ledger()
    ledger.enter(bracket())

    assert look(ledger, LOW, policy=SETTLED) == []
    assert look(ledger, HIGH, policy=SETTLED) == []


def test_the_watch_begins_with_the_first_filled_share() -> None:
    """Invariant 6: the broker holds the exits of a half filled entry back; here they are not."""
    ledger, entry = Ledger(), bracket()
    ledger.work(entry)
    ledger.fill(entry, "1")

    assert look(ledger, CALM) == []
    action = exit_now(ledger, LOW)

    assert (action.symbol, action.trigger) == ("AAPL", Trigger.STOP_LOSS)
    assert (action.level, action.price) == (Decimal(95), Decimal(94))
    assert action.terms.quantity == 1
    assert action.cancel_first == ("o-entry",), "it would add to what is being closed"


def test_an_exit_closes_at_any_price_and_never_opens() -> None:
    terms = exit_now(naked(), LOW).terms

    assert (terms.order_type, terms.order_class) == (OrderType.MARKET, OrderClass.SIMPLE)
    assert (terms.side, terms.quantity, terms.instrument) == (Side.SELL, 100, AAPL)
    assert (terms.purpose, terms.time_in_force) == (OrderPurpose.EXIT, TimeInForce.DAY)
    assert terms.position_intent is PositionIntent.SELL_TO_CLOSE
    assert terms.parent_order_id == "o-entry"
    assert terms.plan_id == "plan-1"


@pytest.mark.parametrize(
    ("terms", "calm", "stop", "target", "side"),
    [
        (
            bracket(quantity="200"),
            quote("AAPL", "100"),
            quote("AAPL", "95"),
            quote("AAPL", "110"),
            Side.SELL,
        ),
        (
            bracket(quantity="200", side=Side.SELL),
            quote("AAPL", "100"),
            quote("AAPL", "104.98"),
            quote("AAPL", "89.98"),
            Side.BUY,
        ),
        (
            order_terms("o-put", "200", instrument=PUT, stop_loss="105", take_profit="90"),
            quote("AAPL", "100"),
            quote("AAPL", "104.98"),
            quote("AAPL", "89.98"),
            Side.SELL,
        ),
        (
            order_terms(
                "o-call",
                "200",
                instrument=CALL,
                stop_loss="2.00",
                take_profit="6.00",
                denomination=RiskDenomination.OPTION_PRICE,
            ),
            quote(CALL.symbol, "4.00"),
            quote(CALL.symbol, "2.00"),
            quote(CALL.symbol, "6.00"),
            Side.SELL,
        ),
    ],
    ids=["long", "short", "long put by its underlying", "call by its own price"],
)
def test_levels_fire_on_the_right_side(
    terms: OrderTerms, calm: Quote, stop: Quote, target: Quote, side: Side
) -> None:
    ledger = naked(terms)

    assert look(ledger, calm) == []
    for reached, trigger in ((stop, Trigger.STOP_LOSS), (target, Trigger.TAKE_PROFIT)):
        action = exit_now(ledger, reached)
        assert action.trigger is trigger
        assert action.terms.side is side
        assert action.terms.instrument == terms.instrument
        assert action.terms.quantity == 100
        closes = PositionIntent.SELL_TO_CLOSE if side is Side.SELL else PositionIntent.BUY_TO_CLOSE
        assert action.terms.position_intent is closes


def test_without_a_quote_nothing_fires() -> None:
    assert look(naked()) == []


def test_only_the_symbols_that_are_asked_about_are_looked_at() -> None:
    ledger = naked()

    assert look(ledger, LOW, symbols=["MSFT"]) == []
    assert len(look(ledger, LOW, symbols=["AAPL", "MSFT"])) == 1


def test_what_the_broker_does_not_guard_is_closed_and_no_more() -> None:
    """A second entry fills on top of one that is guarded: its shares only."""
    ledger = Ledger()
    ledger.enter(bracket("o-first"))
    ledger.wait(1)
    second = bracket("o-second", "50")
    ledger.work(second)
    ledger.fill(second, "20")

    action = exit_now(ledger, LOW)

    assert action.terms.quantity == 20
    assert action.cancel_first == ("o-second",)


def test_the_watch_goes_on_while_a_stop_is_only_on_its_way_to_the_broker() -> None:
    """Disconnected, the stop waits here to be sent; the market does not wait."""
    ledger = naked()
    (action,) = look(ledger, CALM, policy=SETTLED)
    assert isinstance(action, PlaceProtection)
    ledger.intend(action.terms)

    assert exit_now(ledger, LOW).terms.quantity == 100
    assert look(ledger, CALM, policy=SETTLED) == [], "but it is not placed twice"


# One exit only ----------------------------------------------------------------------------------


def test_a_level_fires_once_while_its_exit_is_on_its_way() -> None:
    """Not at each quote that lies beyond it; whether sent, unanswered or working."""
    ledger = naked()
    action = exit_now(ledger, LOW)
    fire(ledger, action)
    assert look(ledger, LOW, policy=SETTLED) == []

    ledger.apply(e.SubmitUnknown(at=NOW, order_id=action.terms.order_id, why="timed out"))
    assert look(ledger, LOW, policy=SETTLED) == []

    ledger.report(shown(action.terms))
    ledger.fill(action.terms, "60", "94")
    assert look(ledger, LOW, policy=SETTLED) == []

    ledger.fill(action.terms, "40", "94")
    assert look(ledger, LOW, policy=SETTLED) == []
    assert ledger.held() == 0


def test_what_fills_while_the_exit_works_is_closed_as_well() -> None:
    """The entry was quicker than its cancel: those shares are in nobody's exit."""
    ledger, entry = Ledger(), bracket(quantity="200")
    ledger.work(entry)
    ledger.fill(entry, "60")
    first = exit_now(ledger, LOW)
    fire(ledger, first)

    ledger.fill(entry, "30")

    second = exit_now(ledger, LOW)
    assert second.terms.quantity == 30
    assert second.terms.order_id != first.terms.order_id
    fire(ledger, second)
    assert look(ledger, LOW, policy=SETTLED) == []


def test_an_exit_that_ended_in_part_is_followed_by_one_for_the_rest_at_once() -> None:
    """For what is still held, never for the original quantity."""
    ledger = naked()
    first = exit_now(ledger, LOW)
    fire(ledger, first)
    ledger.report(shown(first.terms))
    ledger.fill(first.terms, "60", "94")
    ledger.end(first.terms, S.CANCELED, "60")

    second = exit_now(ledger, LOW)

    assert second.terms.quantity == 40
    assert second.terms.order_id != first.terms.order_id


def test_an_exit_that_came_to_nothing_is_tried_again_less_and_less_often() -> None:
    """Not with every quote, and never given up."""
    ledger = naked()
    waits = []
    for _ in range(9):
        refuse(ledger, fire(ledger, exit_now(ledger, LOW)))
        waited = 0
        while not look(ledger, LOW):
            ledger.wait(1)
            waited += 1
        waits.append(waited)

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_an_exit_that_the_broker_ended_unfilled_counts_as_one_that_came_to_nothing() -> None:
    ledger = naked()
    action = exit_now(ledger, LOW)
    fire(ledger, action)
    ledger.report(shown(action.terms))
    ledger.end(action.terms, S.CANCELED)

    assert look(ledger, LOW) == []
    ledger.wait(1)
    assert exit_now(ledger, LOW).terms.quantity == 100


def test_an_exit_that_was_withdrawn_before_it_was_sent_is_no_refusal() -> None:
    """A mass cancel clears what waits; the position needs its exit all the same, and now."""
    ledger = naked()
    order_id = fire(ledger, exit_now(ledger, LOW))
    ledger.apply(
        e.OrderProgressed(at=NOW, order_id=order_id, status=S.CANCELED, reason="withdrawn")
    )

    assert exit_now(ledger, LOW).terms.quantity == 100


def test_a_level_that_is_left_again_does_not_fire_for_an_exit_that_failed() -> None:
    ledger = naked()
    refuse(ledger, fire(ledger, exit_now(ledger, LOW)))
    ledger.wait(60)

    assert look(ledger, CALM) == []


def test_an_exit_that_failed_long_ago_is_no_reason_to_wait_at_the_target() -> None:
    ledger = naked()
    refuse(ledger, fire(ledger, exit_now(ledger, LOW)))
    ledger.wait(60)

    assert exit_now(ledger, HIGH).trigger is Trigger.TAKE_PROFIT
