"""What do all rules together say of a case?"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache

from attrs import define, field

from cream.core.model.verdict import Check, CheckResult, Severity, Violation, with_numbers
from cream.core.risk.case import Case
from cream.core.risk.checks import ALL_RULES, VENUE_RULES
from cream.core.risk.rule import NO_FIGURES, Breach, Figures, Rule
from cream.core.risk.traits import Traits

# One selection of rules for each set of scopes that cases have: there are few, and never this many.
_SELECTIONS = 64

_RESULTS = {Severity.INFO: CheckResult.INFO, Severity.WARNING: CheckResult.WARN}

_RESULT_BY_SEVERITY = {
    Severity.INFO: CheckResult.INFO,
    Severity.WARNING: CheckResult.WARN,
    Severity.ERROR: CheckResult.FAIL,
    Severity.CRITICAL: CheckResult.FAIL,
}


@define
class Review:
    """What each rule found, whatever the others did. `broken` is in the order of the rules.

    Not changed after it was made.
    """

    case: Case
    rules: Sequence[Rule]
    broken: Mapping[Rule, Sequence[Breach]]
    refuses: bool
    # By rule; None for one that is broken.
    _figures: Sequence[Figures | None] | None = field(default=None, init=False, eq=False)

    @property
    def depends_on_size(self) -> bool:
        """Whether every breach that refuses the case might be gone with smaller sizes."""
        return all(
            breach.fits_smaller
            for rule, breaches in self.broken.items()
            if rule.severity.refuses
            for breach in breaches
        )

    def violations(self) -> tuple[Violation, ...]:
        """Every breach, as callers see it."""
        if not self.broken:
            return ()
        return tuple(
            Violation(
                code=breach.code or rule.code,
                severity=rule.severity,
                message=breach.message,
                instrument_id=breach.instrument_id,
                field_path=breach.field_path,
                observed=breach.observed,
                limit=breach.limit,
                unit=rule.unit if breach.unit is None else breach.unit,
                headroom=breach.headroom,
            )
            for rule, breaches in self.broken.items()
            for breach in breaches
        )

    def checks(self) -> tuple[Check, ...]:
        """Every rule with its numbers, passed or not; a rule with several codes by each of them."""
        checks: list[Check] = []
        for rule, figures in zip(self.rules, self._measured(), strict=True):
            if figures is None:
                checks.extend(_failed(rule, self.broken[rule]))
            else:
                checks.append(_passed(rule) if figures is NO_FIGURES else _measured(rule, figures))
        return tuple(checks)

    def checks_with_numbers(self) -> tuple[Check, ...]:
        """Those of the checks that measured something, without what their rules demand."""
        checks: list[Check] = []
        for rule, figures in zip(self.rules, self._measured(), strict=True):
            if figures is None:
                checks.extend(with_numbers(_failed(rule, self.broken[rule])))
            elif figures.observed is not None:
                checks.append(
                    Check(
                        code=rule.code,
                        result=CheckResult.PASS,
                        observed=figures.observed,
                        limit=figures.limit,
                        unit=rule.unit,
                    )
                )
        return tuple(checks)

    def _measured(self) -> Sequence[Figures | None]:
        if self._figures is None:
            case, broken = self.case, self.broken
            self._figures = [
                None if rule in broken else rule.figures(case) if rule.measures else NO_FIGURES
                for rule in self.rules
            ]
        return self._figures


def review(case: Case, rules: Sequence[Rule] = ALL_RULES) -> Review:
    """What `rules` say of `case`, each that has something to say of such a case."""
    broken: dict[Rule, Sequence[Breach]] = {}
    refuses = False
    asked = _asked_of_all(case.traits) if rules is ALL_RULES else _asked(rules, case.traits)
    for rule, breaches_of in asked:
        breaches = breaches_of(case)
        if not breaches:
            continue
        if rule is VENUE_RULES:
            breaches = _news(breaches, broken)
            if not breaches:
                continue
        broken[rule] = breaches
        refuses = refuses or rule.severity.refuses
    return Review(case, rules, broken, refuses)


_Asked = Sequence[tuple[Rule, Callable[[Case], Sequence[Breach]]]]


@lru_cache(maxsize=_SELECTIONS)
def _asked_of_all(traits: Traits) -> _Asked:
    return _asked(ALL_RULES, traits)


def _asked(rules: Sequence[Rule], traits: Traits) -> _Asked:
    return [(rule, rule.breaches) for rule in rules if traits.has(rule.scope)]


def _news(breaches: Sequence[Breach], broken: Mapping[Rule, Sequence[Breach]]) -> Sequence[Breach]:
    """Breaches of fields that no rule has refused already."""
    refused = {
        breach.field_path
        for rule, others in broken.items()
        if rule.severity.refuses
        for breach in others
    }
    return [one for one in breaches if one.field_path not in refused]


@cache  # As many entries as there are rules.
def _passed(rule: Rule) -> Check:
    """A rule that passed without numbers: the same every time."""
    return _measured(rule, NO_FIGURES)


def _measured(rule: Rule, figures: Figures) -> Check:
    return Check(
        code=rule.code,
        result=CheckResult.PASS,
        description=rule.statement,
        observed=figures.observed,
        limit=figures.limit,
        unit=rule.unit,
    )


def _failed(rule: Rule, breaches: Sequence[Breach]) -> Iterator[Check]:
    """One check for each code, with the numbers of the first breach that has it."""
    first_by_code: dict[str, Breach] = {}
    for breach in breaches:
        first_by_code.setdefault(breach.code or rule.code, breach)
    for code, breach in first_by_code.items():
        yield Check(
            code=code,
            result=_RESULTS.get(rule.severity, CheckResult.FAIL),
            description=rule.statement,
            observed=breach.observed,
            limit=breach.limit,
            unit=rule.unit if breach.unit is None else breach.unit,
        )
