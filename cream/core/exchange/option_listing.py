"""Which options does the simulated exchange list on a share, and how many contracts are open?

Weekly expirations for two months and monthly ones for a year; strikes on a grid that follows the
price, wide enough that more than the usual moves stay inside. Any other strike or day can be traded
as well (`option_market.py` quotes everything): a list is what one looks through, not a limit.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from cream.core.model.ids import digest
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.money import trim
from cream.core.options.expirations import (
    IsSession,
    last_session,
    monthly_expiration,
    weekly_expirations,
)

WEEKLIES_FOR = timedelta(weeks=8)
MONTHS = 12

# Distance of strikes, by price: about one percent of it, on the steps that exchanges use.
_STEPS = (
    (Decimal(25), Decimal("0.5")),
    (Decimal(100), Decimal(1)),
    (Decimal(250), Decimal("2.5")),
    (Decimal(500), Decimal(5)),
    (Decimal(1000), Decimal(10)),
)
_STEP_PART = Decimal("0.01")
# The highest that an option's symbol can name.
HIGHEST_STRIKE = Decimal("99999.999")
# Strikes on each side of the price.
STRIKES_A_SIDE = 20

# Contracts open at the strike where most are.
_MOST_OPEN = 20_000
# The part of a digest that open interest is drawn from, and how many values it can have.
_DRAWN_CHARACTERS, _DRAWN_VALUES = 4, 32**4
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def expirations(today: date, is_session: IsSession) -> list[date]:
    """The days on which something listed expires, in order; today's is the first where it is one.

    Raises: ValueError where the calendar knows no session for ten days.
    """
    days = set(weekly_expirations(today, today + WEEKLIES_FOR, is_session))
    year, month = today.year, today.month
    for _ in range(MONTHS + 1):
        day = monthly_expiration(year, month, is_session)
        if day >= last_session(today, is_session) and day >= today:
            days.add(day)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return sorted(days)


def strikes(price: Decimal) -> list[Decimal]:
    """The strikes that are listed while the share is near `price`, in order.

    The grid moves by five strikes at a time, so that it stands still while the price does little.
    """
    step = _step(price)
    block = 5 * step
    low = (price / block).to_integral_value(ROUND_FLOOR) * block - STRIKES_A_SIDE * step
    high = (price / block).to_integral_value(ROUND_CEILING) * block + STRIKES_A_SIDE * step
    count = int((high - low) / step) + 1
    grid = (low + number * step for number in range(count))
    return [trim(strike) for strike in grid if 0 < strike <= HIGHEST_STRIKE]


def _step(price: Decimal) -> Decimal:
    for most, step in _STEPS:
        if price <= most:
            return step
    # Beyond a thousand dollars: one percent, to one digit.
    part = price * _STEP_PART
    return Decimal(1).scaleb(part.adjusted()) * max(1, int(part.scaleb(-part.adjusted())))


def contracts(
    underlying: str, price: Decimal, today: date, is_session: IsSession
) -> Iterator[OptionContract]:
    """Every listed contract, by expiration, strike and right."""
    grid = strikes(price)
    for expiration in expirations(today, is_session):
        for strike in grid:
            for right in (OptionRight.CALL, OptionRight.PUT):
                yield OptionContract(underlying, expiration, right, strike)


def open_interest(contract: OptionContract, centre: Decimal) -> int:
    """How many contracts are open: the same for the same contract, always. Units: contracts.

    Most are open near `centre`, the price when the market began, and at round strikes; the rest is
    drawn from the contract's name.
    """
    distance = abs(contract.strike - centre) / centre
    near = 1 / (1 + 400 * distance * distance)
    round_strike = 2 if contract.strike % (10 * _step(centre)) == 0 else 1
    return int(_MOST_OPEN * near * round_strike * _drawn(contract.symbol) / 2)


def _drawn(name: str) -> Decimal:
    """A number from 0 to 1 that follows from `name` alone."""
    value = 0
    for letter in digest("open interest", name)[:_DRAWN_CHARACTERS]:
        value = value * len(_ALPHABET) + _ALPHABET.index(letter)
    return Decimal(value) / _DRAWN_VALUES
