"""What exercise delivers at the simulated venue, and what it refuses."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cream.core.exchange.calendar import SessionMode
from cream.core.model.broker import ExerciseOutcome, InstructionTaken, Refused
from cream.core.model.instrument import OptionContract
from cream.core.model.order import Side
from cream.core.model.plan import PositionIntent
from cream.core.options.occ import parse_occ
from tests.fakes.venue_lab import Lab, terms

CALL, PUT = "AAPL  261218C00230000", "AAPL  261218P00250000"


def owning(symbol: str = CALL, quantity: str = "3", lab: Lab | None = None) -> Lab:
    """Contracts bought at 10."""
    lab = lab or Lab()
    lab.market.set(symbol, "9.90", "10.00")
    lab.accepted(
        terms(quantity=quantity, symbol=symbol, limit="10", intent=PositionIntent.BUY_TO_OPEN)
    )
    return lab


def exercise(lab: Lab, symbol: str = CALL, quantity: str = "1") -> ExerciseOutcome:
    return lab.venue.exercise(parse_occ(symbol), Decimal(quantity), lab.now)


def code(outcome: ExerciseOutcome) -> str:
    assert isinstance(outcome, Refused), outcome
    return outcome.code


def test_a_call_brings_its_shares_at_the_strike() -> None:
    lab = owning()
    before = lab.cash()

    assert exercise(lab, quantity="2") == InstructionTaken()

    assert (lab.held(CALL), lab.held("AAPL")) == (1, 200)
    assert lab.cash() == before - 200 * 230
    (shares,) = [one for one in lab.venue.positions() if one.instrument.symbol == "AAPL"]
    assert shares.average_price == 230


def test_a_put_delivers_the_shares_that_are_held() -> None:
    lab = owning(PUT)
    lab.accepted(terms(quantity="150"))
    before = lab.cash()

    assert exercise(lab, PUT) == InstructionTaken()

    assert (lab.held(PUT), lab.held("AAPL")) == (2, 50)
    assert lab.cash() == before + 100 * 250


def test_shares_that_are_not_held_are_not_delivered() -> None:
    assert code(exercise(owning(PUT), PUT)) == "INSUFFICIENT_QTY"


def test_what_the_account_cannot_carry_is_not_exercised() -> None:
    lab = owning(lab=Lab(cash="12000"), quantity="1")

    assert code(exercise(lab)) == "INSUFFICIENT_BUYING_POWER"
    assert lab.held(CALL) == 1


def test_only_what_is_held_and_free_is_exercised() -> None:
    lab = owning()
    assert code(exercise(lab, quantity="4")) == "INSUFFICIENT_QTY"
    selling = terms(Side.SELL, "2", "12", symbol=CALL, intent=PositionIntent.SELL_TO_CLOSE)
    lab.accepted(selling)
    assert code(exercise(lab, quantity="2")) == "INSUFFICIENT_QTY"
    assert exercise(lab, quantity="1") == InstructionTaken()


def test_what_is_not_owned_is_not_exercised() -> None:
    assert code(exercise(Lab())) == "POSITION_NOT_FOUND"


def test_nothing_is_taken_after_the_close_or_after_the_end() -> None:
    lab = owning(lab=Lab(mode=SessionMode.CALENDAR))
    lab.now = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
    assert code(exercise(lab)) == "MARKET_CLOSED"
    lab.now = datetime(2026, 12, 18, 21, 0, tzinfo=UTC)
    assert code(exercise(lab)) == "CONTRACT_EXPIRED"


@pytest.mark.parametrize(("abstains", "paid"), [(True, 0), (False, 300 * Decimal("8.40"))])
def test_what_is_not_to_be_exercised_ends_without_worth(abstains: bool, paid: Decimal) -> None:
    contract: OptionContract = parse_occ(CALL)
    lab = owning()
    assert code(lab.venue.do_not_exercise(contract, lab.now)) == "NOT_ON_EXPIRY_DAY"
    before = lab.cash()
    lab.now = datetime(2026, 12, 18, 20, 0, tzinfo=UTC)
    if abstains:
        assert lab.venue.do_not_exercise(contract, lab.now) == InstructionTaken()

    lab.advance(datetime(2026, 12, 18, 21, 0, tzinfo=UTC))

    assert lab.held(CALL) == 0
    assert lab.cash() == before + paid


def test_an_instruction_of_a_day_is_forgotten_once_the_day_is_over() -> None:
    """Also where the contract was sold after it: nothing must be left to grow."""
    lab = owning()
    lab.now = datetime(2026, 12, 18, 15, 0, tzinfo=UTC)
    contract = parse_occ(CALL)
    for _ in range(2):
        assert lab.venue.do_not_exercise(contract, lab.now) == InstructionTaken()
    assert lab.venue.state().ledger.abstained == (contract,)
    lab.market.set(CALL, "9.90", "10.00")
    closing = PositionIntent.SELL_TO_CLOSE
    lab.accepted(terms(Side.SELL, "3", "9.90", symbol=CALL, intent=closing))
    assert lab.held(CALL) == 0

    lab.advance(datetime(2026, 12, 18, 21, 0, tzinfo=UTC))

    assert lab.venue.state().ledger.abstained == ()
