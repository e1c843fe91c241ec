"""How many units is "5000 dollars" or "3 percent of equity"? Never more than was asked for.

`units` is what the gate takes a decision's size for. `sized` is for those who choose a size: it
holds the same amount against what may be held, paid and risked, and says what was in the way.
Whatever is rounded is rounded toward less.
"""

from decimal import Decimal
from enum import Enum

from attrs import frozen

from cream.core.model.instrument import CONTRACT_MULTIPLIER
from cream.core.model.money import ONE, ZERO, floor_units
from cream.core.model.plan import Size, SizeUnit

_PERCENT = Decimal(100)
# A delta nearer to zero than this would make any exposure into contracts without number.
_LEAST_DELTA = Decimal("0.0001")

# Time value goes fastest at the end: half the size within a week, three quarters within a month.
_BY_DAYS = ((7, Decimal("0.50")), (30, Decimal("0.75")))
# Whoever sells options while they are cheap is paid little for the risk.
_LOW_IV_RANK = Decimal("0.25")
_AT_LOW_IV_RANK = Decimal("0.75")


@frozen
class Unsized:
    """The size cannot be told in units, because `missing` is not known."""

    missing: str


class Cap(Enum):
    """What keeps a size from being larger. REQUEST: nothing but what was asked for."""

    REQUEST = "request"
    TIME_TO_EXPIRY = "time to expiry"
    IMPLIED_VOLATILITY = "implied volatility"
    POSITION = "position"
    CASH = "cash"
    RISK_BUDGET = "risk budget"
    MINIMUM = "minimum"


@frozen(kw_only=True)
class OptionSizing:
    """What the size of an option order depends on besides its price.

    Units: `delta` per share; `days_to_expiry` whole days; `iv_rank` 0 to 1, None if not known.
    `by_exposure` sizes so that the deltas come to the amount that was asked for, in shares, dollars
    or percent of equity of the underlying at `underlying_price`.
    """

    delta: Decimal = ONE
    underlying_price: Decimal = ZERO
    days_to_expiry: int | None = None
    iv_rank: Decimal | None = None
    sells: bool = False
    by_exposure: bool = False


@frozen(kw_only=True)
class SizeRequest:
    """What is asked for, and what it is held against. None: no such bound.

    Units: `price`, `risk_per_share` (from entry to stop, or the largest loss) in dollars per share;
    `equity`, `cash`, `risk_budget` in dollars; `max_units`, `min_units` in shares or contracts.
    `multiplier` is shares per unit.
    """

    size: Size
    price: Decimal | None
    equity: Decimal | None = None
    multiplier: int = 1
    cash: Decimal | None = None
    max_units: Decimal | None = None
    min_units: Decimal = ONE
    risk_per_share: Decimal | None = None
    risk_budget: Decimal | None = None
    option: OptionSizing | None = None


@frozen(kw_only=True)
class Sized:
    """A size that fits, and what it was bound by. Units: whole units; dollars; percent of equity.

    `binding` are all that made it smaller, the one that decided last. `equity_percent` is None
    without equity above zero.
    """

    quantity: Decimal
    value: Decimal
    equity_percent: Decimal | None
    binding: tuple[Cap, ...]

    @property
    def bound_by(self) -> Cap:
        """What decided."""
        return self.binding[-1] if self.binding else Cap.REQUEST


def units(size: Size, unit_cost: Decimal | None, equity: Decimal | None) -> Decimal | Unsized:
    """The whole number of shares, contracts or spreads that `size` means; zero if it is less.

    SHARES and CONTRACTS are taken as they stand: rounding them is not ours to do. `unit_cost` is
    what one unit puts at stake: its price times the multiplier, or the largest loss of a spread.

    Units: `unit_cost` and `equity` in dollars; PCT_EQUITY is a percent, so 5 is a twentieth.
    """
    match size.unit:
        case SizeUnit.SHARES | SizeUnit.CONTRACTS:
            return size.quantity
        case SizeUnit.DOLLARS:
            return _affordable(size.quantity, unit_cost)
        case SizeUnit.PCT_EQUITY:
            if equity is None:
                return Unsized("the account's equity")
            return _affordable(max(ZERO, equity) * size.quantity / _PERCENT, unit_cost)


def _affordable(dollars: Decimal, unit_cost: Decimal | None) -> Decimal | Unsized:
    if unit_cost is None or unit_cost <= 0:
        return Unsized("a price")
    if dollars <= 0:
        return ZERO
    count = floor_units(dollars / unit_cost)
    # The quotient is rounded in its 28th digit, and so may have become whole from below.
    return count - 1 if count * unit_cost > dollars else count


def sized(request: SizeRequest) -> Sized | Unsized:
    """The largest whole size within everything that `request` bounds it by.

    Zero where not even the smallest order fits.
    """
    if request.price is None or request.price <= 0:
        return Unsized("a price")
    asked = _asked(request)
    if isinstance(asked, Unsized):
        return asked
    cost = request.price * request.multiplier
    quantity, binding = max(ZERO, floor_units(asked)), list[Cap]()
    for cap, most in _caps(request, quantity, cost):
        if isinstance(most, Unsized):
            return most
        if most < quantity:
            quantity = most
            binding.append(cap)
    if quantity < request.min_units:
        quantity = ZERO
        binding.append(Cap.MINIMUM)
    value, equity = quantity * cost, request.equity
    return Sized(
        quantity=quantity,
        value=value,
        equity_percent=value * _PERCENT / equity if equity is not None and equity > 0 else None,
        binding=tuple(binding),
    )


def _asked(request: SizeRequest) -> Decimal | Unsized:
    """What was asked for, in units."""
    option, size = request.option, request.size
    if option is None or not option.by_exposure or size.unit is SizeUnit.CONTRACTS:
        cost = None if request.price is None else request.price * request.multiplier
        return units(size, cost, request.equity)
    if abs(option.delta) < _LEAST_DELTA:
        return Unsized("a delta")
    if option.underlying_price <= 0:
        return Unsized("the underlying's price")
    moved = abs(option.delta) * CONTRACT_MULTIPLIER
    if size.unit is SizeUnit.SHARES:
        return floor_units(size.quantity / moved)
    return units(size, moved * option.underlying_price, request.equity)


def _caps(
    request: SizeRequest, quantity: Decimal, cost: Decimal
) -> list[tuple[Cap, Decimal | Unsized]]:
    """The most that each bound leaves, in the order in which they are applied."""
    caps: list[tuple[Cap, Decimal | Unsized]] = []
    if request.option is not None:
        caps.extend(_adjustments(request.option, quantity))
    if request.max_units is not None:
        caps.append((Cap.POSITION, max(ZERO, floor_units(request.max_units))))
    if request.cash is not None:
        caps.append((Cap.CASH, _affordable(request.cash, cost)))
    if request.risk_budget is not None:
        risk = request.risk_per_share
        at_risk = None if risk is None else risk * request.multiplier
        most = _affordable(request.risk_budget, at_risk)
        caps.append((Cap.RISK_BUDGET, Unsized("a risk") if isinstance(most, Unsized) else most))
    return caps


def _adjustments(option: OptionSizing, quantity: Decimal) -> list[tuple[Cap, Decimal | Unsized]]:
    """Less near the end, and less to sell while options are cheap; rounded down after each."""
    found: list[tuple[Cap, Decimal | Unsized]] = []
    part = quantity
    for days, factor in _BY_DAYS:
        if option.days_to_expiry is not None and option.days_to_expiry < days:
            part = floor_units(quantity * factor)
            found.append((Cap.TIME_TO_EXPIRY, part))
            break
    rank = option.iv_rank
    if rank is not None and not (rank.is_finite() and 0 <= rank <= 1):
        found.append((Cap.IMPLIED_VOLATILITY, Unsized("an IV rank from 0 to 1")))
    elif rank is not None and option.sells and rank < _LOW_IV_RANK:
        found.append((Cap.IMPLIED_VOLATILITY, floor_units(part * _AT_LOW_IV_RANK)))
    return found
