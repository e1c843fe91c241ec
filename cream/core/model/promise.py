"""What has a client promised: to give signs of life how often, and what else may be done?"""

from enum import Enum

from attrs import frozen


class OnLoss(Enum):
    """What follows when a client's signs of life stop."""

    NONE = "none"
    CANCEL_ENTRIES = "cancel_entries"
    REDUCE = "reduce"


@frozen(kw_only=True)
class Promise:
    """What a client promises. Units: seconds."""

    session_id: str
    timeout_seconds: float
    on_loss: OnLoss
