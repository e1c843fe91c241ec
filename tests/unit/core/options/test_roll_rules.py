"""Which rule is for which position."""

from datetime import date
from decimal import Decimal

from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.options.roll_rules import RollRule, RollRules
from cream.core.options.rolling import RollMode, RollPolicy

CALL = OptionContract("AAPL", date(2026, 12, 18), OptionRight.CALL, Decimal(250))
OFF = RollRule(policy=RollPolicy())


def test_nothing_is_rolled_until_it_is_turned_on_and_then_in_a_dry_run() -> None:
    assert not RollRules().enabled
    assert RollRules().of(CALL).policy.mode is RollMode.DRY_RUN


def test_the_rule_of_an_underlying_is_for_all_its_contracts() -> None:
    rules = RollRules(by_symbol={"AAPL": OFF})

    assert rules.of(CALL) is OFF
    assert RollRules(by_symbol={"MSFT": OFF}).of(CALL) is not OFF
