"""Severities, and rows that are built when they are read."""

from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.model.verdict import Check, CheckResult, Checks, Severity


@pytest.mark.parametrize("severity", list(Severity))
def test_only_errors_refuse(severity: Severity) -> None:
    assert severity.refuses is (severity in (Severity.ERROR, Severity.CRITICAL))


def row(code: str) -> Check:
    return Check(code=code, result=CheckResult.PASS)


def test_rows_are_built_once_and_only_when_somebody_reads_them() -> None:
    built: list[int] = []

    def build() -> tuple[Check, ...]:
        built.append(1)
        return (row("A"), row("B"))

    checks = Checks(build)
    assert built == []

    assert [one.code for one in checks] == ["A", "B"]
    assert len(checks) == 2
    assert checks[0] == row("A")
    assert checks[1:] == (row("B"),)
    assert built == [1]


def test_rows_that_measured_something_are_kept_without_their_sentence() -> None:
    measured = evolve(row("B"), observed=Decimal(1), description="It is one.")
    checks = Checks(lambda: (row("A"), measured))

    assert checks.with_numbers() == (evolve(measured, description=""),)


def test_who_can_give_the_numbers_alone_is_asked_for_no_rows() -> None:
    def build() -> tuple[Check, ...]:
        raise AssertionError("nobody reads the rows")

    assert Checks(build, lambda: (row("A"),)).with_numbers() == (row("A"),)


def test_rows_are_equal_to_a_sequence_with_equal_rows() -> None:
    checks = Checks(lambda: (row("A"),))

    assert checks == (row("A"),)
    assert checks == Checks(lambda: (row("A"),))
    assert checks != (row("B"),)
    assert checks != "A"
    assert hash(checks) == hash((row("A"),))
    assert repr(checks) == repr((row("A"),))
