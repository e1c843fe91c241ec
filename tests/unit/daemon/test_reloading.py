"""Limits are read again; a file that is wrong and everything else change nothing."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from structlog.testing import capture_logs

from cream.core.model.plan import Environment
from cream.core.risk.gate import Gate
from cream.daemon.option_settings import with_cutoffs
from cream.daemon.reloading import relimit
from cream.daemon.settings import SafetySettings, Settings

TIGHTER = evolve(
    Settings().constraints,
    portfolio=evolve(Settings().constraints.portfolio, max_gross_notional=Decimal(1000)),
)


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    with capture_logs() as entries:
        yield entries


@pytest.fixture
def gate() -> Gate:
    limits = with_cutoffs(Settings().constraints, Settings().options)
    return Gate(limits, Environment.PAPER, "account")


def test_new_limits_are_in_force_and_have_another_version(gate: Gate, logged: list[Any]) -> None:
    before = gate.policy_version

    running = relimit(gate, Settings(), lambda: evolve(Settings(), constraints=TIGHTER))

    assert running.constraints == TIGHTER
    assert gate.limits == with_cutoffs(TIGHTER, running.options)
    assert gate.policy_version != before
    assert [one["event"] for one in logged] == ["reloading.limits_in_force"]
    relimit(gate, running, Settings)
    assert gate.policy_version == before


def test_what_else_has_changed_is_named_and_waits(gate: Gate, logged: list[Any]) -> None:
    wanted = evolve(Settings(), safety=SafetySettings(grace_period_seconds=1.0))

    running = relimit(gate, Settings(), lambda: wanted)

    assert running == Settings()
    assert logged[0]["sections"] == ["safety"]


def test_a_file_that_is_wrong_changes_nothing(gate: Gate, logged: list[Any]) -> None:
    def wrong() -> Settings:
        raise ValueError("line 7: constraints.max_levrage is not known")

    assert relimit(gate, Settings(), wrong) == Settings()
    assert gate.limits == with_cutoffs(Settings().constraints, Settings().options)
    assert "line 7" in logged[0]["error"]
