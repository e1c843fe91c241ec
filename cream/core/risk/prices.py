"""Which price does the gate judge by, and how far is it to be trusted?"""

from collections.abc import Callable
from decimal import Decimal

from attrs import define, field

from cream.core.model.instrument import OptionContract
from cream.core.model.market import Datum, Quote, Stale, Unknown
from cream.core.model.money import ZERO
from cream.core.model.order import OrderLeg, OrderTerms, Side
from cream.core.model.plan import OptionLeg
from cream.core.model.side import BUY, SELL
from cream.core.risk.greeks import Greeks, QuotedGreeks, Valuer

QuoteOf = Callable[[str], Datum[Quote]]

# Five letters, a dot and a class of two: what is longer names an option, for which no bid is usual
# once it is worth less than a tick.
_LONGEST_TICKER = 8


@define
class Reading:
    """What is known of one symbol's market. Not changed after it was made.

    `quote` is None where no price can be taken from it. `doubt` says why the reading is not good
    enough to increase a position by; a stale quote is doubtful, and yet a price.
    """

    quote: Quote | None
    doubt: str | None = None

    @property
    def mid(self) -> Decimal | None:
        """The middle of the market."""
        return None if self.quote is None else self.quote.mid

    def far_side(self, side: Side) -> Decimal | None:
        """What an order on `side` pays or gets at once; None where nobody is there."""
        if self.quote is None:
            return None
        price = self.quote.ask if side is BUY else self.quote.bid
        return price if price > ZERO else None


def read(symbol: str, datum: Datum[Quote]) -> Reading:
    """What `datum` says of the market in `symbol`."""
    if isinstance(datum, Unknown):
        return Reading(None, f"no quote of {symbol}: {datum.why}")
    quote, doubt = datum.value, None
    if isinstance(datum, Stale):
        doubt = f"the quote of {symbol} is {datum.age_seconds:.1f} s old"
    bid, ask = quote.bid, quote.ask
    if bid > ask:
        return Reading(None, f"the quote of {symbol} is crossed: bid {bid}, ask {ask}")
    if ask <= ZERO or bid < ZERO:
        return Reading(None, f"the quote of {symbol} has no price")
    if bid == ZERO and len(symbol) <= _LONGEST_TICKER:
        return Reading(None, f"nobody bids for {symbol}: half of what is asked is no price of it")
    return Reading(quote, doubt)


@define
class Prices:
    """Readings of one moment: each symbol is asked for once."""

    quote_of: QuoteOf
    valuer: Valuer = field(factory=QuotedGreeks)
    _readings: dict[str, Reading] = field(factory=dict, init=False)

    def of(self, symbol: str) -> Reading:
        """The reading of `symbol`."""
        found = self._readings.get(symbol)
        if found is None:
            found = self._readings[symbol] = read(symbol, self.quote_of(symbol))
        return found

    def greeks(self, contract: OptionContract) -> Greeks | None:
        """The Greeks of `contract` per share; None where a quote that they need is no price."""
        underlying, own = self.of(contract.underlying).quote, self.of(contract.symbol).quote
        if underlying is None:
            return None
        return self.valuer(contract, underlying, own)

    def net_of_opening(self, terms: OrderTerms) -> Decimal | None:
        """At which net price a multi-leg order opens, debit positive; None where nobody knows.

        Of a roll with a limit: what the limit leaves once the rest is closed at the far side, and
        no less than the market asks. By the time that a patient limit is met, the rest will have
        been closed for more, and what is opened will cost more.
        """
        limit, opening = terms.limit_price, terms.opening_legs
        if limit is None:
            return self.net_far_side(opening)
        if len(opening) == len(terms.legs):
            return limit
        net = limit
        for leg in terms.legs:
            quote = None if leg.opens else self.of(leg.contract.symbol).quote
            if quote is not None:
                # What nobody bids for is given away for nothing.
                net -= leg.ratio * (quote.ask if leg.ratio > 0 else quote.bid)
            elif not leg.opens:
                return None
        asked = self.net_far_side(opening)
        return net if asked is None else max(net, asked)

    def net_far_side(self, legs: tuple[OptionLeg, ...] | tuple[OrderLeg, ...]) -> Decimal | None:
        """What a spread costs at once, debit positive; None where one leg has no price."""
        net = ZERO
        for leg in legs:
            side = BUY if leg.ratio > 0 else SELL
            price = self.of(leg.contract.symbol).far_side(side)
            if price is None:
                return None
            net += leg.ratio * price
        return net
