"""What does the account hold, as Alpaca shows it, and what of it is free?"""

from collections.abc import Sequence
from decimal import Decimal

import trio
from attrs import define

from cream.adapters.sandbox.faults import FaultName, Faults
from cream.adapters.sandbox.figures import (
    buying_power_figures,
    quantity_figures,
    wash_trade_figures,
)
from cream.adapters.sandbox.holdups import LateReleases
from cream.adapters.sandbox.listings import is_over
from cream.adapters.sandbox.market import SandboxMarket
from cream.adapters.sandbox.refusals import not_found
from cream.adapters.sandbox.replies import Json, position_json, value_of_longs
from cream.core.exchange.venue import Venue
from cream.core.model.broker import BrokerPosition, Refused
from cream.core.model.instrument import Instrument
from cream.core.model.money import ZERO
from cream.core.model.order import OrderStatus, OrderTerms, Side


@define
class Holdings:
    """The positions of one account. `late` are shares that ended orders have not let go yet."""

    venue: Venue
    market: SandboxMarket
    faults: Faults
    late: LateReleases
    _before: tuple[float, Sequence[BrokerPosition]] = (0.0, ())

    def shown(self) -> list[Json]:
        """Everything held, as the faults have it."""
        return [self._row(one) for one in self._as_of_then()]

    def real(self) -> list[Json]:
        """Everything held, whatever the faults show."""
        return [self._row(one) for one in self.venue.positions()]

    def one(self, symbol: str) -> Json:
        """The holding with this symbol or asset id, as the faults have it.   Raises: Refusal."""
        for row in self.shown():
            if symbol in (row["symbol"], row["asset_id"]):
                return row
        raise not_found("position does not exist")

    def quantity(self, symbol: str) -> Decimal:
        """How much of it there really is, signed."""
        held = {one.instrument.symbol: one.quantity for one in self.venue.positions()}
        return held.get(symbol, ZERO)

    def free(self, symbol: str) -> Decimal:
        """What of it no working order would close, signed."""
        held = self.quantity(symbol)
        return held - self._promised(symbol, held)

    def mark(self, instrument: Instrument) -> Decimal | None:
        """What it is worth now, per share."""
        quote = self.market.latest(instrument.symbol)
        return quote.mid if quote is not None else None

    def long_value(self) -> Decimal:
        """What everything is worth that is held long. Units: dollars."""
        return value_of_longs(self.venue.positions(), self.mark)

    def lets(self, terms: OrderTerms) -> bool:
        """Whether what it would close is not still promised to an order that has ended."""
        symbol, side = terms.instrument.symbol, terms.side
        held = self.quantity(symbol)
        if terms.legs or not self.late.promised(symbol, side) or held * side.sign >= 0:
            return True
        return terms.quantity <= abs(held - self._promised(symbol, held))

    def figures(self, refused: Refused, terms: OrderTerms, buying_power: Decimal) -> Json:
        """The figures that go with a refusal of this order."""
        match refused.code:
            case "INSUFFICIENT_BUYING_POWER":
                return buying_power_figures(terms, buying_power, self.mark)
            case "INSUFFICIENT_QTY":
                held = self.quantity(terms.instrument.symbol)
                promised = self._promised(terms.instrument.symbol, held)
                return quantity_figures(terms, held, promised, self.venue.open_orders())
            case "WASH_TRADE":
                return wash_trade_figures(terms, self.venue.open_orders())
            case _:
                return {}

    def _as_of_then(self) -> Sequence[BrokerPosition]:
        stale = self.faults.peek(FaultName.STALE_POSITIONS)
        now = trio.current_time()
        since, before = self._before
        if stale is not None and now - since < stale.seconds:
            return before
        self._before = (now, self.venue.positions())
        return self._before[1]

    def _row(self, held: BrokerPosition) -> Json:
        free = held.quantity - self._promised(held.instrument.symbol, held.quantity)
        return position_json(held, self.mark(held.instrument), free)

    def _promised(self, symbol: str, held: Decimal) -> Decimal:
        """How much of a position working orders would close, with its sign."""
        closing = Side.SELL if held > 0 else Side.BUY
        total = self.late.promised(symbol, closing)
        for order in self.venue.open_orders():
            for one in (order, *order.legs):
                works = one.status is not OrderStatus.HELD and not is_over(one)
                if works and one.instrument.symbol == symbol and one.side is closing:
                    total += one.quantity - one.filled
        return min(total, abs(held)) * (1 if held > 0 else -1)
