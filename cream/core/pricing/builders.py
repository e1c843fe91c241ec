"""How is a named strategy made from its contracts?

Every builder takes the contracts by their part, and refuses those that do not make the strategy.

Raises: ValueError, saying what the contracts make instead.
"""

from cream.core.model.instrument import OptionContract
from cream.core.pricing.recognition import Kind, recognise
from cream.core.pricing.strategies import Strategy, StrategyLeg, unit


def single(contract: OptionContract, *, bought: bool = True) -> Strategy:
    """One contract, bought or sold."""
    return unit([StrategyLeg(contract, 1 if bought else -1)])[0]


def covered_call(call: OptionContract) -> Strategy:
    """A hundred shares and a call sold on them."""
    return _made(Kind.COVERED_CALL, {call: -1}, lots=1)


def protective_put(put: OptionContract) -> Strategy:
    """A hundred shares and a put that insures them."""
    return _made(Kind.PROTECTIVE_PUT, {put: 1}, lots=1)


def cash_secured_put(put: OptionContract) -> Strategy:
    """A put sold, with the cash for its strike held ready."""
    return _made(Kind.CASH_SECURED_PUT, {put: -1})


def collar(put: OptionContract, call: OptionContract) -> Strategy:
    """A hundred shares, a put that insures them and a call that pays for it."""
    if put.expiration == call.expiration and put.strike >= call.strike:
        raise ValueError("the put of a collar has the lower strike")
    return _made(Kind.COLLAR, {put: 1, call: -1}, lots=1)


def vertical(bought: OptionContract, sold: OptionContract) -> Strategy:
    """Two strikes of one kind and expiration."""
    return _made(Kind.VERTICAL, {bought: 1, sold: -1})


def ratio(bought: OptionContract, sold: OptionContract, buys: int, sells: int) -> Strategy:
    """Two strikes in unequal numbers; flagged as uncovered where more are sold."""
    return _made(Kind.RATIO, {bought: buys, sold: -sells})


def straddle(put: OptionContract, call: OptionContract, *, bought: bool = True) -> Strategy:
    """Both kinds at one strike."""
    side = 1 if bought else -1
    return _made(Kind.STRADDLE, {put: side, call: side})


def strangle(put: OptionContract, call: OptionContract, *, bought: bool = True) -> Strategy:
    """Both kinds, the put below the call."""
    side = 1 if bought else -1
    return _made(Kind.STRANGLE, {put: side, call: side})


def butterfly(
    low: OptionContract, body: OptionContract, high: OptionContract, *, bought: bool = True
) -> Strategy:
    """The wings once, the body twice the other way."""
    side = 1 if bought else -1
    return _made(Kind.BUTTERFLY, {low: side, body: -2 * side, high: side})


def iron_condor(
    low_put: OptionContract,
    put: OptionContract,
    call: OptionContract,
    high_call: OptionContract,
    *,
    sold: bool = True,
) -> Strategy:
    """A put spread below and a call spread above; sold for a credit, or bought."""
    side = 1 if sold else -1
    return _made(Kind.IRON_CONDOR, {low_put: side, put: -side, call: -side, high_call: side})


def iron_butterfly(
    low_put: OptionContract,
    put: OptionContract,
    call: OptionContract,
    high_call: OptionContract,
    *,
    sold: bool = True,
) -> Strategy:
    """An iron condor whose inner strikes are one."""
    side = 1 if sold else -1
    return _made(Kind.IRON_BUTTERFLY, {low_put: side, put: -side, call: -side, high_call: side})


def calendar(near: OptionContract, far: OptionContract) -> Strategy:
    """One strike: the near contract sold, the far one bought."""
    return _over_time(Kind.CALENDAR, near, far)


def diagonal(near: OptionContract, far: OptionContract) -> Strategy:
    """Two strikes: the near contract sold, the far one bought."""
    return _over_time(Kind.DIAGONAL, near, far)


def _over_time(kind: Kind, near: OptionContract, far: OptionContract) -> Strategy:
    if near.expiration >= far.expiration:
        raise ValueError(f"the near contract of a {kind.value} expires before the far one")
    return _made(kind, {near: -1, far: 1})


def _made(kind: Kind, ratios: dict[OptionContract, int], lots: int = 0) -> Strategy:
    legs = [StrategyLeg(contract, count) for contract, count in ratios.items()]
    strategy, units = unit(legs, lots)
    found = recognise(strategy)
    if found.kind is not kind or units != 1:
        made = found.title if units == 1 else f"{units} units of a {found.title}"
        raise ValueError(f"these contracts do not make a {kind.value}, but a {made}")
    return strategy
