"""Is an option opened too near to its end, or sold where it is likely to be exercised soon?"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from attrs import frozen

from cream.core.exchange.calendar import SessionMode
from cream.core.execution.history import trading_day
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.money import ZERO
from cream.core.model.side import BUY
from cream.core.model.verdict import Severity, Unit
from cream.core.options.occ import expires_at
from cream.core.risk.case import Case
from cream.core.risk.checks.price import traded_by
from cream.core.risk.intents import Intent
from cream.core.risk.rule import NO_FIGURES, Breach, Figures, Rule
from cream.core.risk.traits import Scope

_MINUTE = timedelta(minutes=1)


class NotNearExpiry(Rule):
    """No option is opened within the last minutes of its last session.

    The broker takes no opening orders then and may close what it finds, a leg of a spread alone.
    """

    code = "NEAR_EXPIRY"
    limit_key = "options.min_minutes_to_expiry"
    unit = Unit.MINUTES
    scope = Scope.OPTIONS

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Observed are the whole minutes that are left of its last session: none in the last one,
        and none once that is over. What has expired is another rule's.
        """
        limit = Decimal(case.limits.options.min_minutes_to_expiry)
        return [
            Breach(
                message=f"{contract.symbol} ends in {left} minutes: it is too late to open it",
                instrument_id=contract.symbol,
                field_path=intent.path(place),
                observed=left,
                limit=limit,
            )
            for intent in case.increases
            for contract, place, left in _ends_of(intent, case)
            if left < limit
        ]

    def figures(self, case: Case) -> Figures:
        """Those of the contract that ends first."""
        ends = [left for intent in case.increases for _, _, left in _ends_of(intent, case)]
        if not ends:
            return NO_FIGURES
        return Figures(min(ends), Decimal(case.limits.options.min_minutes_to_expiry))


def _ends_of(intent: Intent, case: Case) -> Iterator[tuple[OptionContract, str, Decimal]]:
    """Each contract that has not expired, the field that names it, and how long it still trades.

    Units: whole minutes.
    """
    for instrument, place in traded_by(intent):
        if isinstance(instrument, OptionContract) and expires_at(instrument) > case.now:
            left = (_end_of(instrument, case) - case.now) // _MINUTE
            yield instrument, place, max(ZERO, Decimal(left))


def _end_of(contract: OptionContract, case: Case) -> datetime:
    """When the contract trades for the last time: with its last session, which may end early."""
    sessions = case.scene.view.sessions
    end = expires_at(contract)
    if sessions.mode is SessionMode.ALWAYS_OPEN:
        return end
    close = sessions.close_of(contract.expiration)
    return end if close is None else min(end, close)


@frozen
class _Short:
    """A contract that would be sold, in the money. Units: dollars per share; days."""

    intent: Intent
    contract: OptionContract
    place: str
    intrinsic: Decimal
    days: int


class AssignmentUnlikely(Rule):
    """What is sold is not in the money with few days left: it would be assigned."""

    code = "ASSIGNMENT_RISK"
    severity = Severity.WARNING
    limit_key = "options.assignment_warning_days"
    unit = Unit.DAYS
    scope = Scope.OPTIONS

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Observed are the days that are left."""
        limit = case.limits.options.assignment_warning_days
        return [
            Breach(
                message=f"{short.contract.symbol} is {short.intrinsic:f} in the money,"
                f" {short.days} days before it ends",
                instrument_id=short.contract.symbol,
                field_path=short.intent.path(short.place),
                observed=Decimal(short.days),
                limit=Decimal(limit),
            )
            for short in _shorts_in_the_money(case)
            if short.days <= limit
        ]


class EarlyExerciseUnlikely(Rule):
    """What is sold in the money has time value left: without it nobody waits to exercise."""

    code = "EARLY_EXERCISE_RISK"
    severity = Severity.WARNING
    limit_key = "options.min_short_extrinsic"
    unit = Unit.USD_PER_SHARE
    scope = Scope.OPTIONS

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Observed is the offer less what exercising brings."""
        limit = case.limits.options.min_short_extrinsic
        breaches: list[Breach] = []
        for short in _shorts_in_the_money(case):
            offer = case.scene.prices.of(short.contract.symbol).far_side(BUY)
            if offer is None or (left := offer - short.intrinsic) >= limit:
                continue
            breaches.append(
                Breach(
                    message=f"{short.contract.symbol} has {left:f} of time value",
                    instrument_id=short.contract.symbol,
                    field_path=short.intent.path(short.place),
                    observed=left,
                    limit=limit,
                )
            )
        return breaches


def _shorts_in_the_money(case: Case) -> Iterator[_Short]:
    today = trading_day(case.now)
    for intent in case.increases:
        for contract, place in sold_by(intent):
            spot = case.scene.prices.of(contract.underlying).mid
            if spot is None:
                continue
            gain = spot - contract.strike
            intrinsic = gain if contract.right is OptionRight.CALL else -gain
            if intrinsic > 0:
                days = (contract.expiration - today).days
                yield _Short(intent, contract, place, intrinsic, days)


def sold_by(intent: Intent) -> Iterator[tuple[OptionContract, str]]:
    """Each contract that is sold to open, or as a leg, with the decision's field that names it."""
    if intent.is_written and isinstance(intent.instrument, OptionContract):
        yield intent.instrument, "instrument_id"
    for index, leg in enumerate(intent.decision.legs):
        if leg.ratio < 0:
            yield leg.contract, f"legs[{index}].symbol"


EXPIRY_RULES: tuple[Rule, ...] = (
    NotNearExpiry(),
    AssignmentUnlikely(),
    EarlyExerciseUnlikely(),
)
