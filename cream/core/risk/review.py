"""What do all rules together say of a case?"""

from collections.abc import Iterator, Sequence
from functools import cache

from attrs import frozen

from cream.core.model.verdict import Check, CheckResult, Severity, Violation
from cream.core.risk.case import Case
from cream.core.risk.checks import ALL_RULES, VENUE_RULES
from cream.core.risk.rule import FINE, Breach, Finding, Rule

_RESULT_BY_SEVERITY = {
    Severity.INFO: CheckResult.INFO,
    Severity.WARNING: CheckResult.WARN,
    Severity.ERROR: CheckResult.FAIL,
    Severity.CRITICAL: CheckResult.FAIL,
}


@frozen
class Review:
    """Every rule's finding, in the order of the rules, whatever the others found."""

    findings: Sequence[tuple[Rule, Finding]]

    @property
    def refuses(self) -> bool:
        """Whether one finding is enough to refuse the case."""
        return any(True for _ in self._refusing())

    @property
    def depends_on_size(self) -> bool:
        """Whether every breach that refuses the case might be gone with smaller sizes."""
        return all(breach.fits_smaller for breach in self._refusing())

    def violations(self) -> tuple[Violation, ...]:
        """Every breach, as callers see it."""
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
            for rule, finding in self.findings
            for breach in finding.breaches
        )

    def checks(self) -> tuple[Check, ...]:
        """Every rule with its numbers, passed or not; a rule with several codes by each of them."""
        checks: list[Check] = []
        for rule, finding in self.findings:
            if finding.breaches:
                checks.extend(_failed(rule, finding))
            elif finding.observed is None:
                checks.append(_passed(rule))
            else:
                checks.append(_measured(rule, finding))
        return tuple(checks)

    def _refusing(self) -> Iterator[Breach]:
        for rule, finding in self.findings:
            if finding.breaches and rule.severity.refuses:
                yield from finding.breaches


def review(case: Case, rules: Sequence[Rule] = ALL_RULES) -> Review:
    """What `rules` say of `case`, each of them."""
    findings: list[tuple[Rule, Finding]] = []
    refused_fields: set[str | None] = set()
    for rule in rules:
        finding = rule.judge(case)
        if rule is VENUE_RULES and finding.breaches:
            news = [one for one in finding.breaches if one.field_path not in refused_fields]
            finding = Finding(news)
        if finding.breaches and rule.severity.refuses:
            refused_fields.update(breach.field_path for breach in finding.breaches)
        findings.append((rule, finding))
    return Review(findings)


@cache  # As many entries as there are rules.
def _passed(rule: Rule) -> Check:
    """A rule that passed without numbers: the same every time."""
    return _measured(rule, FINE)


def _measured(rule: Rule, finding: Finding) -> Check:
    return Check(
        code=rule.code,
        result=CheckResult.PASS,
        description=rule.statement,
        observed=finding.observed,
        limit=finding.limit,
        unit=rule.unit,
    )


def _failed(rule: Rule, finding: Finding) -> Iterator[Check]:
    """One check for each code, with the numbers of the first breach that has it."""
    first_by_code: dict[str, Breach] = {}
    for breach in finding.breaches:
        first_by_code.setdefault(breach.code or rule.code, breach)
    for code, breach in first_by_code.items():
        yield Check(
            code=code,
            result=_RESULT_BY_SEVERITY[rule.severity],
            description=rule.statement,
            observed=breach.observed,
            limit=breach.limit,
            unit=rule.unit if breach.unit is None else breach.unit,
        )
