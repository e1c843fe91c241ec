"""What is written about rolling, and what the rules are then."""

from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cream.adapters.config import ConfigErrors, load
from cream.core.model.instrument import OptionContract
from cream.core.options.exercise_risk import RiskLevel
from cream.core.options.occ import parse_occ
from cream.core.options.roll_rules import RollRules, StrikeChoice
from cream.core.options.rolling import RollMode
from cream.daemon.settings import Settings
from cream.daemon.tree_settings import tree_settings

SPY = parse_occ("SPY261218P00600000")
LOWER = parse_occ("SPY261218P00500000")


def rules(tmp_path: Path, *lines: str) -> RollRules:
    file = tmp_path / "config.yaml"
    file.write_text("options:\n  rolling:\n" + "".join(f"    {line}\n" for line in lines))
    return tree_settings(load(file, Settings, environ={}).settings, "1", "hash").rolling


def test_it_is_off_and_dry_until_somebody_says_otherwise() -> None:
    given = Settings().options.rolling

    assert not given.enabled
    assert given.dry_run
    assert not given.all_rules.enabled
    assert given.all_rules.of(SPY).policy.mode is RollMode.DRY_RUN


def test_each_underlying_and_each_contract_may_have_its_own_rule(tmp_path: Path) -> None:
    given = rules(
        tmp_path,
        "enabled: true",
        "look_seconds: 30",
        "rule: {enabled: false}",
        "rules:",
        "  - {symbol: SPY, target_days: 45, strike: delta, target_delta: 0.15, most_debit: 0}",
        "  - {symbol: SPY261218P00600000, exercise_risk: high, opens_at: '10:30'}",
    )

    def of(contract: OptionContract) -> RollMode:
        return given.of(contract).policy.mode

    assert (given.enabled, given.look_seconds) == (True, 30)
    assert of(parse_occ("AAPL261218C00240000")) is RollMode.OFF
    assert of(SPY) is of(LOWER) is RollMode.DRY_RUN
    target, policy = given.of(LOWER).target, given.of(SPY).policy
    assert (target.days, target.strike, target.delta) == (45, StrikeChoice.DELTA, Decimal("0.15"))
    assert target.most_debit == 0
    assert (policy.exercise_level, policy.opens_at) == (RiskLevel.HIGH, time(10, 30))
    assert given.of(SPY).target.days == 30, "a rule is whole: what it leaves out is the default"


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        (["rule: {fill_timeout_seconds: 0}"], "rule.fill_timeout_seconds"),
        (["rule: {urgent_days: 8}"], "rule.credit_days"),
        (["rule: {credit_days: 22, target_days: 60}"], "rule.credit_days"),
        (["rule: {opens_at: '15:00'}"], "rule.closes_at"),
        (["rule: {opens_at: '24:00'}"], "rule.opens_at"),
        (["rule: {target_days: 7}"], "rule.target_days"),
        (["rule: {strike: delta, target_delta: 0.4}"], "rule.target_delta"),
        (["rules:", "  - {symbol: spy}"], "rules[0].symbol"),
        (["rules:", "  - {target_days: 40}"], "rules[0].symbol"),
        (["rules:", "  - {symbol: SPY, target_days: 5}"], "rules[0].target_days"),
        (["rules:", "  - {symbol: SPY}", "  - {symbol: SPY}"], "rules[1]"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, lines: list[str], field: str) -> None:
    with pytest.raises(ConfigErrors) as caught:
        rules(tmp_path, *lines)

    assert f"options.rolling.{field}" in str(caught.value)


def test_the_same_contract_written_in_two_ways_has_one_rule(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors):
        rules(
            tmp_path,
            "rules:",
            "  - {symbol: SPY261218P00600000}",
            "  - {symbol: 'SPY   261218P00600000'}",
        )


def test_a_target_by_delta_needs_no_bound_where_there_is_none(tmp_path: Path) -> None:
    line = "rule: {strike: delta, target_delta: 0.4, most_short_delta: null}"

    assert rules(tmp_path, line).others.target.delta == Decimal("0.4")


def test_rolls_are_made_where_neither_all_rules_nor_the_own_one_are_only_tried(
    tmp_path: Path,
) -> None:
    given = rules(
        tmp_path,
        "enabled: true",
        "dry_run: false",
        "rule: {fill_timeout_seconds: 12, concession_step: 0.2}",
        "rules:",
        "  - {symbol: SPY, dry_run: true}",
    )

    others = given.of(parse_occ("AAPL261218C00240000"))
    assert not given.dry_run
    assert others.policy.mode is RollMode.ACTIVE
    assert (others.policy.fill_timeout, others.target.concession_step) == (
        timedelta(seconds=12),
        Decimal("0.2"),
    )
    assert given.of(SPY).policy.mode is RollMode.DRY_RUN
