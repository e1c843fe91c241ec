"""What does Alpaca's trading API show? Orders, positions, the account, activities, frames.

Only fields that Cream reads are named, and only those without which it could not go on are
required; the rest is in `extra`. Words (statuses, types, classes) stay words: the mapping decides.

Source: Alpaca Trading API v2, OpenAPI document 2.0.1, 2026-06.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from cream.adapters.brokers.alpaca.document import Stamp, wire
from cream.core.model.money import ZERO

Extra = Mapping[str, Any]


@frozen(kw_only=True)
class AlpacaOrder:
    """An order. `legs` are the exits of a group, or the legs of a spread."""

    id: str
    client_order_id: str
    status: str
    symbol: str = ""
    asset_class: str = ""
    side: str = ""
    order_type: str = wire("type", "")
    order_class: str = ""
    time_in_force: str = ""
    position_intent: str = ""
    qty: Decimal | None = None
    notional: Decimal | None = None
    filled_qty: Decimal = ZERO
    filled_avg_price: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    ratio_qty: Decimal | None = None
    extended_hours: bool = False
    replaces: str = ""
    replaced_by: str = ""
    created_at: Stamp | None = None
    submitted_at: Stamp | None = None
    updated_at: Stamp | None = None
    filled_at: Stamp | None = None
    legs: tuple["AlpacaOrder", ...] = ()
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaPosition:
    """A holding. `qty` is negative where it is short."""

    symbol: str
    qty: Decimal
    avg_entry_price: Decimal
    side: str = ""
    asset_class: str = ""
    qty_available: Decimal | None = None
    market_value: Decimal | None = None
    cost_basis: Decimal | None = None
    current_price: Decimal | None = None
    unrealized_pl: Decimal | None = None
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaAccount:
    """The account. The day-trade count left Alpaca's answers in July 2026."""

    account_number: str
    cash: Decimal
    equity: Decimal
    buying_power: Decimal
    status: str = ""
    last_equity: Decimal | None = None
    initial_margin: Decimal | None = None
    maintenance_margin: Decimal | None = None
    options_buying_power: Decimal | None = None
    options_trading_level: Decimal | None = None
    multiplier: Decimal | None = None
    daytrade_count: Decimal | None = None
    shorting_enabled: bool = True
    trading_blocked: bool = False
    account_blocked: bool = False
    trade_suspended_by_user: bool = False
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaActivity:
    """One row of the account's history. Only a FILL has all of this."""

    id: str
    activity_type: str
    order_id: str = ""
    symbol: str = ""
    side: str = ""
    qty: Decimal | None = None
    cum_qty: Decimal | None = None
    price: Decimal | None = None
    transaction_time: Stamp | None = None
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaRow:
    """Any row of the account's history: what it is called, and the rest as it came."""

    id: str
    activity_type: str
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaNonTrade:
    """One row of the account's history that is no fill. `date` is a day without a zone."""

    id: str
    activity_type: str
    activity_sub_type: str = ""
    date: str = ""
    transaction_time: Stamp | None = None
    net_amount: Decimal | None = None
    symbol: str = ""
    qty: Decimal | None = None
    price: Decimal | None = None
    description: str = ""
    status: str = ""
    group_id: str = ""
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaClock:
    """The exchange's clock."""

    timestamp: Stamp
    is_open: bool
    next_open: Stamp
    next_close: Stamp
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaLegFill:
    """What one leg of a spread traded, in a frame about the spread."""

    order_id: str
    symbol: str
    qty: Decimal
    price: Decimal
    execution_id: str = ""
    timestamp: Stamp | None = None
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaTradeUpdate:
    """One frame of the order stream. `price` and `qty` are of this slice only."""

    event: str
    order: AlpacaOrder
    execution_id: str = ""
    previous_execution_id: str = ""
    timestamp: Stamp | None = None
    price: Decimal | None = None
    qty: Decimal | None = None
    legs: tuple[AlpacaLegFill, ...] = ()
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaBulkResult:
    """One row of a 207 answer. Its body is an order, an error, or nothing."""

    status: int
    id: str = ""
    symbol: str = ""
    body: object = None
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaAsset:
    """What is listed."""

    symbol: str
    status: str = ""
    tradable: bool = False
    shortable: bool = False
    marginable: bool = False
    fractionable: bool = False
    asset_class: str = wire("class", "")
    attributes: tuple[str, ...] = ()
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaContract:
    """A listed option."""

    symbol: str
    underlying_symbol: str
    expiration_date: str
    strike_price: Decimal
    right: str = wire("type")
    tradable: bool = False
    size: Decimal | None = None
    multiplier: Decimal | None = None
    open_interest: Decimal | None = None
    close_price: Decimal | None = None
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaContractPage:
    """A page of contracts."""

    option_contracts: tuple[AlpacaContract, ...]
    next_page_token: str = ""
    extra: Extra = field(factory=dict)
