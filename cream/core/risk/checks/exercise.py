"""Would what is sold be exercised for a dividend, or on a coin's toss at its end?

What is warned of here is allowed all the same: who sells knows best what an assignment would be to
him. Judged of what a plan sells, and of what is held short beside it in options on the same
underlying.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from attrs import frozen

from cream.core.execution.history import trading_day
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.money import ONE
from cream.core.model.verdict import Severity, Unit
from cream.core.options.dividends import Dividend
from cream.core.options.exercise_risk import (
    ShortOption,
    before_dividend,
    given_up_for,
    pin_risk,
)
from cream.core.risk.case import Case, options_held, options_left
from cream.core.risk.checks.expiry import sold_by
from cream.core.risk.rule import Breach, Rule
from cream.core.risk.traits import Scope


@frozen
class _Sold:
    """A contract that is, or would be, short, and the field that names it."""

    contract: OptionContract
    place: str
    spot: Decimal


class DividendNotWorthExercise(Rule):
    """No call is short whose dividend is worth more than the time value that exercise gives up.

    Its holder would take the shares before the ex-date, and the writer owe the dividend. Judged of
    calls in the money, against the next dividend that is known of their underlying before they end;
    without an offer of the call nothing is known to be given up. A warning: nothing is refused.

    Source: Hull, Options, Futures and Other Derivatives, chapter 15.
    """

    code = "DIVIDEND_EXERCISE_RISK"
    severity = Severity.WARNING
    unit = Unit.USD_PER_SHARE
    scope = Scope.OPTIONS

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Observed is the dividend, the limit the time value that is given up for it."""
        found: list[Breach] = []
        for sold in _calls_in_the_money(case):
            paid = _next_dividend(sold, case)
            if paid is None:
                continue
            short = _short(sold, paid, case)
            graded = before_dividend(short)
            if graded is None:
                continue
            level, why = graded
            symbol = sold.contract.symbol
            found.append(
                Breach(
                    message=f"{symbol} is likely to be exercised ({level.name}): {why}",
                    instrument_id=sold.contract.symbol,
                    field_path=sold.place,
                    observed=paid.amount,
                    limit=given_up_for(short, paid),
                )
            )
        return found


class DividendTold(Rule):
    """Of the underlying of a short call in the money it is known which dividend comes next.

    `pricing.dividends` tells. What is not told is unknown, not none, and is said to be; nothing is
    refused for it.
    """

    code = "DIVIDEND_UNKNOWN"
    severity = Severity.INFO
    scope = Scope.OPTIONS

    def breaches(self, case: Case) -> Sequence[Breach]:
        """One breach for each such call."""
        today = trading_day(case.now)
        return [
            Breach(
                message=f"no dividend of {sold.contract.underlying} is known, nor that there is"
                " none: whether the call is exercised for one cannot be told",
                instrument_id=sold.contract.symbol,
                field_path=sold.place,
            )
            for sold in _calls_in_the_money(case)
            if case.scene.view.dividends.ahead(sold.contract.underlying, today) is None
        ]


class PinUnlikely(Rule):
    """No option is short near its strike on its last day: nobody knows whether it is exercised."""

    code = "PIN_RISK"
    severity = Severity.WARNING
    scope = Scope.OPTIONS

    def breaches(self, case: Case) -> Sequence[Breach]:
        """A warning, on what is held short as well."""
        today = trading_day(case.now)
        return [
            Breach(
                message=f"{sold.contract.symbol}: {graded[1]}",
                instrument_id=sold.contract.symbol,
                field_path=sold.place,
            )
            for sold in _all_short(case)
            if (graded := pin_risk(sold.contract, sold.spot, today)) is not None
        ]


def _calls_in_the_money(case: Case) -> Iterator[_Sold]:
    for sold in _all_short(case):
        if sold.contract.right is OptionRight.CALL and sold.spot > sold.contract.strike:
            yield sold


def _all_short(case: Case) -> Iterator[_Sold]:
    """What the plan sells, and what stays short of the same underlyings; none without a price."""
    touched: dict[str, None] = {}
    planned: set[str] = set()
    for intent in case.increases:
        if intent.of_options:
            touched[intent.instrument.underlying] = None
        for contract, place in sold_by(intent):
            planned.add(contract.symbol)
            spot = case.scene.prices.of(contract.underlying).mid
            if spot is not None:
                yield _Sold(contract, intent.path(place), spot)
    for underlying in touched:
        spot = case.scene.prices.of(underlying).mid
        for position in options_left(case, options_held(case.scene, underlying)):
            held = position.instrument
            if spot is None or position.quantity >= 0 or held.symbol in planned:
                continue
            if isinstance(held, OptionContract):
                yield _Sold(held, "positions", spot)


def _next_dividend(sold: _Sold, case: Case) -> Dividend | None:
    ahead = case.scene.view.dividends.ahead(sold.contract.underlying, trading_day(case.now))
    if ahead is None:
        return None
    # The largest before the end decides: for each of them its holder may exercise.
    due = [one for one in ahead if one.ex_date <= sold.contract.expiration]
    return max(due, key=lambda one: one.amount, default=None)


def _short(sold: _Sold, paid: Dividend, case: Case) -> ShortOption:
    quote = case.scene.prices.of(sold.contract.symbol).quote
    return ShortOption(
        contract=sold.contract,
        quantity=ONE,
        spot=sold.spot,
        today=trading_day(case.now),
        ask=None if quote is None or quote.ask <= 0 else quote.ask,
        dividend=paid,
    )


EXERCISE_RULES: tuple[Rule, ...] = (
    DividendNotWorthExercise(),
    DividendTold(),
    PinUnlikely(),
)
