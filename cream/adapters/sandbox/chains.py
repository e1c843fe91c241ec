"""Which contracts does the sandbox list of an underlying, and what are their Greeks?

The Fridays of some weeks, and strikes around the price. Without bounds only up to the next weekend,
as at Alpaca.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from cream.adapters.sandbox.refusals import unprocessable
from cream.adapters.sandbox.replies import Json
from cream.core.exchange.calendar import ONE_DAY, is_trading_day
from cream.core.exchange.market_view import VenueMarket
from cream.core.exchange.option_market import SECONDS_PER_YEAR
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.market import Quote
from cream.core.model.money import is_within_reason
from cream.core.options.occ import NEW_YORK, expires_at
from cream.core.pricing.quoted import implied_at

_WEEKS = 8
_STRIKES_EACH_WAY = 20
_STRIKE_STEP = Decimal(5)
# Alpaca tells theta a day, vega and rho a point.
_DAYS, _POINTS = 365.0, 100.0
_RATE = 0.04

Arguments = Mapping[str, str]


def contracts_of(
    underlying: str, arguments: Arguments, market: VenueMarket, now: datetime
) -> Iterator[OptionContract]:
    """What the arguments ask for, by expiration, right and strike.   Raises: Refusal."""
    today = now.astimezone(NEW_YORK).date()
    weekend = today + timedelta(days=(5 - today.weekday()) % 7)
    exact = arguments.get("expiration_date")
    if exact:
        first = last = read_date(arguments, "expiration_date", today)
    else:
        first = read_date(arguments, "expiration_date_gte", today)
        last = read_date(arguments, "expiration_date_lte", weekend)
    kind = arguments.get("type")
    low, high = _decimal(arguments, "strike_price_gte"), _decimal(arguments, "strike_price_lte")
    for expiration in _fridays(today):
        if not first <= expiration <= last:
            continue
        for right in OptionRight:
            if kind and right.value.lower() != kind:
                continue
            for strike in _strikes(market.latest(underlying)):
                if (low is None or strike >= low) and (high is None or strike <= high):
                    yield OptionContract(underlying, expiration, right, strike)


def greeks_json(contract: OptionContract, quote: Quote, spot: Decimal, now: datetime) -> Json:
    """The Greeks that the quote's middle implies; nothing where it has expired or has no price."""
    years = (expires_at(contract) - now).total_seconds() / SECONDS_PER_YEAR
    price = float(quote.mid)
    if years <= 0 or price <= 0 or spot <= 0:
        return {}
    strike, at = float(contract.strike), float(spot)
    found, volatility = implied_at(contract.right, at, strike, years, price, _RATE)
    return {
        "greeks": {
            "delta": found.delta,
            "gamma": found.gamma,
            "theta": found.theta / _DAYS,
            "vega": found.vega / _POINTS,
            "rho": found.rho / _POINTS,
        },
        "impliedVolatility": volatility,
    }


def read_date(arguments: Arguments, name: str, default: date) -> date:
    """A day of an argument.   Raises: Refusal."""
    text = arguments.get(name)
    try:
        return date.fromisoformat(text) if text else default
    except ValueError:
        raise unprocessable(f"invalid {name}: {text}") from None


def _strikes(quote: Quote | None) -> Iterator[Decimal]:
    """In steps around the middle, lowest first."""
    if quote is None:
        return
    middle = (quote.mid / _STRIKE_STEP).to_integral_value() * _STRIKE_STEP
    for step in range(-_STRIKES_EACH_WAY, _STRIKES_EACH_WAY + 1):
        strike = middle + step * _STRIKE_STEP
        if strike > 0:
            yield strike


def _decimal(arguments: Arguments, name: str) -> Decimal | None:
    text = arguments.get(name)
    try:
        number = Decimal(text) if text else None
    except ArithmeticError:
        number = Decimal("NaN")
    if number is not None and not is_within_reason(number):
        raise unprocessable(f"invalid {name}: {text}")
    return number


def _fridays(today: date) -> Iterator[date]:
    """The Fridays of the coming weeks, or the day before where that is a holiday."""
    friday = today + timedelta(days=(4 - today.weekday()) % 7)
    for week in range(_WEEKS):
        day = friday + timedelta(weeks=week)
        while not is_trading_day(day):
            day -= ONE_DAY
        yield day
