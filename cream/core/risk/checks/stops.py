"""Is what is risked bounded by a stop, on the right side, near enough, and worth its target?"""

from collections.abc import Sequence
from decimal import Decimal

from cream.core.model.instrument import OptionContract
from cream.core.model.money import ONE, ZERO
from cream.core.model.plan import RiskDenomination
from cream.core.model.verdict import Severity, Unit
from cream.core.risk.case import After, Case
from cream.core.risk.guarded import Guarded
from cream.core.risk.intents import Intent
from cream.core.risk.rule import (
    NO_FIGURES,
    Breach,
    Figures,
    Rule,
    room,
    shown_at_least,
    shown_at_most,
)
from cream.core.risk.traits import Scope

_PERCENT = Decimal(100)


class StopGiven(Rule):
    """An entry has a stop. Exits need none, and neither does what has a bounded loss.

    Spreads, and single options that are sold with shares or cash behind them.
    """

    code = "MISSING_STOP_LOSS"
    scope = Scope.LOOSE_LEVELS

    def breaches(self, case: Case) -> Sequence[Breach]:
        """A stop at or below zero is none."""
        return [
            Breach(
                message="an entry must have a stop",
                instrument_id=one.intent.instrument.symbol,
                field_path=one.intent.path("stop_loss_level"),
            )
            for one in case.guarded
            if one.stop is None and not one.intent.is_written
        ]


class StopBehindEntry(Rule):
    """A stop lies where the position loses: below the entry of a long, above that of a short.

    Of the entry and the price at which it could be closed now the nearer counts: a stop on the
    wrong side of either would be reached at once. Levels of the underlying are held against the
    underlying's price, and those of a put lie the other way round.
    """

    code = "STOP_WRONG_SIDE"
    unit = Unit.USD_PER_SHARE
    scope = Scope.LOOSE_LEVELS

    def breaches(self, case: Case) -> Sequence[Breach]:
        """The limit is the price on whose other side the stop has to lie."""
        return [
            Breach(
                message=f"the stop {stop} must be {'below' if one.up else 'above'} {nearest}",
                instrument_id=one.intent.instrument.symbol,
                field_path=one.intent.path("stop_loss_level"),
                observed=stop,
                limit=nearest,
            )
            for one in case.guarded
            if (stop := one.stop) is not None
            and (nearest := one.nearest) is not None
            and (stop >= nearest if one.up else stop <= nearest)
        ]


class TargetBeyondEntry(Rule):
    """A target lies where the position gains: above the entry of a long, below that of a short."""

    code = "TARGET_WRONG_SIDE"
    unit = Unit.USD_PER_SHARE
    scope = Scope.LOOSE_LEVELS

    def breaches(self, case: Case) -> Sequence[Breach]:
        """A target at or below zero is on no side."""
        return [
            Breach(
                message=f"the target {one.target} must be {'above' if one.up else 'below'}"
                f" {one.reference}",
                instrument_id=one.intent.instrument.symbol,
                field_path=one.intent.path("take_profit_level"),
                observed=one.target,
                limit=one.reference,
            )
            for one in case.guarded
            if one.target is not None and one.reference is not None and not one.is_beyond
        ]


class StopDistance(Rule):
    """A stop is neither so near that noise reaches it nor so far that it protects nothing.

    A fraction of the entry. Levels of an option's own price have a bound of their own.
    """

    code = "STOP_DISTANCE_OUT_OF_RANGE"
    limit_key = "stops"
    unit = Unit.RATIO
    scope = Scope.INCREASES

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Both bounds are inside. What is on the wrong side is another rule's."""
        breaches: list[Breach] = []
        for one in case.guarded:
            entry, stop = one.reference, one.stop
            if stop is None or entry is None or entry <= ZERO or not one.is_behind:
                continue
            nearest, farthest = _bounds(one.intent, case)
            distance = abs(entry - stop)
            if distance < nearest * entry:
                observed, limit, word = shown_at_least(distance / entry), nearest, "near"
            elif distance > farthest * entry:
                observed, limit, word = shown_at_most(distance / entry), farthest, "far"
            else:
                continue
            breaches.append(
                Breach(
                    message=f"the stop {stop} is too {word} from {entry}",
                    instrument_id=one.intent.instrument.symbol,
                    field_path=one.intent.path("stop_loss_level"),
                    observed=observed,
                    limit=limit,
                )
            )
        return breaches

    def figures(self, case: Case) -> Figures:
        """Those of the last stop, against the farthest that it may be."""
        figures = NO_FIGURES
        for one in case.guarded:
            entry, stop = one.reference, one.stop
            if stop is not None and entry is not None and entry > 0 and one.is_behind:
                distance = shown_at_most(abs(entry - stop) / entry)
                figures = Figures(distance, _bounds(one.intent, case)[1])
        return figures


def _bounds(intent: Intent, case: Case) -> tuple[Decimal, Decimal]:
    """How near and how far a stop may be, as fractions."""
    limits = case.limits.stops
    if (
        isinstance(intent.instrument, OptionContract)
        and intent.decision.denomination is RiskDenomination.OPTION_PRICE
    ):
        return ZERO, limits.max_option_distance_pct
    return limits.min_distance_pct, limits.max_distance_pct


class TradeRisk(Rule):
    """What is lost if the stop is reached is no larger a part of equity than the limit.

    The decisions on one instrument count together. An option can lose no more than its premium, a
    spread no more than its worst payoff.
    """

    code = "PER_TRADE_RISK_EXCEEDED"
    limit_key = "risk_limits.max_per_trade_risk_pct"
    unit = Unit.PERCENT
    scope = Scope.INCREASES

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Without equity above zero nothing may be risked."""
        equity, limit = case.equity, case.limits.risk_limits.max_per_trade_risk_pct
        if equity is None:
            return ()
        most = limit * equity / _PERCENT if equity > ZERO else -ONE
        found: list[Breach] = []
        for after in case.afters:
            risk = _risk_of(after)
            if risk > most:
                found.append(self._breach(after, risk, limit, equity))
        return found

    def _breach(self, after: After, risk: Decimal, limit: Decimal, equity: Decimal) -> Breach:
        return Breach(
            message=f"{risk:f} USD would be at risk, with {equity:f} USD of equity",
            instrument_id=after.instrument_id,
            field_path=after.path("size"),
            observed=shown_at_most(risk * _PERCENT / equity) if equity > ZERO else None,
            limit=limit,
            headroom=room(limit, ZERO) if equity > ZERO else None,
            fits_smaller=equity > ZERO,
        )

    def figures(self, case: Case) -> Figures:
        """Those of the trade that risks most."""
        equity, limit = case.equity, case.limits.risk_limits.max_per_trade_risk_pct
        most = max(map(_risk_of, case.afters), default=None)
        if most is None or equity is None:
            return Figures(None, limit)
        return Figures(shown_at_most(most * _PERCENT / equity), limit)


def _risk_of(after: After) -> Decimal:
    """What is lost at worst on an instrument that is added to. Units: dollars."""
    if len(after.intents) == 1:
        return after.intents[0].risk
    return sum((intent.risk for intent in after.intents), ZERO)


class RewardWorthRisk(Rule):
    """The target is worth the risk: its distance over that of the stop is at least the limit.

    Judged only where both are given, and never on spreads.
    """

    code = "INSUFFICIENT_RISK_REWARD"
    limit_key = "risk_limits.min_risk_reward_ratio"
    unit = Unit.RATIO
    scope = Scope.INCREASES

    def breaches(self, case: Case) -> Sequence[Breach]:
        """What is on the wrong side is another rule's."""
        limit = case.limits.risk_limits.min_risk_reward_ratio
        found: list[Breach] = []
        for one, reward, risk in _odds(case):
            if reward < limit * risk:
                found.append(
                    Breach(
                        message=f"{reward} is to be gained for {risk} at risk",
                        instrument_id=one.intent.instrument.symbol,
                        field_path=one.intent.path("take_profit_level"),
                        observed=shown_at_least(reward / risk),
                        limit=limit,
                    )
                )
        return found

    def figures(self, case: Case) -> Figures:
        """Those of the worst ratio."""
        least = min(
            (shown_at_least(reward / risk) for _, reward, risk in _odds(case)), default=None
        )
        return Figures(least, case.limits.risk_limits.min_risk_reward_ratio)


def _odds(case: Case) -> Sequence[tuple[Guarded, Decimal, Decimal]]:
    """What is to be gained and what is at risk, where both levels are where they belong.

    Units: dollars per share.
    """
    found: list[tuple[Guarded, Decimal, Decimal]] = []
    for one in case.guarded:
        _, stop, target, entry, _, up, _ = one
        if stop is None or target is None or entry is None:
            continue
        if stop < entry < target if up else ZERO < target < entry < stop:
            found.append((one, abs(target - entry), abs(entry - stop)))
    return found


class LevelsMeant(Rule):
    """A stop or a target stands where it can have an effect: not on an exit, not on a spread."""

    code = "LEVELS_IGNORED"
    severity = Severity.WARNING
    scope = Scope.UNUSUAL

    def breaches(self, case: Case) -> Sequence[Breach]:
        """What protects the rest of a position stays as it was."""
        return [
            Breach(
                message=f"nothing watches the levels of {'a spread' if spread else 'an exit'}",
                instrument_id=intent.instrument.symbol,
                field_path=intent.path("stop_loss_level"),
            )
            for intent in case.intents
            if ((spread := intent.is_spread) or intent.reduces) and _has_levels(intent)
        ]


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
