"""What can be configured about orders that fill in part?"""

from typing import Literal

from attrs import frozen

from cream.core.execution.partial_fills import PartialAction, PartialFillPolicy, Patience
from cream.core.model.setting import setting

Closing = Literal["keep_partial", "cancel_remaining", "resubmit_market", "aggressive_resubmit"]


@frozen(kw_only=True)
class PartialFillSettings:
    """How long after its last fill an order is let be, and what happens to the rest."""

    entry_timeout_seconds: float = setting(300.0, gt=0, le=86_400, unit="s", doc="For entries.")
    on_entry_timeout: Literal["keep_partial", "cancel_remaining"] = setting(
        "keep_partial", doc="Let the rest of an entry work on, or end it."
    )
    exit_timeout_seconds: float = setting(
        60.0, gt=0, le=86_400, unit="s", doc="For exits that an agent asked for."
    )
    on_exit_timeout: Closing = setting(
        "resubmit_market", doc="What happens to the rest of an exit, or of a target."
    )
    stop_loss_timeout_seconds: float = setting(
        10.0, gt=0, le=86_400, unit="s", doc="For stops, at the broker or here."
    )
    on_stop_loss_timeout: Closing = setting(
        "aggressive_resubmit", doc="What happens to the rest of a stop."
    )
    take_profit_timeout_seconds: float = setting(
        120.0, gt=0, le=86_400, unit="s", doc="For targets."
    )

    @property
    def policy(self) -> PartialFillPolicy:
        """The same, as the core has it."""
        at_exit = PartialAction(self.on_exit_timeout)
        return PartialFillPolicy(
            entry=Patience(self.entry_timeout_seconds, PartialAction(self.on_entry_timeout)),
            exit=Patience(self.exit_timeout_seconds, at_exit),
            stop_loss=Patience(
                self.stop_loss_timeout_seconds, PartialAction(self.on_stop_loss_timeout)
            ),
            take_profit=Patience(self.take_profit_timeout_seconds, at_exit),
        )
