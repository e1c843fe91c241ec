"""Which positions may be rolled, and how often a roll that is due is told."""

from datetime import timedelta
from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.execution import events as e
from cream.core.execution import option_events as o
from cream.core.execution.option_duties import AlarmKind
from cream.core.execution.rolls import is_as_decided, notes, open_positions, over, silence
from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.plan import RiskDenomination
from cream.core.options.roll_choice import NoRoll, OpenSpread, Roll
from cream.core.options.rolling import Trigger
from tests.fakes.builders import AAPL, CALL, HIGHER_CALL, NOW, PUT, order_terms
from tests.fakes.ledger import Ledger
from tests.unit.core.execution.test_option_book import RATIO, VERTICAL, adjust, trade

KIND = AlarmKind.ROLL_DUE.value
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
def ledger() -> Ledger:
    """Two puts that are owed."""
    made = Ledger()
    adjust(made, PUT, -2)
    return made


def due(contract: OptionContract = PUT, quantity: int = -2) -> Roll:
    return Roll(
        contract=contract,
        quantity=Decimal(quantity),
        reasons=(Trigger.DELTA,),
        urgent=False,
        into=evolve(contract, expiration=contract.expiration + timedelta(days=28)),
        into_quantity=Decimal(quantity),
        units=abs(quantity),
        close_ratio=1,
        open_ratio=1,
        middle=Decimal("-0.50"),
        natural=Decimal("-0.40"),
        limit=Decimal("-0.45"),
    )


NOT_DUE = NoRoll(contract=PUT, quantity=Decimal(-2), why="nothing asks for it")


def hindrances(ledger: Ledger) -> dict[str, str]:
    return {one.contract.symbol: one.hindrance for one in open_positions(ledger.book)}


def test_single_contracts_may_be_rolled_by_symbol_and_at_what_they_cost(ledger: Ledger) -> None:
    adjust(ledger, CALL, 1)
    ledger.apply(adjusted(AAPL))

    first, second = open_positions(ledger.book)

    assert (first.contract, first.quantity, first.price) == (CALL, 1, 1)
    assert (second.contract, second.quantity, second.price) == (PUT, -2, 1)
    assert (first.hindrance, second.hindrance) == ("", "")


def adjusted(instrument: Instrument, price: str = "1") -> e.PositionAdjusted:
    return e.PositionAdjusted(
        at=NOW,
        instrument=instrument,
        quantity=Decimal(-2),
        average_price=Decimal(price),
        reason="broker",
    )


def test_a_price_that_nobody_has_told_is_unknown(ledger: Ledger) -> None:
    ledger.apply(adjusted(PUT, "0"))

    (one,) = open_positions(ledger.book)

    assert one.price is None


def test_parts_of_a_contract_are_not_rolled(ledger: Ledger) -> None:
    ledger.apply(evolve(adjusted(PUT), quantity=Decimal("-1.5")))

    assert hindrances(ledger) == {PUT.symbol: "it is held in parts of a contract"}


def test_legs_that_were_opened_together_are_one_position(ledger: Ledger) -> None:
    trade(ledger, "o-in", VERTICAL, 5)

    single, spread = sorted(open_positions(ledger.book), key=lambda one: len(one.legs))

    assert single.contract == PUT
    assert isinstance(spread, OpenSpread)
    assert {(leg.contract, leg.ratio) for leg in spread.legs} == {(CALL, 1), (HIGHER_CALL, -1)}
    # It is known by what it owes.
    assert (spread.contract, spread.quantity, spread.units) == (HIGHER_CALL, -5, 5)
    assert spread.hindrance == ""


def test_a_spread_that_is_not_held_as_it_was_opened_is_left_alone(ledger: Ledger) -> None:
    trade(ledger, "o-in", VERTICAL, 5)
    adjust(ledger, CALL, 7)

    told = hindrances(ledger)

    assert told[HIGHER_CALL.symbol] == f"{CALL.symbol} is not held as the spread was opened"


def test_what_is_worked_on_is_not_rolled_as_well(ledger: Ledger) -> None:
    ledger.intend(order_terms("o-out", "1", instrument=PUT, limit="1"))

    assert hindrances(ledger) == {PUT.symbol: "order o-out works on it"}


def test_a_spread_on_its_way_works_on_its_legs_alone(ledger: Ledger) -> None:
    adjust(ledger, CALL, 1)
    ledger.intend(order_terms("o-in", "1", legs=VERTICAL, limit="1"))

    assert hindrances(ledger) == {PUT.symbol: "", CALL.symbol: "order o-in works on it"}


def test_what_is_owed_or_instructed_goes_first(ledger: Ledger) -> None:
    adjust(ledger, CALL, 1)
    asked = o.ExerciseAsked(
        at=NOW,
        request_id="x",
        contract=CALL,
        quantity=Decimal(1),
        held=Decimal(1),
        instruction="exercise",
        actor="me",
    )
    owed = o.CloseOwed(
        at=NOW, contract=PUT, held=Decimal(-2), keep=Decimal(0), cause="expiry", reason="today"
    )
    ledger.apply(asked, owed)

    assert hindrances(ledger) == {
        PUT.symbol: "it is to be closed: expiry",
        CALL.symbol: "an instruction about it is under way",
    }
    answered = o.ExerciseAnswered(at=NOW, request_id="x", outcome="refused", message="")
    ledger.apply(answered)
    assert hindrances(ledger)[CALL.symbol] == ""


def test_a_roll_is_told_once_a_day_and_again_the_next(ledger: Ledger) -> None:
    (alarm,) = notes(ledger.book, [due()], NOW)
    ledger.apply(alarm)

    assert alarm.kind == KIND
    assert alarm.message.startswith(f"a dry run would roll -2 of {PUT.symbol} into -2 of ")
    assert list(notes(ledger.book, [due()], NOW + timedelta(hours=5))) == []
    (again,) = notes(ledger.book, [due()], TOMORROW)
    assert (again.at, again.message) == (TOMORROW, alarm.message)


def test_what_is_due_no_more_is_forgotten_the_next_day(ledger: Ledger) -> None:
    """Not within a day: a roll that comes and goes with the price would be told each time."""
    assert list(notes(ledger.book, [NOT_DUE], NOW)) == []
    ledger.apply(*notes(ledger.book, [due()], NOW))

    assert list(notes(ledger.book, [NOT_DUE], NOW + timedelta(hours=5))) == []
    (over,) = notes(ledger.book, [NOT_DUE], TOMORROW)
    assert (over.symbol, over.kind, over.message) == (PUT.symbol, KIND, "")


def test_what_has_changed_since_it_was_looked_at_is_not_told(ledger: Ledger) -> None:
    assert list(notes(ledger.book, [due(quantity=-3)], NOW)) == []
    assert list(notes(ledger.book, [due(CALL)], NOW)) == []


def test_silence_ends_these_alarms_and_no_others(ledger: Ledger) -> None:
    ledger.apply(*notes(ledger.book, [due()], NOW))
    ledger.apply(o.OptionAlarmed(at=NOW, symbol=PUT.symbol, kind="expires_held", message="today"))

    ledger.apply(*silence(ledger.book, TOMORROW))

    assert list(ledger.book.options.alarms) == [(PUT.symbol, "expires_held")]


def spread_of(ledger: Ledger) -> OpenSpread:
    (one,) = (one for one in open_positions(ledger.book) if isinstance(one, OpenSpread))
    return one


def test_what_a_spread_has_cost_is_what_its_legs_have_cost(ledger: Ledger) -> None:
    trade(ledger, "o-in", VERTICAL, 5)
    assert spread_of(ledger).entry == 0

    adjust(ledger, CALL, 5)
    ledger.apply(evolve(adjusted(CALL, "3"), quantity=Decimal(5)))
    assert spread_of(ledger).entry == 2
    ledger.apply(evolve(adjusted(CALL, "0"), quantity=Decimal(5)))
    assert spread_of(ledger).entry is None


def test_two_spreads_that_share_a_leg_are_left_alone(ledger: Ledger) -> None:
    trade(ledger, "o-in", VERTICAL, 5)
    trade(ledger, "o-too", RATIO, 1)

    told = [one.hindrance for one in open_positions(ledger.book) if isinstance(one, OpenSpread)]

    assert told == [f"{CALL.symbol} is a leg of another spread too"] * 2


def test_what_hinders_a_leg_hinders_its_spread(ledger: Ledger) -> None:
    trade(ledger, "o-in", VERTICAL, 5)
    ledger.intend(order_terms("o-out", "1", instrument=HIGHER_CALL, limit="1"))

    assert spread_of(ledger).hindrance == f"{HIGHER_CALL.symbol}: order o-out works on it"


def test_a_position_comes_with_its_levels_and_a_leg_that_has_some_is_left_alone() -> None:
    ledger = Ledger()
    own = order_terms(
        "o-in",
        "2",
        instrument=CALL,
        limit="2",
        stop_loss="1",
        denomination=RiskDenomination.OPTION_PRICE,
    )
    ledger.enter(own, "2")
    (single,) = open_positions(ledger.book)
    assert single.levels is not None
    assert (single.levels.stop_loss, single.levels.premium) == (1, 2)
    assert single.levels.are_own

    trade(ledger, "o-spread", VERTICAL, 1)
    told = hindrances(ledger)
    assert told[HIGHER_CALL.symbol] == f"{CALL.symbol} is not held as the spread was opened"


def test_a_position_is_as_it_was_decided_or_is_not_rolled(ledger: Ledger) -> None:
    roll = due()
    assert is_as_decided(ledger.book, roll)

    adjust(ledger, PUT, -1)
    assert not is_as_decided(ledger.book, roll)
    adjust(ledger, PUT, -2)
    ledger.intend(order_terms("o-out", "1", instrument=PUT, limit="1"))
    assert not is_as_decided(ledger.book, roll)
    assert not is_as_decided(ledger.book, due(CALL))


def test_what_is_rolled_is_told_of_no_more(ledger: Ledger) -> None:
    for kind in (KIND, AlarmKind.ROLL_FAILED.value):
        ledger.apply(o.OptionAlarmed(at=NOW, symbol=PUT.symbol, kind=kind, message="it is"))

    ledger.apply(*over(ledger.book, PUT.symbol, NOW))

    assert ledger.book.options.alarms == {}


def test_where_rolls_are_made_only_those_are_told_of_that_the_gate_refuses(ledger: Ledger) -> None:
    assert not any(notes(ledger.book, [due()], NOW, tried=False))

    refused = evolve(due(), refused="TRADING_HALTED: enough")
    (told,) = notes(ledger.book, [refused], NOW, tried=False)

    assert told.message.startswith("the gate would not let roll -2 of ")
    assert told.message.endswith(": TRADING_HALTED: enough")
