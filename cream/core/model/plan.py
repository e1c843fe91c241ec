"""What does an agent ask for: a decision plan, as it is once it has been decoded and is sound?

Everything here has passed the edge: numbers are finite decimals, enums are known, a level of zero
has become None. Whether the plan is *allowed* is for the gate to say.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum

from attrs import field, frozen

from cream.core.model.instrument import Instrument, OptionContract


class Environment(Enum):
    """Play money or real money."""

    PAPER = "PAPER"
    LIVE = "LIVE"


class Action(Enum):
    """The intent on exposure; the order side follows from it and from what is held."""

    BUY = "BUY"
    SELL = "SELL"
    HOLD = "HOLD"
    CLOSE = "CLOSE"
    NO_TRADE = "NO_TRADE"
    INCREASE = "INCREASE"
    REDUCE = "REDUCE"

    @property
    def trades(self) -> bool:
        """Whether a decision with this action can lead to an order."""
        return self not in _IDLE


_IDLE = (Action.HOLD, Action.NO_TRADE)


class Direction(Enum):
    """The side of the position that is meant."""

    LONG = "LONG"
    SHORT = "SHORT"
    FLAT = "FLAT"


class SizeUnit(Enum):
    """What `Size.quantity` counts. PCT_EQUITY is a percent: 5 means 5 % of equity."""

    SHARES = "SHARES"
    CONTRACTS = "CONTRACTS"
    DOLLARS = "DOLLARS"
    PCT_EQUITY = "PCT_EQUITY"


class StrategyFamily(Enum):
    """The kind of position that the agent has in mind."""

    EQUITY_LONG = "EQUITY_LONG"
    EQUITY_SHORT = "EQUITY_SHORT"
    OPTION_LONG = "OPTION_LONG"
    OPTION_SHORT = "OPTION_SHORT"
    VERTICAL_SPREAD = "VERTICAL_SPREAD"
    IRON_CONDOR = "IRON_CONDOR"
    STRADDLE = "STRADDLE"
    STRANGLE = "STRANGLE"
    CALENDAR_SPREAD = "CALENDAR_SPREAD"


class TimeHorizon(Enum):
    """How long the position is meant to live: the day, 1 to 5 days, 5 to 20, longer."""

    INTRADAY = "INTRADAY"
    SWING = "SWING"
    POSITION = "POSITION"
    LONG_TERM = "LONG_TERM"


class ThesisState(Enum):
    """Where the agent stands in its own argument; recorded, never judged."""

    WATCHING = "WATCHING"
    ENTERED = "ENTERED"
    ADDING = "ADDING"
    MANAGING = "MANAGING"
    EXITING = "EXITING"
    CLOSED = "CLOSED"


class PositionIntent(Enum):
    """Whether a leg opens or closes. The broker's words, in lower case."""

    BUY_TO_OPEN = "buy_to_open"
    BUY_TO_CLOSE = "buy_to_close"
    SELL_TO_OPEN = "sell_to_open"
    SELL_TO_CLOSE = "sell_to_close"

    @property
    def opens(self) -> bool:
        """Whether a position is opened, not closed."""
        return self is PositionIntent.BUY_TO_OPEN or self is PositionIntent.SELL_TO_OPEN


class RiskDenomination(Enum):
    """Whose price the stop and the target are levels of."""

    UNDERLYING_PRICE = "UNDERLYING_PRICE"
    OPTION_PRICE = "OPTION_PRICE"


class TimeInForce(Enum):
    """How long an order works (FIX tag 59)."""

    DAY = "DAY"
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    OPG = "OPG"
    CLS = "CLS"

    @property
    def is_at_once(self) -> bool:
        """Whether it has one chance, at the first price at which it may trade."""
        return self in (TimeInForce.IOC, TimeInForce.FOK)

    @property
    def is_in_auction(self) -> bool:
        """Whether it waits for the auction that opens or closes a session."""
        return self in (TimeInForce.OPG, TimeInForce.CLS)


@frozen
class Size:
    """How much, in which unit. Units: see `SizeUnit`."""

    quantity: Decimal
    unit: SizeUnit


@frozen(kw_only=True)
class Guard:
    """How the stop of a position works, beyond standing still at its level.

    Units: dollars per share of whatever the stop is a level of; percent of the best price so far.
    `trail_price` or `trail_percent`: the stop follows the best price at that distance, from where
    `stop_loss` puts it. `stop_limit_price`: a reached stop sells at no less (buys at no more).
    `exit_at`: then the position is closed, whatever its price.
    """

    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    stop_limit_price: Decimal | None = None
    exit_at: datetime | None = None

    @property
    def trails(self) -> bool:
        """Whether the stop follows the price."""
        return self.trail_price is not None or self.trail_percent is not None

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing beyond the levels themselves."""
        return not self.trails and self.stop_limit_price is None and self.exit_at is None


@frozen
class OptionLeg:
    """One leg of a spread. `ratio` is signed: positive buys, negative sells."""

    contract: OptionContract
    ratio: int
    intent: PositionIntent


@frozen(kw_only=True)
class Decision:
    """One intended change of exposure in one instrument (or one spread).

    Units: prices in dollars per share (per contract share for options); `net_limit_price` per
    spread share, positive debit, negative credit; `confidence` 0 to 1. `guard` refines the stop.
    """

    decision_id: str
    instrument: Instrument
    action: Action
    direction: Direction
    size: Size
    limit_price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    denomination: RiskDenomination = RiskDenomination.UNDERLYING_PRICE
    time_in_force: TimeInForce = TimeInForce.DAY
    strategy_family: StrategyFamily | None = None
    time_horizon: TimeHorizon | None = None
    thesis_state: ThesisState | None = None
    tactic: str | None = None
    tactic_params: Mapping[str, object] = field(factory=dict)
    bullish_factors: tuple[str, ...] = ()
    bearish_factors: tuple[str, ...] = ()
    rationale: str = ""
    confidence: Decimal | None = None
    legs: tuple[OptionLeg, ...] = ()
    net_limit_price: Decimal | None = None
    guard: Guard = field(factory=Guard)


@frozen(kw_only=True)
class DecisionPlan:
    """What an agent posts in one cycle. Approvals are None where the caller's format has none."""

    plan_id: str
    cycle_id: str
    environment: Environment
    decisions: tuple[Decision, ...]
    timestamp: datetime | None = None
    risk_manager_approved: bool | None = None
    critic_approved: bool | None = None
    rationale: str = ""

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """Everything that the plan would trade, each once."""
        found: dict[str, Instrument] = {}
        for decision in self.decisions:
            found[decision.instrument.symbol] = decision.instrument
            found.update((leg.contract.symbol, leg.contract) for leg in decision.legs)
        return tuple(found.values())
