"""Does the way in which a decision wants its stop to work make sense?

The same four fields in both formats, so there is one set of rules between them.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from attrs import define

from cream.adapters.server import values
from cream.adapters.server.problems import Problems
from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.money import ZERO
from cream.core.model.plan import Guard, RiskDenomination

FIELDS = ("trail_price", "trail_percent", "stop_limit_price", "exit_at")

# A trail of the whole price could never be reached.
_WHOLE = Decimal(100)


@define(kw_only=True)
class GuardDraft:
    """What the fields say. None: not given, or noted as a problem."""

    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    stop_limit_price: Decimal | None = None
    exit_at: datetime | None = None


def finish_guard(
    draft: GuardDraft,
    at: Callable[[str], str],
    problems: Problems,
    *,
    stop_loss: Decimal | None,
    instrument: Instrument | None,
    denomination: RiskDenomination | None,
    has_legs: bool,
) -> Guard:
    """The guard; `at` says where a field of the decision stands in the caller's format."""
    given = [name for name in FIELDS if getattr(draft, name) is not None]
    if has_legs:
        for name in given:
            problems.add(at(name), "a spread's risk is defined by its legs; nothing is watched")
        return Guard()
    for name in ("trail_price", "trail_percent", "stop_limit_price"):
        values.within(getattr(draft, name), at(name), problems, above=ZERO)
        if name in given and stop_loss is None:
            problems.add(at(name), "needs a stop_loss_level, where the stop begins")
    if draft.trail_percent is not None and draft.trail_percent >= _WHOLE:
        problems.add(at("trail_percent"), "must be below 100")
    if draft.trail_price is not None and draft.trail_percent is not None:
        problems.add(at("trail_percent"), "only one of trail_price and trail_percent may be set")
    of_option = isinstance(instrument, OptionContract)
    by_underlying = denomination is not RiskDenomination.OPTION_PRICE
    if draft.stop_limit_price is not None and of_option and by_underlying:
        message = "is a price of the option, so the stop must be one too: OPTION_PRICE"
        problems.add(at("stop_limit_price"), message)
    return Guard(
        trail_price=draft.trail_price,
        trail_percent=draft.trail_percent,
        stop_limit_price=draft.stop_limit_price,
        exit_at=draft.exit_at,
    )
