"""How far a roll has come, and what it needs next, whatever has happened to its orders."""

from datetime import timedelta
from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.execution import events as e
from cream.core.execution import option_events as o
from cream.core.execution.roll_steps import (
    MOST_ATTEMPTS,
    OrderDue,
    Outcome,
    Part,
    RollIds,
    RollOver,
    RollState,
    RollStep,
    RollWaits,
    TakeBack,
    attempt_name,
    ended,
    next_roll_step,
    state_of,
)
from cream.core.model.ids import entry_order_id, framed
from cream.core.model.instrument import OptionContract
from cream.core.model.order import OrderPurpose, OrderStatus, OrderTerms, OrderType, Side
from cream.core.model.plan import Environment
from cream.core.model.state import Cause, TradingState
from cream.core.options.roll_legs import RollLeg
from cream.core.options.rolling import RollMode, RollPolicy
from tests.fakes.builders import NOW, order_terms
from tests.fakes.ledger import Ledger
from tests.fakes.rolls import CALL, a_roll_owed
from tests.unit.core.execution.test_option_book import adjust

D = Decimal
IDS = RollIds(Environment.PAPER, "account", "roll-1")
POLICY = RollPolicy(mode=RollMode.ACTIVE)
OWED = a_roll_owed()
LATER = OWED.opens[0].contract


@pytest.fixture
def ledger() -> Ledger:
    """Two calls that are owed are to be rolled."""
    made = Ledger()
    adjust(made, CALL, -2)
    made.apply(OWED)
    return made


def state(ledger: Ledger, owed: o.RollOwed = OWED) -> RollState:
    return state_of(ledger.book, owed, IDS)


def step(ledger: Ledger, owed: o.RollOwed = OWED, halt: str = "") -> RollStep:
    where = state(ledger, owed)
    return next_roll_step(ledger.book, owed, where, ledger.now, POLICY, halt)


def order(part: Part, attempt: int, quantity: str = "2") -> OrderTerms:
    """An attempt of the roll."""
    opens = part is Part.OPEN
    return evolve(
        order_terms(
            IDS.of(part, attempt),
            quantity,
            side=Side.SELL if opens else Side.BUY,
            instrument=LATER if opens else CALL,
            limit="1",
            purpose=OrderPurpose.ENTRY if opens else OrderPurpose.EXIT,
        ),
        plan_id=OWED.roll_id,
    )


def give_up(ledger: Ledger, terms: OrderTerms, filled: str = "0") -> None:
    """Its time has passed, and it is taken back."""
    ledger.wait(31)
    ledger.ask_cancel(terms.order_id)
    ledger.end(terms, OrderStatus.CANCELED, filled)


def closed(ledger: Ledger, quantity: str = "2") -> None:
    """So much of it was bought back."""
    terms = order(Part.CLOSE, 0)
    ledger.work(terms)
    ledger.fill(terms, quantity, "1")
    if quantity != "2":
        give_up(ledger, terms, quantity)


def test_ids_follow_from_the_roll_the_part_and_the_attempt() -> None:
    """They are those of decisions of a plan with the roll's id, as the gate makes them."""
    origin = framed("PAPER", "account", "roll-1")

    assert IDS.of(Part.OPEN, 3) == entry_order_id(origin, attempt_name(Part.OPEN, 3))
    names = {IDS.of(part, attempt) for part in Part for attempt in range(5)}
    assert len(names) == 15


def test_first_all_of_it_is_closed(ledger: Ledger) -> None:
    assert step(ledger) == OrderDue(part=Part.CLOSE, attempt=0, quantity=D(2))


def test_one_order_is_due_where_one_does_all(ledger: Ledger) -> None:
    as_one = evolve(OWED, as_one=True)

    assert step(ledger, as_one) == OrderDue(part=Part.WHOLE, attempt=0, quantity=D(2))


def test_an_order_that_works_is_let_be_until_its_time_is_over(ledger: Ledger) -> None:
    terms = order(Part.CLOSE, 0)
    ledger.work(terms)

    assert step(ledger) == RollWaits(until=NOW + timedelta(seconds=30))
    ledger.wait(30)
    taken = step(ledger)
    assert isinstance(taken, TakeBack)
    assert taken.order_id == terms.order_id
    ledger.ask_cancel(terms.order_id)
    assert step(ledger) == RollWaits()


def test_an_order_nobody_knows_the_fate_of_is_waited_for(ledger: Ledger) -> None:
    terms = order(Part.CLOSE, 0)
    ledger.intend(terms)
    ledger.apply(e.SubmitUnknown(at=NOW, order_id=terms.order_id, why="no answer"))
    ledger.wait(300)

    assert step(ledger) == RollWaits()


def test_what_was_not_closed_is_tried_again(ledger: Ledger) -> None:
    terms = order(Part.CLOSE, 0)
    ledger.work(terms)
    give_up(ledger, terms)

    assert step(ledger) == OrderDue(part=Part.CLOSE, attempt=1, quantity=D(2))


def test_what_was_closed_is_opened_and_no_more(ledger: Ledger) -> None:
    closed(ledger, "1")
    assert step(ledger) == OrderDue(part=Part.OPEN, attempt=0, quantity=D(1))

    terms = order(Part.OPEN, 0, "1")
    ledger.work(terms)
    assert step(ledger) == RollWaits(until=ledger.now + timedelta(seconds=30))
    ledger.fill(terms, "1", "2")
    assert step(ledger) == OrderDue(part=Part.CLOSE, attempt=1, quantity=D(1))


def test_once_both_are_filled_it_is_over(ledger: Ledger) -> None:
    closed(ledger)
    terms = order(Part.OPEN, 0)
    ledger.work(terms)
    ledger.fill(terms, "2", "2")

    assert step(ledger) == RollOver(
        outcome=Outcome.ROLLED, message="all of it is rolled", alarms=False
    )


def test_units_of_several_contracts_are_opened_as_whole_ones(ledger: Ledger) -> None:
    """Three for two: of four that were closed one unit is whole."""
    adjust(ledger, CALL, -6)
    owed = evolve(OWED, closes=(RollLeg(CALL, -3),), opens=(RollLeg(LATER, -2),))
    assert step(ledger, owed) == OrderDue(part=Part.CLOSE, attempt=0, quantity=D(6))

    terms = order(Part.CLOSE, 0, "6")
    ledger.work(terms)
    ledger.fill(terms, "4", "1")
    give_up(ledger, terms, "4")

    assert step(ledger, owed) == OrderDue(part=Part.OPEN, attempt=0, quantity=D(2))


def test_of_what_is_held_no_more_no_more_is_closed(ledger: Ledger) -> None:
    adjust(ledger, CALL, -1)
    assert step(ledger) == OrderDue(part=Part.CLOSE, attempt=0, quantity=D(1))

    adjust(ledger, CALL, 0)
    assert step(ledger) == RollOver(
        outcome=Outcome.NOTHING, message="the rest is not held any more", alarms=False
    )
    adjust(ledger, CALL, 3)
    assert isinstance(step(ledger), RollOver), "what is owned was not meant"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (OrderStatus.REJECTED, "the broker refused it"),
        (OrderStatus.CANCELED, "its order was taken back"),
        (OrderStatus.EXPIRED, "its order has expired"),
    ],
)
def test_what_others_end_is_not_tried_again(
    ledger: Ledger, status: OrderStatus, words: str
) -> None:
    terms = order(Part.CLOSE, 0)
    ledger.work(terms)
    ledger.wait(5)
    ledger.end(terms, status)

    over = step(ledger)

    assert isinstance(over, RollOver)
    assert (over.outcome, over.alarms) == (Outcome.NOTHING, True)
    assert over.message.startswith(words)


def test_an_opening_that_somebody_takes_back_leaves_us_out_and_is_told(ledger: Ledger) -> None:
    closed(ledger)
    terms = order(Part.OPEN, 0)
    ledger.work(terms)
    ledger.wait(5)
    ledger.end(terms, OrderStatus.CANCELED)

    over = step(ledger)

    assert isinstance(over, RollOver)
    assert (over.outcome, over.alarms) == (Outcome.NOT_OPENED, True)
    assert over.message.startswith("2 were closed and are not opened again: its order was taken")


def test_after_so_many_attempts_it_is_given_up(ledger: Ledger) -> None:
    for attempt in range(MOST_ATTEMPTS):
        due = step(ledger)
        assert due == OrderDue(part=Part.CLOSE, attempt=attempt, quantity=D(2))
        terms = order(Part.CLOSE, attempt)
        ledger.work(terms)
        give_up(ledger, terms)

    assert step(ledger) == RollOver(
        outcome=Outcome.NOTHING, message="it has not filled in 20 attempts", alarms=True
    )


def test_what_was_closed_long_ago_is_not_opened_any_more(ledger: Ledger) -> None:
    """A daemon that was away comes back to another market."""
    closed(ledger)
    ledger.wait(20 * 30 - 1)
    assert isinstance(step(ledger), OrderDue)
    ledger.wait(1)

    over = step(ledger)

    assert isinstance(over, RollOver)
    assert (over.outcome, over.alarms) == (Outcome.NOT_OPENED, True)


def restrict(ledger: Ledger, cause: Cause, to: TradingState) -> None:
    ledger.apply(
        e.TradingRestricted(at=ledger.now, cause=cause, state=to, reason="why", actor="me")
    )


def flatten(ledger: Ledger) -> None:
    ledger.apply(e.FlattenOwed(at=ledger.now, reason="why", actor="me"))


def owe(ledger: Ledger, contract: OptionContract) -> None:
    ledger.apply(
        o.CloseOwed(
            at=ledger.now, contract=contract, held=D(-2), keep=D(0), cause="expiry", reason="why"
        )
    )


HALTS = [
    lambda ledger: restrict(ledger, Cause.OPERATOR, TradingState.HALTED),
    lambda ledger: restrict(ledger, Cause.LOSS_LIMIT, TradingState.REDUCING),
    flatten,
    lambda ledger: owe(ledger, CALL),
    lambda ledger: owe(ledger, LATER),
]


@pytest.mark.parametrize("halt", HALTS)
def test_what_goes_before_a_roll_takes_its_order_back_and_ends_it(
    ledger: Ledger, halt: object
) -> None:
    terms = order(Part.CLOSE, 0)
    ledger.work(terms)
    halt(ledger)  # type: ignore[operator]

    assert isinstance(step(ledger), TakeBack)
    ledger.ask_cancel(terms.order_id)
    ledger.end(terms, OrderStatus.CANCELED)
    over = step(ledger)
    assert isinstance(over, RollOver)
    assert (over.outcome, over.alarms) == (Outcome.NOTHING, False)


def test_a_halt_between_the_two_leaves_us_out_and_is_told(ledger: Ledger) -> None:
    closed(ledger)
    restrict(ledger, Cause.OPERATOR, TradingState.HALTED)

    over = step(ledger)

    assert isinstance(over, RollOver)
    assert over.outcome is Outcome.NOT_OPENED
    assert over.message == "2 were closed and are not opened again: trading is HALTED: why"
    assert isinstance(step(ledger, halt="it is off"), RollOver)


def test_a_broker_that_is_away_is_waited_for_by_what_was_closed_alone(ledger: Ledger) -> None:
    restrict(ledger, Cause.DISCONNECT, TradingState.REDUCING)
    assert isinstance(step(ledger), RollOver)

    closed(ledger)
    assert step(ledger) == RollWaits(until=NOW + timedelta(seconds=600))
    ledger.wait(600)
    assert isinstance(step(ledger), RollOver)


def test_what_is_closed_again_by_its_stop_is_not_opened_again(ledger: Ledger) -> None:
    closed(ledger)
    terms = order(Part.OPEN, 0)
    ledger.work(terms)
    ledger.fill(terms, "1", "2")
    stop = order_terms(
        "o-stop",
        "1",
        instrument=LATER,
        order_type=OrderType.MARKET,
        purpose=OrderPurpose.EXIT,
    )
    ledger.intend(stop)

    assert isinstance(step(ledger), TakeBack)
    ledger.ask_cancel(terms.order_id)
    ledger.end(terms, OrderStatus.CANCELED, "1")
    over = step(ledger)
    assert isinstance(over, RollOver)
    assert over.outcome is Outcome.NOT_OPENED
    assert f"{LATER.symbol}, which was opened, is being closed again" in over.message


def test_more_open_than_was_closed_is_told(ledger: Ledger) -> None:
    """A broker has taken an execution back."""
    closed(ledger, "1")
    terms = order(Part.OPEN, 0, "1")
    ledger.work(terms)
    ledger.fill(terms, "1", "2")
    done = state(ledger)

    undone = evolve(done, closed=D(0), owing=D(0))
    over = next_roll_step(ledger.book, OWED, undone, ledger.now, POLICY, "")

    assert isinstance(over, RollOver)
    assert (over.outcome, over.message, over.alarms) == (
        *(Outcome.IN_PART, "more was opened than was closed", True),
    )


def test_a_part_of_a_unit_that_was_closed_is_told_of() -> None:
    none = RollState(
        closing=(),
        opening=(),
        closed=D(1),
        to_close=D(3),
        opened=D(0),
        to_open=D(2),
        owing=D(0),
    )

    assert (ended(none, "why").outcome, ended(none, "why").alarms) == (Outcome.NOT_OPENED, True)
