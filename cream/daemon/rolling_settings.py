"""What can be configured about rolling options?"""

from collections.abc import Iterable
from datetime import time, timedelta
from decimal import Decimal
from typing import Literal

import attrs
from attrs import frozen

from cream.core.model.setting import Setting, described, section, setting
from cream.core.options.exercise_risk import RiskLevel
from cream.core.options.occ import parse_instrument
from cream.core.options.roll_rules import RollRule, RollRules, RollTarget, StrikeChoice
from cream.core.options.rolling import RollMode, RollPolicy

_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"


@frozen(kw_only=True)
class RollRuleSettings:
    """When a position is rolled, and into what."""

    enabled: bool = setting(True, doc="Whether this rule rolls anything.")
    dry_run: bool = setting(False, doc="Only tell what this rule would do, where others do it.")
    urgent_days: int = setting(
        3, ge=0, le=365, unit="days to expiry", doc="From here any position is rolled, at once."
    )
    credit_days: int = setting(
        7, ge=0, le=365, unit="days to expiry", doc="From here a short is rolled, in the window."
    )
    early_profit_days: int = setting(
        21, ge=0, le=365, unit="days to expiry", doc="From here a short that gains is rolled."
    )
    profit_target: Decimal = setting(
        Decimal("0.50"), gt=0, le=1, unit="fraction of the most", doc="Gain that is taken."
    )
    loss_multiple: Decimal = setting(
        Decimal("2.0"), gt=0, le=100, unit="times the premium", doc="Loss from which to roll."
    )
    most_short_delta: Decimal | None = setting(
        Decimal("0.40"),
        gt=0,
        le=1,
        unit="per share",
        doc="Delta (without sign) from which a short is rolled; null: none is.",
    )
    exercise_risk: Literal["low", "medium", "high", "critical"] = setting(
        "critical", doc="Level of early-exercise risk from which a short is rolled at once."
    )
    opens_at: str = setting(
        "13:00",
        pattern=_TIME,
        doc="Window for what is not urgent, in New York.",
    )
    closes_at: str = setting("15:00", pattern=_TIME, doc="Its end.")
    avoid_itm_overnight: bool = setting(
        True, doc="What is in the money does not wait beyond the window, on a Friday not for it."
    )
    target_days: int = setting(
        30, ge=1, le=1000, unit="days to expiry", doc="The nearest later expiration is taken."
    )
    strike: Literal["same", "delta"] = setting("same", doc="Which strike is taken there.")
    target_delta: Decimal = setting(
        Decimal("0.20"), gt=0, lt=1, unit="per share", doc="Without sign, for strike: delta."
    )
    keep_delta: bool = setting(
        False, doc="Take as many contracts as keep the delta, not as many as before."
    )
    most_growth: Decimal = setting(
        Decimal(1),
        gt=0,
        le=10,
        unit="times the contracts",
        doc="The most that keep_delta may add up to.",
    )
    concession: Decimal = setting(
        Decimal("0.5"),
        ge=0,
        le=1,
        unit="fraction",
        doc="How far the limit goes from the middle to where it fills at once; urgent: all of it.",
    )
    concession_step: Decimal = setting(
        Decimal("0.1"),
        ge=0,
        le=1,
        unit="fraction",
        doc="How much further it goes with each attempt that has not filled.",
    )
    fill_timeout_seconds: float = setting(
        30.0,
        ge=1,
        le=3600,
        unit="s",
        doc="An order of a roll that has not filled by then is cancelled and priced anew.",
    )
    most_debit: Decimal | None = setting(
        None,
        ge=-10_000,
        le=10_000,
        unit="USD per share",
        doc="No roll costs more, net; below zero: a credit of at least that. null: no bound.",
    )

    def problems(self) -> Iterable[tuple[str, str]]:
        """What the fields together do not allow."""
        if not self.urgent_days <= self.credit_days <= self.early_profit_days:
            yield "credit_days", "days must ascend: urgent_days, credit_days, early_profit_days"
        if self.opens_at >= self.closes_at:
            yield "closes_at", "must be later than opens_at"
        if self.target_days <= self.credit_days:
            yield "target_days", "must be more than credit_days: it would be rolled again at once"
        most = self.most_short_delta
        if self.strike == "delta" and most is not None and self.target_delta >= most:
            yield "target_delta", "must be less than most_short_delta: it would be rolled again"

    def rule(self, *, dry_run: bool) -> RollRule:
        """The same, as the core has it; `dry_run`: none is to do anything.

        Raises: ValueError where there are problems.
        """
        mode = RollMode.DRY_RUN if dry_run or self.dry_run else RollMode.ACTIVE
        return RollRule(
            policy=RollPolicy(
                mode=mode if self.enabled else RollMode.OFF,
                urgent_days=self.urgent_days,
                credit_days=self.credit_days,
                early_profit_days=self.early_profit_days,
                profit_target=self.profit_target,
                loss_multiple=self.loss_multiple,
                most_short_delta=self.most_short_delta,
                exercise_level=RiskLevel[self.exercise_risk.upper()],
                opens_at=time.fromisoformat(self.opens_at),
                closes_at=time.fromisoformat(self.closes_at),
                avoid_itm_overnight=self.avoid_itm_overnight,
                most_growth=self.most_growth,
                fill_timeout=timedelta(seconds=self.fill_timeout_seconds),
            ),
            target=RollTarget(
                days=self.target_days,
                strike=StrikeChoice(self.strike),
                delta=self.target_delta,
                keep_delta=self.keep_delta,
                concession=self.concession,
                concession_step=self.concession_step,
                most_debit=self.most_debit,
            ),
        )


@frozen(kw_only=True)
class NamedRollRuleSettings(RollRuleSettings):
    """A rule for one underlying, or for one contract."""

    symbol: str = attrs.field(
        metadata=described(
            Setting(doc="A ticker: options on it; or the symbol of one option.", example="SPY")
        )
    )

    def problems(self) -> Iterable[tuple[str, str]]:
        """Those of any rule, and a symbol that is none."""
        yield from super().problems()
        try:
            parse_instrument(self.symbol)
        except ValueError as error:
            yield "symbol", str(error)


@frozen(kw_only=True)
class RollingSettings:
    """Whether positions in options are rolled, by which rules."""

    enabled: bool = setting(False, doc="Look for what is to be rolled.")
    dry_run: bool = setting(True, doc="Only tell what any rule would do; false: do it.")
    look_seconds: float = setting(
        60.0,
        ge=1,
        le=3600,
        unit="s",
        doc="Between looks; each reads the chains of all underlyings.",
    )
    rule: RollRuleSettings = section(RollRuleSettings, doc="For what has no rule of its own.")
    rules: tuple[NamedRollRuleSettings, ...] = setting(
        (), doc="Others, whole: what one leaves out is at its default. A contract's own goes first."
    )

    def problems(self) -> Iterable[tuple[str, str]]:
        """Two rules for the same."""
        seen: set[str] = set()
        for index, one in enumerate(self.rules):
            # An option's symbol is written with blanks or without.
            symbol = one.symbol.replace(" ", "")
            if symbol in seen:
                yield f"rules[{index}]", f"{one.symbol} has two rules"
            seen.add(symbol)

    @property
    def all_rules(self) -> RollRules:
        """The same, as the core has it.   Raises: ValueError where there are problems."""
        return RollRules(
            enabled=self.enabled,
            dry_run=self.dry_run,
            look_seconds=self.look_seconds,
            others=self.rule.rule(dry_run=self.dry_run),
            by_symbol={
                parse_instrument(one.symbol).symbol: one.rule(dry_run=self.dry_run)
                for one in self.rules
            },
        )
