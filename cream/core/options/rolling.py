"""Should an option position be closed and opened again further out, how much of it, and when?

Pure rules over what is known of one position. Nothing is rolled unless its policy says so, and a
policy begins as a dry run: it says what it would do. Of several triggers the most urgent counts;
all of them are told.

Units: prices and premiums per share, positive debit and negative credit; times of day in New York.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import ROUND_FLOOR, Decimal
from enum import Enum

from attrs import field, frozen

from cream.core.model.money import ZERO
from cream.core.options.exercise_risk import RiskLevel
from cream.core.options.occ import NEW_YORK


class RollMode(Enum):
    """What a position's policy allows."""

    OFF = "off"
    DRY_RUN = "dry_run"
    ACTIVE = "active"


class Trigger(Enum):
    """Why to roll, the more urgent first."""

    EXERCISE_RISK = "exercise_risk"
    URGENT_EXPIRY = "urgent_expiry"
    LOSS = "loss"
    DELTA = "delta"
    CREDIT_EXPIRY = "credit_expiry"
    PROFIT_TARGET = "profit_target"
    EARLY_PROFIT = "early_profit"


# Ten is now.
URGENCY = {
    Trigger.EXERCISE_RISK: 10,
    Trigger.URGENT_EXPIRY: 9,
    Trigger.LOSS: 8,
    Trigger.DELTA: 7,
    Trigger.CREDIT_EXPIRY: 7,
    Trigger.PROFIT_TARGET: 5,
    Trigger.EARLY_PROFIT: 4,
}

# From here on a roll does not wait for its preferred window.
URGENT_FROM = 9


def _sane(instance: "RollPolicy", _: object, __: object) -> None:
    if not 0 <= instance.urgent_days <= instance.credit_days <= instance.early_profit_days:
        raise ValueError("days ascend from urgent over credit to early profit")
    if instance.opens_at >= instance.closes_at:
        raise ValueError("the rolling window opens before it closes")


@frozen(kw_only=True)
class RollPolicy:
    """When and how a position is rolled. Off until somebody turns it on."""

    mode: RollMode = RollMode.OFF
    urgent_days: int = 3
    credit_days: int = 7
    early_profit_days: int = 21
    # Parts of the most that can be gained, of the credit received, of one contract's share.
    profit_target: Decimal = Decimal("0.50")
    loss_multiple: Decimal = Decimal("2.0")
    most_short_delta: Decimal | None = Decimal("0.40")
    exercise_level: RiskLevel = RiskLevel.CRITICAL
    # Preferred: when spreads are narrow and the opening is over.
    opens_at: time = time(13, 0)
    closes_at: time = field(default=time(15, 0), validator=_sane)
    avoid_itm_overnight: bool = True
    # The new position has at most this many times the contracts of the old one.
    most_growth: Decimal = Decimal("1.5")
    fill_timeout: timedelta = timedelta(seconds=30)


@frozen(kw_only=True)
class Held:
    """One position as rolling sees it.

    `entry` and `value` are net prices of one unit: what it cost to open and what it would bring to
    close it now, both positive for something that is owned (debit) and negative for something that
    is owed (credit). `max_profit` per share, None where it is unbounded or unknown. `short_delta`
    is the largest delta of a short leg, without sign.
    """

    days: int
    entry: Decimal
    value: Decimal
    max_profit: Decimal | None
    exercise_risk: RiskLevel = RiskLevel.NONE
    short_delta: Decimal | None = None
    in_the_money: bool = False

    @property
    def profit(self) -> Decimal:
        """What closing now gains, per share."""
        return self.value - self.entry

    @property
    def is_credit(self) -> bool:
        """Whether premium was received to open it."""
        return self.entry < 0


def triggers(held: Held, policy: RollPolicy) -> tuple[Trigger, ...]:
    """Every reason to roll, the most urgent first; none while the policy is off."""
    if policy.mode is RollMode.OFF:
        return ()
    return tuple(sorted(_triggers(held, policy), key=lambda one: -URGENCY[one]))


def _triggers(held: Held, policy: RollPolicy) -> Iterator[Trigger]:
    if held.exercise_risk >= policy.exercise_level:
        yield Trigger.EXERCISE_RISK
    if held.days <= policy.urgent_days:
        yield Trigger.URGENT_EXPIRY
    delta, most = held.short_delta, policy.most_short_delta
    if delta is not None and most is not None and delta >= most:
        yield Trigger.DELTA
    if held.entry != 0 and -held.profit >= policy.loss_multiple * abs(held.entry):
        yield Trigger.LOSS
    if held.is_credit and held.days <= policy.credit_days:
        yield Trigger.CREDIT_EXPIRY
    best = held.max_profit
    if best is not None and best > 0 and held.profit >= policy.profit_target * best:
        yield Trigger.PROFIT_TARGET
    if held.is_credit and held.days <= policy.early_profit_days and held.profit > 0:
        yield Trigger.EARLY_PROFIT


class Timing(Enum):
    """What to do at this moment."""

    WAIT = "wait"
    ROLL = "roll"
    # Now, at a price that is filled.
    ROLL_URGENTLY = "roll_urgently"


@frozen
class SessionHours:
    """One session, in moments with a zone."""

    opens_at: datetime
    closes_at: datetime


def timing(
    reasons: tuple[Trigger, ...],
    held: Held,
    now: datetime,
    session: SessionHours | None,
    policy: RollPolicy,
) -> Timing:
    """Whether to roll now. Outside a session, or without a reason, there is nothing to do.

    The preferred window is moved forward on a day that closes early. What is in the money is not
    left overnight: its last hour is urgent, and a Friday's whole window.
    """
    if not reasons or session is None or not session.opens_at <= now < session.closes_at:
        return Timing.WAIT
    if URGENCY[reasons[0]] >= URGENT_FROM:
        return Timing.ROLL_URGENTLY
    opens, closes = _window(now, session, policy)
    if policy.avoid_itm_overnight and held.in_the_money:
        friday = now.astimezone(NEW_YORK).weekday() == 4
        if now >= closes or (friday and now >= opens):
            return Timing.ROLL_URGENTLY
    return Timing.ROLL if opens <= now < closes else Timing.WAIT


def _window(now: datetime, session: SessionHours, policy: RollPolicy) -> tuple[datetime, datetime]:
    """The preferred window of today, as far before the close as on a full day."""
    day = now.astimezone(NEW_YORK).date()
    full_close = datetime.combine(day, time(16, 0), NEW_YORK)
    early = max(timedelta(), full_close - session.closes_at)
    opens, closes = (
        max(session.opens_at, datetime.combine(day, moment, NEW_YORK) - early)
        for moment in (policy.opens_at, policy.closes_at)
    )
    return opens, closes


def new_quantity(
    contracts: Decimal, old_delta: Decimal, new_delta: Decimal, policy: RollPolicy
) -> Decimal:
    """How many contracts to open so that the position's delta stays about what it was.

    Toward less risk: rounded down, at most `most_growth` times as many, at least one. The sign is
    that of `contracts`; with no delta to keep, or one of the other sign, as many as before.
    """
    size = abs(contracts)
    if old_delta * new_delta > 0:
        wanted = size * abs(old_delta) / abs(new_delta)
        capped = min(wanted, size * policy.most_growth)
        size = max(Decimal(1), capped.to_integral_value(ROUND_FLOOR))
    return size if contracts >= 0 else -size


def roll_price(close_value: Decimal, open_price: Decimal) -> Decimal:
    """The net price of closing at its value and opening at its price; positive is a debit.

    Buying back a credit spread for 1.00 (value -1.00) and selling the next for 1.50 (price -1.50)
    is a credit of 0.50: -0.50.
    """
    return open_price - close_value


class AfterFill(Enum):
    """What a roll that is under way needs next."""

    WAIT = "wait"
    # Take the rest of the closing order back and keep what is left of the position.
    CANCEL = "cancel"
    # The old position is closed: open the new one in the quantity that was closed, if it is still
    # wanted; never take the close back.
    OPEN_CLOSED_PART = "open_closed_part"
    # The new position is larger than what was closed: protect or close the difference by hand.
    ALARM = "alarm"
    DONE = "done"


@frozen
class RollProgress:
    """Contracts of each side that are filled, of those that were wanted."""

    closed: Decimal
    to_close: Decimal
    opened: Decimal
    to_open: Decimal


def after_fills(progress: RollProgress, waited: timedelta, policy: RollPolicy) -> AfterFill:
    """What to do about a roll of two orders; one multi-leg order fills both sides alike.

    Exercise risk never undoes a close that is done: being out is what it asks for.
    """
    if progress.closed >= progress.to_close and progress.opened >= progress.to_open:
        return AfterFill.DONE
    if progress.opened > ZERO and progress.opened * progress.to_close > (
        progress.closed * progress.to_open
    ):
        return AfterFill.ALARM
    if waited < policy.fill_timeout:
        return AfterFill.WAIT
    if progress.closed > ZERO:
        return AfterFill.OPEN_CLOSED_PART
    return AfterFill.CANCEL
