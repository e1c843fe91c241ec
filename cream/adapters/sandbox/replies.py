"""What do orders, positions and the rest look like in the sandbox's answers? As Alpaca's do.

Source: Alpaca Trading API v2, OpenAPI document 2.0.1, 2026-06, and recorded answers.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from attrs import define, evolve, field

from cream.adapters.sandbox.words import (
    dollars,
    eastern,
    moment,
    number,
    price,
    symbol,
    ulid_text,
    uuid_text,
)
from cream.core.exchange.account import MarkOf
from cream.core.exchange.calendar import Sessions
from cream.core.model.account import Account
from cream.core.model.broker import BrokerOrder, BrokerPosition, Execution, OrderUpdate
from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.money import ZERO
from cream.core.model.order import OrderClass, OrderTerms, Side
from cream.core.model.plan import TimeInForce

Json = dict[str, object]

GTC_LIFE = timedelta(days=90)

# The event that sets each of these moments of an order.
MOMENT_BY_EVENT = {
    "fill": "filled_at",
    "canceled": "canceled_at",
    "expired": "expired_at",
    "replaced": "replaced_at",
    "rejected": "failed_at",
}


@define
class OrderNotes:
    """What an answer shows of an order and the venue does not keep."""

    terms: OrderTerms | None = None
    extended_hours: bool = False
    notional: Decimal | None = None
    replaces: str | None = None
    replaced_by: str | None = None
    status: str | None = None
    moments: dict[str, datetime] = field(factory=dict)


@define
class OrderWriter:
    """Writes orders, with the notes that are kept on them.

    `best_of` gives the best price since a trailing stop began.
    """

    sessions: Sessions
    best_of: Callable[[str], Decimal | None]
    notes: dict[str, OrderNotes] = field(factory=dict)

    def of(self, broker_order_id: str) -> OrderNotes:
        """The notes on an order; none yet is an empty one."""
        return self.notes.setdefault(broker_order_id, OrderNotes())

    def link(
        self, old_id: str, new_id: str, *, raced: bool = False, trail: Decimal | None = None
    ) -> None:
        """Let two orders name each other: one takes the place of the other, unless that filled.

        `trail` is the new one's, where it has another: dollars stay dollars, percent percent.
        """
        before, after = self.of(old_id), self.of(new_id)
        before.replaced_by = None if raced else uuid_text(new_id)
        after.replaces = uuid_text(old_id)
        after.terms, after.extended_hours = before.terms, before.extended_hours
        terms = after.terms
        if terms is not None and trail is not None:
            in_dollars = terms.trail_price is not None
            after.terms = (
                evolve(terms, trail_price=trail)
                if in_dollars
                else evolve(terms, trail_percent=trail)
            )

    def order(self, order: BrokerOrder, *, nested: bool = True) -> Json:
        """The order, with its legs if `nested`."""
        notes = self.of(order.broker_order_id)
        spread = order.order_class is OrderClass.MLEG
        legs = [self._leg(order, leg) for leg in order.legs] if nested and order.legs else None
        body = self._common(order, notes)
        if spread:
            return body | {
                "symbol": "",
                "asset_id": "",
                "asset_class": "",
                "side": "",
                "legs": legs,
            }
        return body | _asset(order.instrument) | {"legs": legs}

    def _leg(self, parent: BrokerOrder, leg: BrokerOrder) -> Json:
        if parent.order_class is not OrderClass.MLEG:
            return self.order(leg)
        ratio = abs(leg.ratio or 0)
        body = self._common(leg, self.of(leg.broker_order_id)) | _asset(leg.instrument)
        return body | {
            "type": "",
            "order_type": "",
            "limit_price": None,
            "ratio_qty": str(ratio),
            "position_intent": _leg_intent(self.of(parent.broker_order_id).terms, leg),
            "legs": None,
        }

    def _common(self, order: BrokerOrder, notes: OrderNotes) -> Json:
        terms = notes.terms
        kind = order.order_type.value.lower()
        own_id = uuid_text(order.broker_order_id)
        ours = order.client_order_id.startswith("venue-")
        by_notional = notes.notional is not None
        submitted = moment(order.submitted_at)
        ends: Json = {
            name: moment(notes.moments[name]) if name in notes.moments else None
            for name in MOMENT_BY_EVENT.values()
        }
        common: Json = {
            "id": own_id,
            "client_order_id": uuid_text("client", own_id) if ours else order.client_order_id,
            "created_at": submitted,
            "updated_at": moment(order.updated_at),
            "submitted_at": submitted,
            "expires_at": moment(self._expires_at(order)),
            "replaced_by": notes.replaced_by,
            "replaces": notes.replaces,
            "notional": dollars(notes.notional) if notes.notional is not None else None,
            "qty": None if by_notional else number(order.quantity),
            "filled_qty": number(order.filled),
            "filled_avg_price": price(order.average_price),
            "order_class": "" if order.order_class is OrderClass.SIMPLE else _lower(order),
            "order_type": kind,
            "type": kind,
            "side": order.side.value.lower(),
            "position_intent": _intent(order, terms),
            "time_in_force": order.time_in_force.value.lower(),
            "limit_price": price(order.limit_price),
            "stop_price": price(order.stop_price),
            "status": notes.status or order.raw_status,
            "extended_hours": notes.extended_hours,
            "trail_percent": price(terms.trail_percent) if terms is not None else None,
            "trail_price": price(terms.trail_price) if terms is not None else None,
            "hwm": price(self.best_of(order.broker_order_id)),
            "source": None,
            "subtag": None,
        }
        return common | ends

    def _expires_at(self, order: BrokerOrder) -> datetime:
        gtc = order.time_in_force is TimeInForce.GTC
        return self.sessions.day_order_ends_at(order.submitted_at + (GTC_LIFE if gtc else _NOW))

    # Frames of the order stream -----------------------------------------------------------------

    def frame(self, update: OrderUpdate, held: Mapping[str, Decimal], number_of: int) -> Json:
        """The content of a trade_updates message; `held` is the position after it, by symbol."""
        order, executions = update.order, update.executions
        at = moment(order.updated_at)
        body: Json = {
            "event": update.event,
            "event_id": ulid_text(order.broker_order_id, str(number_of)),
            "at": at,
            "timestamp": at,
            "execution_id": uuid_text(executions[0].execution_id) if executions else None,
            "order": self.order(order),
        }
        if not executions:
            return body
        if order.order_class is OrderClass.MLEG:
            return body | self._spread_fill(order, executions, held)
        one = executions[0]
        position = held.get(one.instrument.symbol, ZERO)
        return body | {
            "qty": number(one.quantity),
            "price": price(one.price),
            "position_qty": number(position),
        }

    def _spread_fill(
        self, order: BrokerOrder, executions: tuple[Execution, ...], held: Mapping[str, Decimal]
    ) -> Json:
        legs = {leg.instrument.symbol: leg for leg in order.legs}
        units = executions[0].quantity / abs(legs[executions[0].instrument.symbol].ratio or 1)
        net = sum(
            ((legs[one.instrument.symbol].ratio or 0) * one.price for one in executions), ZERO
        )
        return {
            "qty": number(units),
            "price": price(net),
            "position_qtys": {
                symbol(one.instrument): number(held.get(one.instrument.symbol, ZERO))
                for one in executions
            },
            "legs": [
                {
                    "execution_id": uuid_text(one.execution_id),
                    "order_id": uuid_text(legs[one.instrument.symbol].broker_order_id),
                    "symbol": symbol(one.instrument),
                    "qty": number(one.quantity),
                    "price": price(one.price),
                    "timestamp": moment(one.executed_at),
                }
                for one in executions
            ],
        }


_NOW = timedelta(0)


def position_json(held: BrokerPosition, mark: Decimal | None, available: Decimal) -> Json:
    """A position at its mark."""
    multiplier = held.instrument.multiplier
    current = mark if mark is not None else held.average_price
    cost = held.quantity * held.average_price * multiplier
    value = held.quantity * current * multiplier
    gain = value - cost
    share = gain / abs(cost) if cost else ZERO
    option = isinstance(held.instrument, OptionContract)
    return _asset(held.instrument) | {
        "exchange": "" if option else "NASDAQ",
        "asset_marginable": not option,
        "qty": number(held.quantity),
        "qty_available": number(available),
        "avg_entry_price": price(held.average_price),
        "side": "long" if held.quantity > 0 else "short",
        "market_value": dollars(value),
        "cost_basis": dollars(cost),
        "unrealized_pl": dollars(gain),
        "unrealized_plpc": f"{share:.6f}",
        "unrealized_intraday_pl": dollars(gain),
        "unrealized_intraday_plpc": f"{share:.6f}",
        "current_price": price(current),
        "lastday_price": price(held.average_price),
        "change_today": "0",
    }


def value_of_longs(positions: Iterable[BrokerPosition], mark_of: MarkOf) -> Decimal:
    """What everything that is held long is worth."""
    return sum(
        (
            one.quantity * (mark_of(one.instrument) or ZERO) * one.instrument.multiplier
            for one in positions
            if one.quantity > 0
        ),
        ZERO,
    )


def account_json(
    account: Account, account_number: str, long_value: Decimal, accrued_fees: Decimal
) -> Json:
    """The account. Without the day-trade fields, which Alpaca dropped in July 2026."""
    return {
        "id": uuid_text("account", account_number),
        "account_number": account_number,
        "status": "ACTIVE",
        "crypto_status": "ACTIVE",
        "crypto_tier": 1,
        "currency": "USD",
        "cash": dollars(account.cash),
        "equity": dollars(account.equity),
        "last_equity": dollars(account.last_equity),
        "portfolio_value": dollars(account.equity),
        "buying_power": dollars(account.buying_power),
        "effective_buying_power": dollars(account.buying_power),
        "regt_buying_power": dollars(account.buying_power),
        "non_marginable_buying_power": dollars(account.buying_power / 2),
        "options_buying_power": dollars(account.buying_power / 2),
        "options_approved_level": account.options_level,
        "options_trading_level": account.options_level,
        "multiplier": "2",
        "initial_margin": dollars(account.margin_used),
        "maintenance_margin": dollars(account.margin_used),
        "last_maintenance_margin": "0",
        "long_market_value": dollars(long_value),
        "short_market_value": dollars(account.equity - account.cash - long_value),
        "position_market_value": dollars(account.equity - account.cash),
        "sma": "0",
        "accrued_fees": dollars(accrued_fees),
        "pending_reg_taf_fees": "0",
        "intraday_adjustments": "0",
        "balance_asof": eastern(account.as_of)[:10],
        "created_at": "2026-01-02T15:00:00.000000000Z",
        "shorting_enabled": account.shorting_enabled,
        "trading_blocked": False,
        "transfers_blocked": False,
        "account_blocked": False,
        "trade_suspended_by_user": False,
        "admin_configurations": {},
        "user_configurations": None,
    }


def fill_json(one: Execution, order_id: str, cumulative: Decimal, leaves: Decimal) -> Json:
    """A FILL row of the history. Its id is the time in New York, and opaque."""
    stamp = eastern(one.executed_at)
    digits = "".join(sign for sign in stamp[:23] if sign.isdigit()).ljust(17, "0")
    return {
        "id": f"{digits}::{uuid_text('activity', one.execution_id, one.instrument.symbol)}",
        "activity_type": "FILL",
        "transaction_time": moment(one.executed_at),
        "type": "fill" if leaves == 0 else "partial_fill",
        "price": price(one.price),
        "qty": number(one.quantity),
        "side": one.side.value.lower(),
        "symbol": symbol(one.instrument),
        "leaves_qty": number(leaves),
        "cum_qty": number(cumulative),
        "order_id": order_id,
        "order_status": "filled" if leaves == 0 else "partially_filled",
    }


def _asset(instrument: Instrument) -> Json:
    option = isinstance(instrument, OptionContract)
    return {
        "asset_id": uuid_text("asset", instrument.symbol),
        "symbol": symbol(instrument),
        "asset_class": "us_option" if option else "us_equity",
    }


def _lower(order: BrokerOrder) -> str:
    return order.order_class.value.lower()


def _intent(order: BrokerOrder, terms: OrderTerms | None) -> str:
    if terms is not None and terms.position_intent is not None:
        return terms.position_intent.value
    if terms is None and order.order_class is not OrderClass.MLEG:
        return f"{order.side.value.lower()}_to_close"
    return "buy_to_open" if order.side is Side.BUY else "sell_to_close"


def _leg_intent(terms: OrderTerms | None, leg: BrokerOrder) -> str | None:
    for one in terms.legs if terms is not None else ():
        if one.contract == leg.instrument:
            return one.intent.value
    return None
