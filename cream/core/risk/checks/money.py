"""Can the account pay for it, and may it hold it?"""

from collections.abc import Sequence
from decimal import Decimal

from cream.core.model.account import Account
from cream.core.model.instrument import Equity, OptionContract
from cream.core.model.money import ONE, ZERO
from cream.core.model.side import SELL
from cream.core.model.verdict import Unit
from cream.core.risk.case import Case
from cream.core.risk.margin import available_margin
from cream.core.risk.rule import NO_FIGURES, Breach, Figures, Rule, room, shown_at_least
from cream.core.risk.traits import Scope

# Alpaca, option trading levels: 1 sells covered ones, 2 buys, 3 trades spreads.
_LEVEL_FOR_WRITTEN = 1
_LEVEL_FOR_LONG = 2
LEVEL_FOR_SPREAD = 3


class BuyingPowerSuffices(Rule):
    """The margin that the entries take, with the buffer on it, is there.

    Half of a share position's value, all of an option's premium, all that a spread can lose. What
    working entries will take is set aside; exits take nothing.
    """

    code = "INSUFFICIENT_BUYING_POWER"
    limit_key = "buying_power.margin_buffer"
    unit = Unit.USD
    scope = Scope.INCREASES

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Observed is what is needed, the limit what is there."""
        account = case.scene.account
        if account is None or not case.adds:
            return ()
        needed, there = _needed(case), _there(case, account)
        if needed <= there:
            return ()
        breach = Breach(
            message=f"{needed:f} USD of margin are needed, {there:f} USD are there",
            field_path=case.whole_path,
            observed=needed,
            limit=there,
            headroom=room(there, ZERO),
            fits_smaller=there > 0,
        )
        return (breach,)

    def figures(self, case: Case) -> Figures:
        """As in a breach."""
        account = case.scene.account
        if account is None:
            return NO_FIGURES
        return Figures(_needed(case), available_margin(account, case.scene.exposure.reserved))


class BuyingPowerLeft(Rule):
    """After the entries, the buying power left over is at least the limit's part of equity."""

    code = "BUYING_POWER_RATIO_TOO_LOW"
    limit_key = "buying_power.min_buying_power_ratio"
    unit = Unit.RATIO
    scope = Scope.INCREASES

    def breaches(self, case: Case) -> Sequence[Breach]:
        """The headroom is the part of equity that can still be used."""
        account = case.scene.account
        if account is None or not case.adds:
            return ()
        limit = case.limits.buying_power.min_buying_power_ratio
        there = _there(case, account)
        left, equity = there - _needed(case), account.equity
        if equity > ZERO and left >= limit * equity:
            return ()
        breach = Breach(
            message=f"{left:f} USD of margin would be left, with {equity:f} USD of equity",
            field_path=case.whole_path,
            observed=shown_at_least(left / equity) if equity > 0 else None,
            limit=limit,
            headroom=room(there / equity, limit) if equity > 0 else None,
            fits_smaller=equity > 0,
        )
        return (breach,)

    def figures(self, case: Case) -> Figures:
        """The part of equity that would be left."""
        account = case.scene.account
        if account is None or account.equity <= 0:
            return NO_FIGURES
        there = available_margin(account, case.scene.exposure.reserved)
        left = shown_at_least((there - _needed(case)) / account.equity)
        return Figures(left, case.limits.buying_power.min_buying_power_ratio)


class ShortingAllowed(Rule):
    """Shares are sold short only where the broker lets the account do so."""

    code = "SHORTING_DISABLED"
    scope = Scope.INCREASES

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Sales of what is held are none."""
        account = case.scene.account
        if account is None or account.shorting_enabled:
            return ()
        return [
            Breach(
                message="the account may not sell short",
                instrument_id=intent.instrument.symbol,
                field_path=intent.path("direction"),
            )
            for intent in case.increases
            if isinstance(intent.instrument, Equity)
            and intent.stance is not None
            and intent.stance.side is SELL
        ]


class OptionsAllowed(Rule):
    """Options are opened only at the option level that the broker has granted: 2, for spreads 3.

    To sell them with shares or cash behind them takes level 1.
    """

    code = "OPTIONS_LEVEL_TOO_LOW"
    unit = Unit.COUNT
    scope = Scope.OPTIONS

    def breaches(self, case: Case) -> Sequence[Breach]:
        """The limit is the level that the account has, observed the one that is needed."""
        account = case.scene.account
        if account is None:
            return ()
        breaches: list[Breach] = []
        for intent in case.increases:
            if not (intent.is_spread or isinstance(intent.instrument, OptionContract)):
                continue
            needed = LEVEL_FOR_SPREAD if intent.is_spread else _LEVEL_FOR_LONG
            if intent.is_written:
                needed = _LEVEL_FOR_WRITTEN
            if account.options_level < needed:
                breaches.append(
                    Breach(
                        message=f"level {needed} is needed, not {account.options_level}",
                        instrument_id=intent.instrument.symbol,
                        field_path=intent.path("instrument_id"),
                        observed=Decimal(needed),
                        limit=Decimal(account.options_level),
                    )
                )
        return breaches


def _needed(case: Case) -> Decimal:
    return case.totals.margin * (ONE + case.limits.buying_power.margin_buffer)


def _there(case: Case, account: Account) -> Decimal:
    return available_margin(account, case.scene.exposure.reserved)


MONEY_RULES: tuple[Rule, ...] = (
    BuyingPowerSuffices(),
    BuyingPowerLeft(),
    ShortingAllowed(),
    OptionsAllowed(),
)
