"""Which named points of the daemon's persistence does a place in a history belong to?

A step is a kind of fact that is made durable; a moment is how far that has come. Step 3 has no
record of its own here: an intent that is durable is all that stands between a decision and its
sending. A snapshot (11) lets nothing go and nobody waits for it, so it has four moments. A
migration (12) comes before there is a history: `tests/crash/test_migration_power_loss.py` lets the
power fail at every operation of one. The sixth moment is there where somebody waits for the effect:
what the broker has told us is told to nobody.
"""

from collections.abc import Iterator
from typing import Final

STEPS: Final = {
    "PlanJudged": "1 plan accepted",
    "OrderIntended": "2 order intended",
    "OrderAcknowledged": "4 answered by the broker",
    "OrderRefused": "4 answered by the broker",
    "SubmitUnknown": "4 answered by the broker",
    "OrderFilled": "5 fill",
    "FillInferred": "5 fill",
    "ProtectionTriggered": "6 protection",
    "ChildListed": "6 protection",
    "CancelRequested": "7 cancel intended",
    "OrderProgressed": "8 cancelled",
    "TradingRestricted": "9 halt and mass cancel",
    "RestrictionLifted": "9 halt and mass cancel",
    "MassCancelOwed": "9 halt and mass cancel",
    "MassCancelConfirmed": "9 halt and mass cancel",
    "ReconciliationCompleted": "10 reconciliation",
    "PositionAdjusted": "10 reconciliation",
}
_WAITED_FOR: Final = frozenset(
    {
        STEPS[kind]
        for kind in ("PlanJudged", "OrderIntended", "CancelRequested", "TradingRestricted")
    }
)
ABOUT_TO_SEND: Final = "3 about to send"
SNAPSHOT: Final = "11 snapshot"
MOMENTS: Final = {
    "1": "before the write",
    "2": "written, not synced",
    "3": "during the sync",
    "4": "synced, nobody told",
    "5": "effects let go",
    "6": "effect done, not told",
}


def points_of(place: str) -> Iterator[tuple[str, str]]:
    """The named points, as (step, moment), that `place` stands for; none for most places."""
    parts = place.split("/")
    if place.startswith("net/submit/0"):
        yield ABOUT_TO_SEND, MOMENTS["5"]
        return
    if parts[:2] == ["archive", "snapshot"]:
        yield SNAPSHOT, MOMENTS[parts[2][0]]
        return
    if parts[0] == "journal" and len(parts) == 3:
        kinds, moment = parts[1], parts[2]
    elif parts[0] == "net" and parts[1] in ("submit", "cancel") and len(parts) == 4:
        kinds, moment = parts[3], parts[2]
    elif parts[0] == "api" and len(parts) == 3:
        kinds, moment = parts[2], parts[1]
    else:
        return
    for kind in kinds.split("+"):
        if kind in STEPS:
            yield STEPS[kind], MOMENTS[moment[0]]


def every_point() -> Iterator[tuple[str, str]]:
    """All points that a history can have."""
    for step in dict.fromkeys(STEPS.values()):
        for number, moment in MOMENTS.items():
            if number != "6" or step in _WAITED_FOR:
                yield step, moment
    yield ABOUT_TO_SEND, MOMENTS["5"]
    for number in "1234":
        yield SNAPSHOT, MOMENTS[number]
