"""What is known of a position and of the market when it is asked whether to roll it?

What is not known, or known only from before, is said to be so and never guessed.

Units: prices per share, positive debit and negative credit; deltas per share.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from math import isfinite

from attrs import evolve, field, frozen

from cream.core.model.instrument import OptionContract
from cream.core.model.market import Quote
from cream.core.model.money import ZERO, decimal_from_float
from cream.core.options import chain as chains
from cream.core.options.chain import OptionChain, OptionRow, QuoteFlag
from cream.core.options.dividends import Dividend
from cream.core.options.exercise_risk import RiskLevel, ShortOption, exercise_risk
from cream.core.options.expirations import days_to_expiry
from cream.core.options.occ import NEW_YORK
from cream.core.options.roll_legs import RollLeg, cost_of, leading
from cream.core.options.roll_levels import RollLevels
from cream.core.options.rolling import Held, RollPolicy, SessionHours, Trigger
from cream.core.pricing.payoff import expire_together, extremes


@frozen(kw_only=True)
class OpenOption:
    """A position in one contract.

    `quantity` is signed. `price` is the average at which it was opened, None where nobody knows.
    `hindrance` says why it is not to be rolled whatever the market does; empty: nothing does.
    """

    contract: OptionContract
    quantity: Decimal
    price: Decimal | None
    hindrance: str = ""
    levels: RollLevels | None = None

    @property
    def legs(self) -> tuple[RollLeg, ...]:
        """It has one."""
        return (RollLeg(self.contract, 1 if self.quantity > 0 else -1),)

    @property
    def units(self) -> Decimal:
        """How many contracts."""
        return abs(self.quantity)

    @property
    def entry(self) -> Decimal | None:
        """What one of it has cost."""
        return self.price if self.price is None or self.quantity > 0 else -self.price


@frozen(kw_only=True)
class OpenSpread:
    """Legs that were opened together, `units` times; `entry` is what one has cost, net."""

    legs: tuple[RollLeg, ...]
    units: Decimal
    entry: Decimal | None
    hindrance: str = ""

    @property
    def contract(self) -> OptionContract:
        """That of the leading leg: what the spread is known by."""
        return leading(self.legs).contract

    @property
    def quantity(self) -> Decimal:
        """What is held of the leading leg, signed."""
        return leading(self.legs).ratio * self.units

    @property
    def levels(self) -> None:
        """Those of a spread are nobody's: its loss is bounded."""
        return


OpenPosition = OpenOption | OpenSpread


@frozen(kw_only=True)
class RollMarket:
    """What is known of the market at the moment of the chain.

    `dividends` are those to come that are known. `held` are all positions by symbol.
    """

    chain: OptionChain
    session: SessionHours | None
    dividends: tuple[Dividend, ...]
    held: Mapping[str, Decimal]

    @property
    def today(self) -> date:
        """The day in New York."""
        return self.chain.as_of.astimezone(NEW_YORK).date()


class Kept(Exception):
    """Why a position is left as it is."""

    def __init__(self, why: str, reasons: tuple[Trigger, ...] = ()) -> None:
        super().__init__(why)
        self.why = why
        self.reasons = reasons


class Unread(Kept):
    """That the market cannot be read well enough, for now."""


def spot_of(chain: OptionChain) -> Decimal:
    """The price of the underlying.   Raises: Unread without a fresh one."""
    spot = chains.spot_of(chain.underlying)
    if spot is None:
        raise Unread(f"the price of {chain.symbol} is not known")
    if chain.underlying_is_stale:
        raise Unread(f"the price of {chain.symbol} is {chain.underlying_age_seconds:.1f} s old")
    return spot


def row_of(contract: OptionContract, chain: OptionChain) -> OptionRow:
    """Its row.   Raises: Unread without one."""
    for row in chain.rows:
        if row.listed.contract == contract:
            return row
    raise Unread(f"{contract.symbol} is not in the chain of {chain.symbol}")


def sound_quote(row: OptionRow, *, may_lack_bid: bool = False) -> Quote:
    """A quote that prices can be taken from.   Raises: Unread without one."""
    flaws = [one for one in row.flags if not (may_lack_bid and one is QuoteFlag.NO_BID)]
    if row.listed.quote is None or flaws:
        words = ", ".join(one.value for one in flaws) or QuoteFlag.NO_QUOTE.value
        raise Unread(f"the quote of {row.listed.contract.symbol} is not good enough: {words}")
    return row.listed.quote


def delta_of(row: OptionRow) -> Decimal | None:
    """The delta, where there is one."""
    greeks = row.valuation.greeks
    # What a feed sends may be no number.
    if greeks is None or not isfinite(greeks.delta):
        return None
    return decimal_from_float(greeks.delta)


@frozen
class Reading:
    """Legs with their rows and sound quotes."""

    legs: tuple[RollLeg, ...]
    rows: tuple[OptionRow, ...]
    quotes: Mapping[str, Quote] = field(repr=False)

    @property
    def names(self) -> str:
        """The contracts, for whoever reads about them."""
        return " and ".join(leg.contract.symbol for leg in self.legs)


def read(legs: Sequence[RollLeg], chain: OptionChain, *, closes: bool = False) -> Reading:
    """The legs as the chain shows them.   Raises: Unread where that is not good enough.

    Of what is to be closed, nobody has to bid for what is owed: it is bought back. And what a
    spread owns may be worth nothing: it goes with the rest.
    """
    rows = tuple(row_of(leg.contract, chain) for leg in legs)
    quotes = {
        leg.contract.symbol: sound_quote(
            row, may_lack_bid=closes and (leg.ratio < 0 or len(legs) > 1)
        )
        for leg, row in zip(legs, rows, strict=True)
    }
    return Reading(tuple(legs), rows, quotes)


def held_of(reading: Reading, units: Decimal, entry: Decimal | None, market: RollMarket) -> Held:
    """The position as the rules see it. An unknown entry is zero: it fires nothing."""
    spot = spot_of(market.chain)
    owned = [(leg.contract, Decimal(leg.ratio)) for leg in reading.legs]
    best = None
    if entry is not None and expire_together(owned):
        _, high = extremes(owned)
        best = None if high is None else high - entry
    shorts = [
        _short(leg, row, units, spot, market)
        for leg, row in zip(reading.legs, reading.rows, strict=True)
        if leg.ratio < 0
    ]
    deltas = [abs(delta) for delta in _short_deltas(reading) if delta is not None]
    return Held(
        days=min(days_to_expiry(leg.contract, market.chain.as_of) for leg in reading.legs),
        entry=entry or ZERO,
        # What is not known to have cost anything has neither gained nor lost.
        value=ZERO
        if entry is None
        else -cost_of(reading.legs, reading.quotes, opens=False).natural,
        max_profit=best,
        exercise_risk=max((_exercise_level(one, market) for one in shorts), default=RiskLevel.NONE),
        short_delta=max(deltas, default=None),
        in_the_money=any(one.intrinsic > 0 for one in shorts),
    )


def _short(
    leg: RollLeg, row: OptionRow, units: Decimal, spot: Decimal, market: RollMarket
) -> ShortOption:
    quote = row.listed.quote
    return ShortOption(
        contract=leg.contract,
        quantity=abs(leg.ratio) * units,
        spot=spot,
        today=market.today,
        ask=None if quote is None else quote.ask,
        rate=decimal_from_float(market.chain.rate),
    )


def _exercise_level(short: ShortOption, market: RollMarket) -> RiskLevel:
    """The highest over the dividends to come: its holder may exercise for any of them."""
    due = [one for one in market.dividends if one.ex_date <= short.contract.expiration]
    cases = [evolve(short, dividend=one) for one in due] or [short]
    return max(exercise_risk(one).level for one in cases)


def _short_deltas(reading: Reading) -> Iterator[Decimal | None]:
    for leg, row in zip(reading.legs, reading.rows, strict=True):
        if leg.ratio < 0:
            yield delta_of(row)


def unknown_of(reading: Reading, entry: Decimal | None, policy: RollPolicy) -> Iterator[str]:
    """What the rules would have to know and do not."""
    if entry is None:
        yield "what it was opened at"
    if policy.most_short_delta is not None and None in _short_deltas(reading):
        yield "its delta"
