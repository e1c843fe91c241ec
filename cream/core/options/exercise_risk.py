"""How likely is it that a short option is exercised against us, and what would that take?

A holder exercises early when that brings more than holding on: a call before an ex-date, when the
dividend is more than the time value left; a put when the interest on the strike is. Time value is
what a quote says (the ask less what exercise brings now); without a quote only what must hold in
any case is used, and the level is one lower. On its last day what is a cent in the money is
exercised for its holder; near the strike nobody knows, which is pin risk.

Source: Hull, Options, Futures and Other Derivatives, chapters 11 and 15; OCC Rule 805 (exercise by
exception at a cent).
"""

from datetime import date
from decimal import Decimal
from enum import IntEnum

from attrs import frozen

from cream.core.model.instrument import CONTRACT_MULTIPLIER, OptionContract, OptionRight
from cream.core.model.money import ZERO
from cream.core.options.dividends import Dividend

# OCC exercises for the holder what is this far in the money at expiry.
_BY_EXCEPTION = Decimal("0.01")

# A time value below this part of the price of the underlying is within the spread of a quote:
# exercising or selling is all one to the holder.
_NO_TIME_VALUE = Decimal("0.0005")

# Days to an ex-date: today and tomorrow call for action, this many for attention.
_EX_DATE_IMMINENT_DAYS = 1
_EX_DATE_NEAR_DAYS = 5

# How near the strike is near on the last day, without a better measure of the day's move.
_PIN_BAND = Decimal("0.01")

_DAYS_A_YEAR = Decimal(365)


class RiskLevel(IntEnum):
    """From nothing to act now."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


@frozen(kw_only=True)
class ShortOption:
    """Sold contracts and what is known of their market.

    Units: `quantity` is a positive number of contracts; prices per share; `rate` per year.
    `ask` is what somebody asks for the contract, None without a quote.
    """

    contract: OptionContract
    quantity: Decimal
    spot: Decimal
    today: date
    ask: Decimal | None = None
    rate: Decimal = ZERO
    dividend: Dividend | None = None
    european: bool = False

    @property
    def days(self) -> int:
        """Calendar days to the last one."""
        return (self.contract.expiration - self.today).days

    @property
    def intrinsic(self) -> Decimal:
        """What exercise brings its holder, per share."""
        gain = self.spot - self.contract.strike
        if self.contract.right is OptionRight.PUT:
            gain = -gain
        return max(ZERO, gain)

    @property
    def time_value(self) -> Decimal | None:
        """What the holder would give up by exercising; None without a quote."""
        return None if self.ask is None else max(ZERO, self.ask - self.intrinsic)


@frozen
class ExerciseRisk:
    """A level with its reasons, and what exercise would move.

    `strike_dollars` is what is paid (put) or received (call) for the shares, `loss_dollars` what
    they are worth less or more than that at the spot.
    """

    level: RiskLevel
    reasons: tuple[str, ...]
    strike_dollars: Decimal
    loss_dollars: Decimal


def exercise_risk(short: ShortOption) -> ExerciseRisk:
    """The risk of one short position; the highest of its reasons counts."""
    found = [_at_expiry(short)]
    if not short.european:
        found += [before_dividend(short), _for_interest(short), _without_time_value(short)]
    graded = [one for one in found if one is not None]
    shares = short.quantity * CONTRACT_MULTIPLIER
    return ExerciseRisk(
        level=max((level for level, _ in graded), default=RiskLevel.NONE),
        reasons=tuple(reason for _, reason in sorted(graded, key=lambda one: -one[0])),
        strike_dollars=short.contract.strike * shares,
        loss_dollars=short.intrinsic * shares,
    )


Graded = tuple[RiskLevel, str]


def _at_expiry(short: ShortOption) -> Graded | None:
    if short.days > 0:
        return None
    if short.intrinsic >= _BY_EXCEPTION:
        return RiskLevel.CRITICAL, f"it expires {short.intrinsic} in the money: it is exercised"
    return pin_risk(short.contract, short.spot, short.today)


def before_dividend(short: ShortOption) -> Graded | None:
    """A call whose dividend is worth more than the time value that exercising for it gives up."""
    paid = short.dividend
    if short.contract.right is OptionRight.PUT or paid is None or short.intrinsic <= 0:
        return None
    until = (paid.ex_date - short.today).days
    # Who exercises today owns the shares from today: on the ex-date itself it is too late.
    if until <= 0 or paid.ex_date > short.contract.expiration or paid.amount <= 0:
        return None
    given_up = given_up_for(short, paid)
    if paid.amount <= given_up:
        return None
    level = RiskLevel.MEDIUM
    if until <= _EX_DATE_IMMINENT_DAYS:
        level = RiskLevel.CRITICAL
    elif until <= _EX_DATE_NEAR_DAYS:
        level = RiskLevel.HIGH
    reason = f"the dividend of {paid.amount} in {until} days is more than the {given_up} given up"
    return _graded(short, level, reason)


def given_up_for(short: ShortOption, paid: Dividend) -> Decimal:
    """What the holder of a call gives up who exercises it for a dividend. Units: per share.

    Its time value; without a quote the interest on the strike from the ex-date on, in any case.
    """
    if short.time_value is not None:
        return short.time_value
    left = (short.contract.expiration - paid.ex_date).days
    return _interest(short.contract.strike, short.rate, left)


def _for_interest(short: ShortOption) -> Graded | None:
    """A put whose strike earns more until expiry than the time value that exercising gives up."""
    if short.contract.right is OptionRight.CALL or short.intrinsic <= 0 or short.days <= 0:
        return None
    earned = _interest(short.contract.strike, short.rate, short.days)
    paid = short.dividend
    if paid is not None and short.today < paid.ex_date <= short.contract.expiration:
        # Waiting for the drop brings the dividend instead.
        earned -= paid.amount
    if short.time_value is None or earned <= short.time_value:
        return None
    return RiskLevel.HIGH, f"{earned} of interest is more than the {short.time_value} given up"


def _without_time_value(short: ShortOption) -> Graded | None:
    """In the money with next to no time value: exercising costs the holder nothing."""
    if short.intrinsic <= 0 or short.days <= 0:
        return None
    given_up = short.time_value
    if given_up is None:
        return RiskLevel.LOW, "it is in the money, and no quote says what exercise gives up"
    if given_up > _NO_TIME_VALUE * short.spot:
        return RiskLevel.LOW, f"it is in the money, but exercise gives up {given_up}"
    return RiskLevel.MEDIUM, f"it is in the money and exercise gives up only {given_up}"


def _graded(short: ShortOption, level: RiskLevel, reason: str) -> Graded:
    """One level lower where no quote backs it."""
    if short.ask is None:
        return RiskLevel(level - 1), f"{reason} at least (no quote)"
    return level, reason


def _interest(strike: Decimal, rate: Decimal, days: int) -> Decimal:
    """What the strike earns in so many days; simple interest, within a cent of compound ones."""
    return (max(ZERO, strike * rate * days / _DAYS_A_YEAR)).quantize(Decimal("0.0001"))


def pin_risk(
    contract: OptionContract, spot: Decimal, today: date, band: Decimal = _PIN_BAND
) -> Graded | None:
    """On the last day: whether the price is so near the strike that exercise is a coin's toss.

    `band` is how far the price may still move, as a part of the strike.
    """
    if (contract.expiration - today).days > 0:
        return None
    away = abs(spot - contract.strike)
    if away > 2 * band * contract.strike:
        return None
    level = RiskLevel.HIGH if away <= band * contract.strike else RiskLevel.MEDIUM
    return level, f"it expires today with the price {away} from the strike"
