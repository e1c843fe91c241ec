"""What can be configured about options that are held?"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from attrs import evolve, frozen

from cream.core.execution.option_duties import ExpiryAction, OptionPolicy
from cream.core.model.setting import section, setting
from cream.core.risk.limits import Constraints
from cream.daemon.rolling_settings import RollingSettings


@frozen(kw_only=True)
class OptionsSettings:
    """What is done about legs that are left alone, on the last day, and before it."""

    orphan_legs: Literal["alert", "close"] = setting(
        "alert",
        doc="A leg whose partner is gone without an order of ours: tell of it, or close it too.",
    )
    orphan_confirm_seconds: float = setting(
        15.0,
        ge=0,
        le=3600,
        unit="s",
        doc="How long a leg must have been alone: a broker's positions and orders may disagree.",
    )
    expiry_day: Literal["close", "none"] = setting(
        "close",
        doc="What becomes of a contract at the cut-off of its last day: closed at the market, or"
        " left with an alarm.",
    )
    expiry_cutoff_minutes: int = setting(
        90,
        ge=0,
        le=390,
        unit="minutes before the close",
        doc="The cut-off. A broker may liquidate from 45 minutes before the close. Nothing is"
        " opened after it either.",
    )
    expiry_cutoff_by_underlying: Mapping[str, int] = setting(
        {}, doc="Other cut-offs, for options of these underlyings.", example="{SPY: 60}"
    )
    expiry_leave_otm_pct: Decimal | None = setting(
        None,
        ge=0,
        le=1,
        unit="fraction of the strike",
        doc="What is so far out of the money at the cut-off is left to expire; null: nothing is.",
    )

    rolling: RollingSettings = section(RollingSettings, doc="Rolling what is held.")

    @property
    def policy(self) -> OptionPolicy:
        """The same, as the core has it."""
        return OptionPolicy(
            close_orphans=self.orphan_legs == "close",
            orphan_confirm_seconds=self.orphan_confirm_seconds,
            expiry=ExpiryAction(self.expiry_day),
            cutoff_minutes=self.expiry_cutoff_minutes,
            cutoff_by_underlying=self.expiry_cutoff_by_underlying,
            leave_otm_pct=self.expiry_leave_otm_pct,
        )


def with_cutoffs(limits: Constraints, own: OptionsSettings) -> Constraints:
    """The limits, with nothing opened that would have to be closed at once."""
    if own.expiry_day == "none":
        return limits
    latest = max([own.expiry_cutoff_minutes, *own.expiry_cutoff_by_underlying.values()])
    minutes = max(latest, limits.options.min_minutes_to_expiry)
    return evolve(limits, options=evolve(limits.options, min_minutes_to_expiry=minutes))
