import pytest

from cream.core.risk.traits import Scope, Traits

NOTHING = Traits(
    increases=False,
    exits=False,
    several=False,
    faults=False,
    options=False,
    leans=False,
    unusual=False,
    loose_levels=False,
    restricted=False,
    closed=False,
    loss_limits=False,
    day_trades=False,
    repeats=False,
)


def test_some_rules_are_always_asked() -> None:
    assert NOTHING.has(Scope.ALWAYS)


@pytest.mark.parametrize("scope", [one for one in Scope if one is not Scope.ALWAYS])
def test_a_rule_is_asked_of_what_it_is_about(scope: Scope) -> None:
    assert not NOTHING.has(scope)
    assert NOTHING._replace(**{scope.value: True}).has(scope)


def test_a_fault_may_be_an_exit_that_could_not_be_worked_out() -> None:
    assert NOTHING._replace(faults=True).has(Scope.EXITS)
