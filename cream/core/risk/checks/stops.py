"""Is what is risked bounded by a stop, on the right side, near enough, and worth its target?"""

from collections.abc import Iterator
from decimal import Decimal

from cream.core.model.instrument import OptionContract
from cream.core.model.money import ZERO
from cream.core.model.order import Side
from cream.core.model.plan import RiskDenomination
from cream.core.model.verdict import Severity, Unit
from cream.core.risk.case import Case
from cream.core.risk.intents import Intent
from cream.core.risk.orders import gains_up, watched_by
from cream.core.risk.rule import (
    FINE,
    Breach,
    Finding,
    Rule,
    room,
    shown_at_least,
    shown_at_most,
)

_PERCENT = Decimal(100)


class StopGiven(Rule):
    """An entry has a stop. Exits need none, and neither do spreads whose loss is bounded."""

    code = "MISSING_STOP_LOSS"

    def judge(self, case: Case) -> Finding:
        """A stop at or below zero is none."""
        breaches = [
            Breach(
                message="an entry must have a stop",
                instrument_id=intent.instrument.symbol,
                field_path=intent.path("stop_loss_level"),
            )
            for intent in case.increases
            if not intent.is_spread and intent.levels is not None and _stop_of(intent) is None
        ]
        return Finding(breaches) if breaches else FINE


class StopBehindEntry(Rule):
    """A stop lies where the position loses: below the entry of a long, above that of a short.

    Of the entry and the price at which it could be closed now the nearer counts: a stop on the
    wrong side of either would be reached at once. Levels of the underlying are held against the
    underlying's price, and those of a put lie the other way round.
    """

    code = "STOP_WRONG_SIDE"
    unit = Unit.USD_PER_SHARE

    def judge(self, case: Case) -> Finding:
        """The limit is the price on whose other side the stop has to lie."""
        breaches = [
            Breach(
                message=f"the stop {stop} must be {_behind(intent)} {entry}",
                instrument_id=intent.instrument.symbol,
                field_path=intent.path("stop_loss_level"),
                observed=stop,
                limit=entry,
            )
            for intent, stop, entry in _stops(case)
            if not _is_behind(intent, stop, entry)
        ]
        return Finding(breaches) if breaches else FINE


class TargetBeyondEntry(Rule):
    """A target lies where the position gains: above the entry of a long, below that of a short."""

    code = "TARGET_WRONG_SIDE"
    unit = Unit.USD_PER_SHARE

    def judge(self, case: Case) -> Finding:
        """A target at or below zero is on no side."""
        breaches: list[Breach] = []
        for intent in case.increases:
            target = None if intent.levels is None else intent.levels.take_profit
            entry = reference(intent, case)
            if target is None or entry is None or _is_beyond(intent, target, entry):
                continue
            breaches.append(
                Breach(
                    message=f"the target {target} must be {_beyond(intent)} {entry}",
                    instrument_id=intent.instrument.symbol,
                    field_path=intent.path("take_profit_level"),
                    observed=target,
                    limit=entry,
                )
            )
        return Finding(breaches) if breaches else FINE


class StopDistance(Rule):
    """A stop is neither so near that noise reaches it nor so far that it protects nothing.

    A fraction of the entry. Levels of an option's own price have a bound of their own.
    """

    code = "STOP_DISTANCE_OUT_OF_RANGE"
    limit_key = "stops"
    unit = Unit.RATIO

    def judge(self, case: Case) -> Finding:
        """Both bounds are inside. What is on the wrong side is another rule's."""
        limits = case.limits.stops
        breaches: list[Breach] = []
        passed: tuple[Decimal | None, Decimal | None] = (None, None)
        for intent, stop, _ in _stops(case):
            entry = reference(intent, case)
            if entry is None or entry <= 0 or not _is_behind(intent, stop, entry):
                continue
            nearest, farthest = limits.min_distance_pct, limits.max_distance_pct
            if _is_option_priced(intent):
                nearest, farthest = ZERO, limits.max_option_distance_pct
            distance = abs(entry - stop)
            if distance < nearest * entry:
                observed, limit, word = shown_at_least(distance / entry), nearest, "near"
            elif distance > farthest * entry:
                observed, limit, word = shown_at_most(distance / entry), farthest, "far"
            else:
                passed = (shown_at_most(distance / entry), farthest)
                continue
            breaches.append(
                Breach(
                    message=f"the stop {stop} is too {word} from {entry}",
                    instrument_id=intent.instrument.symbol,
                    field_path=intent.path("stop_loss_level"),
                    observed=observed,
                    limit=limit,
                )
            )
        return Finding(breaches) if breaches else Finding((), *passed)


class TradeRisk(Rule):
    """What is lost if the stop is reached is no larger a part of equity than the limit.

    The decisions on one instrument count together. An option can lose no more than its premium, a
    spread no more than its worst payoff.
    """

    code = "PER_TRADE_RISK_EXCEEDED"
    limit_key = "risk_limits.max_per_trade_risk_pct"
    unit = Unit.PERCENT

    def judge(self, case: Case) -> Finding:
        """Without equity above zero nothing may be risked."""
        equity, limit = case.scene.equity, case.limits.risk_limits.max_per_trade_risk_pct
        if equity is None:
            return FINE
        most: Decimal | None = None
        breaches: list[Breach] = []
        for after in case.afters:
            risk = sum((_risk_of(intent, case) for intent in after.intents), ZERO)
            if equity > 0 and risk * _PERCENT <= limit * equity:
                most = risk if most is None else max(most, risk)
                continue
            share = shown_at_most(risk * _PERCENT / equity) if equity > 0 else None
            breaches.append(
                Breach(
                    message=f"{risk:f} USD would be at risk, with {equity:f} USD of equity",
                    instrument_id=after.instrument_id,
                    field_path=after.path("size"),
                    observed=share,
                    limit=limit,
                    headroom=room(limit, ZERO) if equity > 0 else None,
                    fits_smaller=equity > 0,
                )
            )
        if breaches:
            return Finding(breaches)
        return Finding((), None if most is None else shown_at_most(most * _PERCENT / equity), limit)


class RewardWorthRisk(Rule):
    """The target is worth the risk: its distance over that of the stop is at least the limit.

    Judged only where both are given, and never on spreads.
    """

    code = "INSUFFICIENT_RISK_REWARD"
    limit_key = "risk_limits.min_risk_reward_ratio"
    unit = Unit.RATIO

    def judge(self, case: Case) -> Finding:
        """What is on the wrong side is another rule's."""
        limit = case.limits.risk_limits.min_risk_reward_ratio
        breaches: list[Breach] = []
        least: Decimal | None = None
        for intent, stop, _ in _stops(case):
            target = None if intent.levels is None else intent.levels.take_profit
            entry = reference(intent, case)
            if target is None or entry is None:
                continue
            if not (_is_behind(intent, stop, entry) and _is_beyond(intent, target, entry)):
                continue
            reward, risk = abs(target - entry), abs(entry - stop)
            ratio = shown_at_least(reward / risk)
            if reward >= limit * risk:
                least = ratio if least is None else min(least, ratio)
                continue
            breaches.append(
                Breach(
                    message=f"{reward} is to be gained for {risk} at risk",
                    instrument_id=intent.instrument.symbol,
                    field_path=intent.path("take_profit_level"),
                    observed=ratio,
                    limit=limit,
                )
            )
        return Finding(breaches) if breaches else Finding((), least, limit)


class LevelsMeant(Rule):
    """A stop or a target stands where it can have an effect: not on an exit, not on a spread."""

    code = "LEVELS_IGNORED"
    severity = Severity.WARNING

    def judge(self, case: Case) -> Finding:
        """What protects the rest of a position stays as it was."""
        breaches = [
            Breach(
                message=f"nothing watches the levels of {'a spread' if spread else 'an exit'}",
                instrument_id=intent.instrument.symbol,
                field_path=intent.path("stop_loss_level"),
            )
            for intent in case.intents
            if ((spread := intent.is_spread) or intent.reduces) and _has_levels(intent)
        ]
        return Finding(breaches) if breaches else FINE


def reference(intent: Intent, case: Case) -> Decimal | None:
    """The price that levels are held against: the entry, or the underlying's market."""
    watched = watched_by(intent.decision)
    if watched == intent.instrument:
        return intent.entry
    return case.scene.prices.of(watched.symbol).mid


def _stops(case: Case) -> Iterator[tuple[Intent, Decimal, Decimal]]:
    """Each entry with its stop and the price on whose other side that has to lie."""
    for intent in case.increases:
        stop, entry = _stop_of(intent), reference(intent, case)
        if intent.is_spread or stop is None or entry is None:
            continue
        if watched_by(intent.decision) == intent.instrument:
            entry = _nearest(intent, entry, case)
        yield intent, stop, entry


def _nearest(intent: Intent, entry: Decimal, case: Case) -> Decimal:
    """The entry, or the price at which the position could be closed now if that is nearer."""
    side = _side(intent)
    market = case.scene.prices.of(intent.instrument.symbol).far_side(side.opposite)
    if market is None:
        return entry
    return min(entry, market) if side is Side.BUY else max(entry, market)


def _stop_of(intent: Intent) -> Decimal | None:
    return None if intent.levels is None else intent.levels.stop_loss


def _side(intent: Intent) -> Side:
    assert intent.stance is not None, "an increase has a side"
    return intent.stance.side


def _is_behind(intent: Intent, stop: Decimal, entry: Decimal) -> bool:
    return stop < entry if gains_up(intent.decision, _side(intent)) else stop > entry


def _is_beyond(intent: Intent, target: Decimal, entry: Decimal) -> bool:
    up = gains_up(intent.decision, _side(intent))
    return target > entry if up else 0 < target < entry


def _behind(intent: Intent) -> str:
    return "below" if gains_up(intent.decision, _side(intent)) else "above"


def _beyond(intent: Intent) -> str:
    return "above" if gains_up(intent.decision, _side(intent)) else "below"


def _is_option_priced(intent: Intent) -> bool:
    by_option = intent.decision.denomination is RiskDenomination.OPTION_PRICE
    return by_option and isinstance(intent.instrument, OptionContract)


def _risk_of(intent: Intent, case: Case) -> Decimal:
    """Dollars lost if the stop is reached; of a spread, at worst. Zero where there is no stop."""
    if intent.is_spread:
        return intent.value
    stop, entry, quantity = _stop_of(intent), reference(intent, case), intent.quantity
    if stop is None or entry is None or quantity is None:
        return ZERO
    loss = abs(entry - stop)
    if watched_by(intent.decision) != intent.instrument and intent.entry is not None:
        # An option moves no more than its underlying, and a bought one loses no more than it cost.
        loss = min(loss, intent.entry)
    return loss * intent.instrument.multiplier * quantity


def _has_levels(intent: Intent) -> bool:
    return intent.decision.stop_loss is not None or intent.decision.take_profit is not None


STOP_RULES: tuple[Rule, ...] = (
    StopGiven(),
    StopBehindEntry(),
    TargetBeyondEntry(),
    StopDistance(),
    TradeRisk(),
    RewardWorthRisk(),
    LevelsMeant(),
)
