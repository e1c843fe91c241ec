"""Is a set of option legs a spread that a venue takes, and what can it lose and gain?

What legs pay, with one expiration or several, is worked out in `cream.core.pricing.payoff`.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from math import gcd

from attrs import frozen

from cream.core.model.instrument import CONTRACT_MULTIPLIER, OptionContract
from cream.core.model.money import ZERO
from cream.core.model.order import OrderLeg
from cream.core.model.plan import OptionLeg, PositionIntent
from cream.core.pricing.payoff import Holding, expire_together, extremes, worst_payoff

__all__ = [
    "FEWEST_LEGS",
    "MOST_LEGS",
    "Holding",
    "Leg",
    "LegFault",
    "SpreadRisk",
    "all_close",
    "all_open",
    "holdings",
    "leg_faults",
    "net_price_fault",
    "opens",
    "roll_faults",
    "spread_risk",
    "worst_payoff",
]

Leg = OptionLeg | OrderLeg

# Alpaca, orders of class mleg: two to four legs.
FEWEST_LEGS = 2
MOST_LEGS = 4

_BUYS = (PositionIntent.BUY_TO_OPEN, PositionIntent.BUY_TO_CLOSE)


@frozen
class LegFault:
    """A rule that a set of legs breaks. `leg` is the index of the leg at fault, if it is one."""

    code: str
    message: str
    leg: int | None = None


@frozen(kw_only=True)
class SpreadRisk:
    """The extremes of one spread, in dollars, both as positive numbers.

    None means without bound; for a profit over several expirations it means that none is known.
    """

    max_loss: Decimal | None
    max_profit: Decimal | None

    @property
    def is_defined(self) -> bool:
        """Whether the most that can be lost is known."""
        return self.max_loss is not None


def holdings(legs: Iterable[Leg], spreads: Decimal = Decimal(1)) -> tuple[Holding, ...]:
    """What owning so many spreads means in contracts."""
    return tuple((leg.contract, leg.ratio * spreads) for leg in legs)


def opens(leg: Leg) -> bool:
    """Whether the leg opens a position."""
    return leg.intent.opens


def all_open(legs: Sequence[Leg]) -> bool:
    """Whether every leg opens a position."""
    return all(map(opens, legs))


def all_close(legs: Sequence[Leg]) -> bool:
    """Whether every leg closes a position."""
    return not any(map(opens, legs))


def leg_faults(legs: Sequence[Leg], underlying: str) -> Iterator[LegFault]:
    """Every rule of form that the legs break: count, distinctness, underlying, ratios, intents."""
    yield from _form_faults(legs, underlying)
    if legs and not all_open(legs) and not all_close(legs):
        yield LegFault("LEG_INTENT", "some legs open and some close: make two orders of it")


def roll_faults(legs: Sequence[Leg], underlying: str) -> Iterator[LegFault]:
    """As `leg_faults`, of legs that are to close one thing and open another."""
    yield from _form_faults(legs, underlying)
    if all_open(legs):
        yield LegFault("LEG_INTENT", "no leg closes anything: this is no roll")
    elif all_close(legs):
        yield LegFault("LEG_INTENT", "no leg opens anything: this is no roll")


def _form_faults(legs: Sequence[Leg], underlying: str) -> Iterator[LegFault]:
    if not FEWEST_LEGS <= len(legs) <= MOST_LEGS:
        yield LegFault(
            "LEG_COUNT", f"a spread has {FEWEST_LEGS} to {MOST_LEGS} legs, not {len(legs)}"
        )
    seen: set[OptionContract] = set()
    for index, leg in enumerate(legs):
        if leg.contract in seen:
            yield LegFault("LEG_DUPLICATE", f"{leg.contract.symbol} is a leg twice", index)
        seen.add(leg.contract)
        if leg.contract.underlying != underlying:
            yield LegFault(
                "LEG_UNDERLYING",
                f"{leg.contract.symbol} is not an option on {underlying}",
                index,
            )
        if leg.ratio == 0:
            yield LegFault("LEG_RATIO", f"the ratio of {leg.contract.symbol} is zero", index)
        elif (leg.ratio > 0) != (leg.intent in _BUYS):
            yield LegFault(
                "LEG_INTENT",
                f"{leg.intent.value} contradicts the ratio {leg.ratio} of {leg.contract.symbol}",
                index,
            )
    common = gcd(*(leg.ratio for leg in legs))
    if common > 1:
        yield LegFault("LEG_RATIO", f"the ratios can be divided by {common}: raise the quantity")


def net_price_fault(legs: Sequence[Leg], net_price: Decimal) -> LegFault | None:
    """Why nobody can mean this net price (debit positive, per share of the spread), if so.

    Only judged with one expiration: with several there is time value beyond it.
    """
    if not expire_together(holdings(legs)):
        return None
    low, high = extremes(holdings(legs))
    if _is_possible(net_price, low, high):
        return None
    if net_price and _is_possible(-net_price, low, high):
        meant = "a debit, so the net price is positive"
        if net_price > 0:
            meant = "a credit, so the net price is negative"
        return LegFault("NET_PRICE_SIGN", f"these legs cost {meant}, not {net_price}")
    bound = "gain" if high is not None and net_price >= high else "lose"
    return LegFault("NET_PRICE_IMPOSSIBLE", f"at a net price of {net_price} nothing is to {bound}")


def spread_risk(legs: Sequence[Leg], net_price: Decimal) -> SpreadRisk:
    """The most that one spread bought at `net_price` can lose and gain."""
    owned = holdings(legs)
    worst = worst_payoff(owned)
    max_loss = None if worst is None else max(ZERO, net_price - worst) * CONTRACT_MULTIPLIER
    max_profit = None
    if expire_together(owned):
        _, high = extremes(owned)
        if high is not None:
            max_profit = max(ZERO, high - net_price) * CONTRACT_MULTIPLIER
    return SpreadRisk(max_loss=max_loss, max_profit=max_profit)


def _is_possible(net_price: Decimal, low: Decimal | None, high: Decimal | None) -> bool:
    """Whether there is something to lose and something to gain."""
    return (low is None or net_price > low) and (high is None or net_price < high)
