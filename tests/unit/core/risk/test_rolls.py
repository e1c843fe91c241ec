"""What the gate says to a roll before its first order."""

from decimal import Decimal

from attrs import evolve

from cream.core.execution.roll_steps import RollIds
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.plan import Environment
from cream.core.model.position import Position
from cream.core.model.verdict import Severity, Violation
from cream.core.options.roll_legs import RollLeg
from cream.core.risk.roll_orders import closing_terms
from cream.core.risk.roll_parts import after_closing
from cream.core.risk.rolls import in_words, position_of
from tests.fakes.ledger import Ledger
from tests.fakes.rolls import CALL, a_roll_owed
from tests.unit.core.execution.test_option_book import adjust
from tests.unit.core.risk.scenes import view

D = Decimal
HIGHER = OptionContract("AAPL", CALL.expiration, OptionRight.CALL, D(245))


def test_once_closed_less_is_held_of_every_leg() -> None:
    held = Position(instrument=CALL, quantity=D(-3), cost=D("-2.40"))
    wing = Position(instrument=HIGHER, quantity=D(6), cost=D("1.20"))
    before = evolve(view(), positions={CALL.symbol: held, HIGHER.symbol: wing})
    owed = evolve(a_roll_owed(), closes=(RollLeg(CALL, -1), RollLeg(HIGHER, 2)))

    ids = RollIds(Environment.PAPER, "PA1", owed.roll_id)
    after = after_closing(closing_terms(owed, ids, 0, D(2), D(1)), before)

    assert [after.positions[one.symbol].quantity for one in (CALL, HIGHER)] == [-1, 2]
    assert after.exposure is None
    assert before.positions[CALL.symbol] == held


def test_the_position_is_found_by_what_it_is_made_of() -> None:
    ledger = Ledger()
    owed = a_roll_owed()
    assert position_of(ledger.book, owed) is None

    adjust(ledger, CALL, -2)
    ledger.apply(owed)

    found = position_of(ledger.book, owed)
    assert found is not None
    assert (found.quantity, found.hindrance) == (-2, ""), "a roll is not in its own way"
    other = position_of(ledger.book, evolve(owed, roll_id="roll-2"))
    assert other is not None
    assert other.hindrance == "it is being rolled"


def test_a_rule_is_told_with_its_code() -> None:
    broken = Violation(code="TRADING_HALTED", severity=Severity.ERROR, message="enough")

    assert in_words(broken) == "TRADING_HALTED: enough"
