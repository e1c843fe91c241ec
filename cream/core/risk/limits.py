"""Which limits does the gate enforce? The `constraints` section of the configuration.

A limit of zero denies everything that it limits.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from attrs import frozen

from cream.core.model.content import content_hash
from cream.core.model.setting import section, setting

# Enough of a SHA-256 to tell any two policies apart, short enough to be read aloud.
_VERSION_CHARACTERS = 16


@frozen(kw_only=True)
class PerInstrument:
    """Bounds on the position that would result in one instrument."""

    max_notional: Decimal = setting(
        Decimal(50000), ge=0, unit="USD", doc="Largest value of a position in one instrument."
    )
    max_units: int = setting(
        1000, ge=0, unit="shares or contracts", doc="Largest position in one instrument."
    )
    max_contracts: int | None = setting(
        None, ge=0, unit="contracts", doc="Largest position in one option; null: max_units."
    )
    max_equity_pct: Decimal = setting(
        Decimal("0.10"),
        ge=0,
        lt=10,
        unit="fraction of equity",
        doc="Largest share of equity in one instrument; 0.10 is a tenth.",
    )


@frozen(kw_only=True)
class Portfolio:
    """Bounds on all positions together."""

    max_gross_notional: Decimal = setting(
        Decimal(500000), ge=0, unit="USD", doc="Largest sum of longs and shorts."
    )
    max_net_notional: Decimal = setting(
        Decimal(200000), ge=0, unit="USD", doc="Largest difference of longs and shorts."
    )
    max_leverage: Decimal = setting(
        Decimal("2.0"),
        ge=0,
        le=100,
        unit="multiple of equity",
        doc="Gross value over equity.",
    )
    max_net_equity_pct: Decimal = setting(
        Decimal("1.0"),
        ge=0,
        le=100,
        unit="multiple of equity",
        doc="Net value over equity.",
    )
    max_underlying_equity_pct: Decimal = setting(
        Decimal("0.25"),
        ge=0,
        le=100,
        unit="fraction of equity",
        doc="Largest part of equity at stake on one underlying, shares and options together.",
    )
    max_sector_equity_pct: Decimal = setting(
        Decimal("0.40"),
        ge=0,
        le=100,
        unit="fraction of equity",
        doc="Largest part of equity at stake in one sector; of symbols that `sectors` names.",
    )
    sectors: Mapping[str, str] = setting(
        {},
        doc="The sector of each symbol; symbols without one belong to none.",
        example="{XOM: ENERGY}",
    )


@frozen(kw_only=True)
class Options:
    """Bounds on option positions. Deltas in shares, the other Greeks per the whole portfolio."""

    max_delta_per_underlying_shares: Decimal = setting(
        Decimal(250),
        ge=0,
        unit="shares",
        alias="max_delta_per_underlying",
        doc="Largest delta on an underlying with options held or planned, its shares included.",
    )
    max_portfolio_delta: Decimal = setting(
        Decimal(500), ge=0, unit="shares", doc="Largest delta of all such underlyings."
    )
    max_delta_notional: Decimal | None = setting(
        None,
        ge=0,
        unit="USD",
        doc="Largest value of all these deltas at the underlyings' prices; null: no such limit.",
    )
    max_portfolio_gamma: Decimal = setting(
        Decimal(50), ge=0, unit="shares per USD", doc="Largest gamma of all."
    )
    max_portfolio_vega: Decimal = setting(
        Decimal(1000),
        ge=0,
        unit="USD per volatility point",
        doc="Largest vega of all.",
    )
    max_portfolio_theta: Decimal = setting(
        Decimal(-500),
        le=0,
        unit="USD per day",
        doc="Most negative theta of all.",
    )
    max_contracts_per_underlying: int = setting(
        100, ge=0, unit="contracts", doc="Most contracts, long and short, on one underlying."
    )
    max_contracts: int = setting(
        500, ge=0, unit="contracts", doc="Most contracts, long and short, on all underlyings."
    )
    max_positions_per_underlying: int = setting(
        10, ge=0, doc="Most different options on one underlying that are held or being entered."
    )
    max_positions: int = setting(
        50, ge=0, doc="Most different options in all that are held or being entered."
    )
    min_minutes_to_expiry: int = setting(
        60,
        ge=0,
        le=10_080,
        unit="minutes",
        doc="No option is opened nearer than this to the end of its last session.",
    )
    assignment_warning_days: int = setting(
        5,
        ge=0,
        le=365,
        unit="days",
        doc="A short leg in the money that expires within so many days is warned of.",
    )
    min_short_extrinsic: Decimal = setting(
        Decimal("0.05"),
        ge=0,
        unit="USD per share",
        doc="A short leg in the money with less time value than this is likely to be exercised.",
    )


@frozen(kw_only=True)
class BuyingPower:
    """How much of the buying power may be used."""

    min_buying_power_ratio: Decimal = setting(
        Decimal("0.20"),
        ge=0,
        le=1,
        unit="fraction of equity",
        doc="Buying power that must be left once everything intended has filled.",
    )
    margin_buffer: Decimal = setting(
        Decimal("0.10"),
        ge=0,
        le=10,
        unit="fraction",
        doc="How much more than the margin requirement is set aside for an entry.",
    )


@frozen(kw_only=True)
class RiskLimits:
    """Bounds on what one trade can lose."""

    max_per_trade_risk_pct: Decimal = setting(
        Decimal("2.0"),
        ge=0,
        unit="percent of equity",
        doc="Most that a trade may lose at its stop, or a spread at all.",
    )
    min_risk_reward_ratio: Decimal = setting(
        Decimal("1.5"),
        ge=0,
        unit="ratio",
        doc="Least distance to the target over that to the stop.",
    )
    sizing_sanity_threshold: Decimal = setting(
        Decimal("3.0"),
        ge=0,
        unit="multiple of the median",
        doc="From how many times the usual size a warning is given.",
    )


@frozen(kw_only=True)
class Losses:
    """What may be lost before nothing is opened any more; null: no such limit.

    Days are those of New York, and survive a restart.
    """

    max_daily_loss_pct: Decimal | None = setting(
        None,
        ge=0,
        le=1,
        unit="fraction",
        doc="Loss since the day's first equity that stops entries.",
    )
    max_drawdown_pct: Decimal | None = setting(
        None, ge=0, le=1, unit="fraction", doc="Loss since the highest equity that stops entries."
    )
    max_losing_streak: int | None = setting(
        None, ge=0, unit="trades", doc="Losing trades in a row on one day that stop entries."
    )
    action: Literal["deny", "reduce", "flatten"] = setting(
        "reduce",
        doc="What a confirmed loss leads to: entries are denied while it lasts; trading stays"
        " REDUCING until an operator lifts it; everything is closed as well.",
    )
    confirmations: int = setting(
        3,
        ge=1,
        le=100,
        unit="readings",
        doc="Account figures in a row that must show the loss: one bad figure halts nothing.",
    )

    @property
    def is_limited(self) -> bool:
        """Whether any loss is limited."""
        return (
            self.max_daily_loss_pct is not None
            or self.max_drawdown_pct is not None
            or self.max_losing_streak is not None
        )


@frozen(kw_only=True)
class DayTrades:
    """Day trades: the pattern-day-trader rule, or the intraday margin rule that followed it."""

    mode: Literal["off", "legacy", "budget"] = setting(
        "off",
        doc="Which rule is enforced: none, the count of round trips under 25,000 USD, or the"
        " intraday margin since 2026-06-04 (and that count before).",
    )
    equity_threshold: Decimal = setting(
        Decimal(25000),
        ge=0,
        unit="USD",
        doc="Equity from which round trips are not counted.",
    )
    max_day_trades: int = setting(3, ge=0, doc="Round trips allowed within the window.")
    rolling_window_days: int = setting(5, ge=1, unit="sessions", doc="Length of the window.")


@frozen(kw_only=True)
class Stops:
    """How far a stop may be from the entry. Both bounds are inside."""

    min_distance_pct: Decimal = setting(
        Decimal("0.001"), ge=0, lt=1, unit="fraction", doc="Least distance in the underlying."
    )
    max_distance_pct: Decimal = setting(
        Decimal("0.20"), ge=0, le=1, unit="fraction", doc="Largest distance in the underlying."
    )
    max_option_distance_pct: Decimal = setting(
        Decimal("0.90"), ge=0, le=1, unit="fraction", doc="Largest distance in an option's price."
    )


@frozen(kw_only=True)
class Plan:
    """What a plan must be before its orders are looked at."""

    max_age_seconds: int = setting(
        900, ge=0, unit="s", doc="Oldest plan that is still acted on, where it has a timestamp."
    )
    max_ahead_seconds: int = setting(
        60, ge=0, unit="s", doc="How far ahead of the clock a plan's timestamp may be."
    )
    max_decisions: int = setting(50, ge=0, doc="Most decisions in one plan.")
    absent_approval: Literal["refuse", "allow"] = setting(
        "refuse", doc="What becomes of a plan that says nothing about an approval."
    )


@frozen(kw_only=True)
class Orders:
    """Bounds on orders, whatever they are in."""

    max_open: int = setting(500, ge=0, doc="Most orders that work at one time.")
    max_positions: int = setting(50, ge=0, doc="Most instruments held or being entered.")
    max_order_notional: Decimal | None = setting(
        None,
        ge=0,
        unit="USD",
        doc="Largest value that one plan adds to an instrument; null: per_instrument.max_notional.",
    )


@frozen(kw_only=True)
class Rate:
    """How fast orders may come."""

    plans_per_second: int = setting(100, ge=0, doc="Most plans taken in within one second.")
    orders_per_minute: int = setting(6000, ge=0, doc="Most orders let through within one minute.")


@frozen(kw_only=True)
class Collar:
    """How much worse than the market a limit price may be; the larger of the two counts."""

    max_pct: Decimal = setting(
        Decimal("0.05"), ge=0, unit="fraction", doc="Allowance as a fraction of the quote."
    )
    min_abs: Decimal = setting(
        Decimal("0.10"), ge=0, unit="USD per share", doc="Allowance for instruments of low price."
    )


@frozen(kw_only=True)
class Constraints:
    """Every limit of the gate."""

    per_instrument: PerInstrument = section(PerInstrument, doc="One instrument.")
    portfolio: Portfolio = section(Portfolio, doc="All positions together.")
    options: Options = section(Options, doc="Options.")
    buying_power: BuyingPower = section(BuyingPower, doc="Buying power.")
    risk_limits: RiskLimits = section(RiskLimits, doc="What one trade can lose.")
    pdt: DayTrades = section(DayTrades, doc="Day trades.")
    losses: Losses = section(Losses, doc="Losses.")
    stops: Stops = section(Stops, doc="Stops.")
    plan: Plan = section(Plan, doc="Plans.")
    orders: Orders = section(Orders, doc="Orders.")
    rate: Rate = section(Rate, doc="Rates.")
    collar: Collar = section(Collar, doc="Limit prices.")

    @property
    def max_contracts(self) -> int:
        """The bound on contracts of one option."""
        given = self.per_instrument.max_contracts
        return self.per_instrument.max_units if given is None else given

    @property
    def max_order_notional(self) -> Decimal:
        """The bound on what one plan adds to an instrument. Units: dollars."""
        given = self.orders.max_order_notional
        return self.per_instrument.max_notional if given is None else given


def policy_version(limits: Constraints) -> str:
    """A name for these limits that equal limits share, on every machine and in every run."""
    return content_hash(limits)[:_VERSION_CHARACTERS]
