from collections.abc import Sequence

import pytest

from cream.core.model.plan import Decision, Environment, TimeInForce
from cream.core.model.verdict import CheckResult, Severity, Unit, with_numbers
from cream.core.risk.asks import Origin, asks_of
from cream.core.risk.case import Case
from cream.core.risk.checks import ALL_RULES
from cream.core.risk.intents import intent_of
from cream.core.risk.review import Review, review
from cream.core.risk.rule import NO_FIGURES, Breach, Figures, Rule
from cream.core.risk.view import scene_of
from tests.unit.core.risk.scenes import LIMITS, NOW, buy, codes, d, judge, plan, spread, view


def empty_case() -> Case:
    return Case(plan(), (), scene_of(view()), LIMITS, Environment.PAPER, NOW)


def judged_case(*decisions: Decision) -> Case:
    asked, scene = plan(*decisions), scene_of(view())
    origin = Origin(environment=Environment.PAPER, account_id="A", plan_id="p", cycle_id="c")
    intents = [intent_of(ask, scene, origin) for ask in asks_of(asked)]
    return Case(asked, intents, scene, LIMITS, Environment.PAPER, NOW)


class Says(Rule):
    """It says what the test wants."""

    code = "SAYS"
    unit = Unit.USD

    def __init__(
        self, *found: Breach, severity: Severity = Severity.ERROR, shows: Figures = NO_FIGURES
    ) -> None:
        self.found = found
        self.severity = severity  # type: ignore[misc]
        self.shows = shows

    def breaches(self, case: Case) -> Sequence[Breach]:
        return self.found

    def figures(self, case: Case) -> Figures:
        return self.shows


def of(*rules: Rule) -> Review:
    return review(empty_case(), rules)


def test_every_rule_is_asked_whatever_the_others_found() -> None:
    failing = Says(Breach(message="no"))

    found = of(failing, failing, Says())

    assert [one.result for one in found.checks()] == [
        CheckResult.FAIL,
        CheckResult.FAIL,
        CheckResult.PASS,
    ]


@pytest.mark.parametrize("asked", [buy(), buy(quantity="100000"), buy(stop="99999"), spread()])
def test_the_numbers_alone_are_those_of_the_checks(asked: Decision) -> None:
    """Whoever asks for the one first: what is worked out once is the same for both."""
    for first in ("checks", "numbers"):
        case = judged_case(asked)
        found = review(case)
        if first == "checks":
            found.checks()

        assert found.checks_with_numbers() == with_numbers(found.checks())


def test_a_rule_that_is_broken_keeps_its_number_and_loses_its_sentence() -> None:
    found = of(Says(Breach(message="no", observed=d("3"))), Says(Breach(message="no")))

    numbers = found.checks_with_numbers()

    assert [(one.observed, one.result, one.description) for one in numbers] == [
        (d("3"), CheckResult.FAIL, "")
    ]


def test_only_errors_refuse() -> None:
    broken = Breach(message="no")

    assert not of(
        Says(broken, severity=Severity.INFO), Says(broken, severity=Severity.WARNING)
    ).refuses
    assert of(Says(broken, severity=Severity.ERROR)).refuses
    assert of(Says(broken, severity=Severity.CRITICAL)).refuses


@pytest.mark.parametrize(
    ("severity", "result"),
    [
        (Severity.INFO, CheckResult.INFO),
        (Severity.WARNING, CheckResult.WARN),
        (Severity.ERROR, CheckResult.FAIL),
        (Severity.CRITICAL, CheckResult.FAIL),
    ],
)
def test_a_breach_is_as_grave_in_the_list_of_checks(
    severity: Severity, result: CheckResult
) -> None:
    found = of(Says(Breach(message="well"), severity=severity))

    assert [one.result for one in found.checks()] == [result]
    assert [one.severity for one in found.violations()] == [severity]


def test_a_passed_check_shows_its_numbers() -> None:
    (check,) = of(Says(shows=Figures(d(3), d(5)))).checks()

    assert (check.code, check.observed, check.limit, check.unit) == ("SAYS", 3, 5, Unit.USD)
    assert check.description == "It says what the test wants."


def test_a_breach_may_have_a_code_and_a_unit_of_its_own() -> None:
    own = Breach(message="no", code="OWN", unit=Unit.SHARES, observed=d(1))
    plain = Breach(message="no")

    found = of(Says(own, plain))

    assert [(one.code, one.unit) for one in found.violations()] == [
        ("OWN", Unit.SHARES),
        ("SAYS", Unit.USD),
    ]
    assert [one.code for one in found.checks()] == ["OWN", "SAYS"]


def test_sizes_help_only_if_they_help_against_every_refusal() -> None:
    helps = Says(Breach(message="no", fits_smaller=True))
    does_not = Says(Breach(message="no"))
    warns = Says(Breach(message="no"), severity=Severity.WARNING)

    assert of(helps, warns).depends_on_size
    assert not of(helps, does_not).depends_on_size


def test_the_venue_keeps_quiet_about_what_a_rule_has_said() -> None:
    """A stop on the wrong side is not also called too close; a time in force is news."""
    found = codes(judge(buy(stop="245.00", time_in_force=TimeInForce.IOC)))

    assert found == ["STOP_WRONG_SIDE", "INVALID_TIME_IN_FORCE"]


def test_the_legs_are_not_found_uncovered_twice() -> None:
    assert codes(judge(spread(legs=(spread().legs[0],)))) == ["LEG_COUNT"]


def test_the_list_of_checks_is_complete_and_in_order() -> None:
    """Every rule once, in the order of the rules."""
    assert [one.code for one in judge(buy()).checks] == [rule.code for rule in ALL_RULES]


def test_an_intent_is_what_the_rules_see() -> None:
    scene = scene_of(view())
    asked = plan(buy())
    origin = Origin(
        environment=Environment.PAPER, account_id="PA-1", plan_id="plan-1", cycle_id="cycle-1"
    )
    intents = tuple(intent_of(ask, scene, origin) for ask in asks_of(asked))

    found = review(Case(asked, intents, scene, LIMITS, Environment.PAPER, NOW))

    assert not found.refuses
