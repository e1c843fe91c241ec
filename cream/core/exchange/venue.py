"""What does the simulated venue do with an order, with a quote, with the passing of time?

A broker and a market place in one, as Alpaca's paper account is: it admits or refuses, matches
against the given quotes, holds exits back until their entry is filled, and keeps the account. Pure
and deterministic: time is an argument, the market is asked, ids follow from the client's ids. Each
method that changes something gives back the messages that the order stream would carry.

Options that end in the money are settled in cash at their intrinsic value, or, where the venue
delivers, exercised and assigned as a real broker would. What its holder exercises before is
delivered.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from attrs import evolve, frozen

from cream.core.exchange.account import Settlement
from cream.core.exchange.admission import NOT_UNIQUE, Admitted, Standing, judge, reserved_margin
from cream.core.exchange.alpaca_rules import CENT, violations_of
from cream.core.exchange.alpaca_status import VenueStatus
from cream.core.exchange.archive import Retention
from cream.core.exchange.auctions import LASTS, opening_is_over
from cream.core.exchange.calendar import Sessions
from cream.core.exchange.exercising import ExerciseDesk
from cream.core.exchange.floor import TradingFloor
from cream.core.exchange.house import PLAIN, HouseRules
from cream.core.exchange.margin import intrinsic_value
from cream.core.exchange.market_view import VenueMarket
from cream.core.exchange.mishaps import Mishaps
from cream.core.exchange.replacing import (
    OrderChange,
    refusal_of_change,
    relinked,
    successor,
    terms_after,
)
from cream.core.exchange.venue_book import VenueBook, VenueState
from cream.core.exchange.venue_order import Role, VenueOrder, children_from, root_from
from cream.core.model.account import Account
from cream.core.model.broker import (
    Accepted,
    BrokerOrder,
    BrokerPosition,
    CancelOutcome,
    CancelTaken,
    Execution,
    ExerciseOutcome,
    InstructionTaken,
    OrderUpdate,
    Refused,
    SubmitOutcome,
)
from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.money import ZERO
from cream.core.model.order import OrderTerms
from cream.core.model.plan import TimeInForce
from cream.core.options.occ import NEW_YORK, expires_at

# Alpaca ends a GTC order 90 days after it was given.
GTC_LIFE = timedelta(days=90)

Updates = Sequence[OrderUpdate]


@frozen
class OptionEnd:
    """An option position (signed) that ended: with shares, or with nothing."""

    contract: OptionContract
    quantity: Decimal
    delivered: bool
    at: datetime


class Venue:
    """One account at one venue. Without a retention it keeps everything in memory.

    `delivers`: options that end in the money become shares; without it they become cash.
    """

    def __init__(
        self,
        state: VenueState,
        market: VenueMarket,
        sessions: Sessions,
        retention: Retention | None = None,
        rules: HouseRules = PLAIN,
        *,
        delivers: bool = False,
    ) -> None:
        self._delivers = delivers
        self._ended: list[OptionEnd] = []
        self._book = VenueBook(state, retention)
        self._market = market
        self._sessions = sessions
        self._floor = TradingFloor(self._book, market, rules)
        self.mishaps = Mishaps(self._book, self._floor)

    # Commands -----------------------------------------------------------------------------------

    def submit(self, terms: OrderTerms, now: datetime) -> tuple[SubmitOutcome, Updates]:
        """Take an order in, or refuse it; and what follows at once, fills included.

        The answer shows the order as it was taken, before it went to work.
        """
        moment = self._book.advance_to(now)
        if self._book.has_client_id(terms.client_order_id):
            return Refused(NOT_UNIQUE, "client_order_id must be unique"), ()
        self._begin_day(moment)
        verdict = judge(terms, self._standing(terms, moment))
        if isinstance(verdict, Refused):
            return verdict, ()
        root = self._admit(terms, verdict, moment)
        answer = Accepted(self._book.shown(root))
        if self._sessions.is_open(moment):
            return answer, self._floor.open(root, moment)
        return answer, self._floor.queue(root, moment)

    def cancel(self, broker_order_id: str, now: datetime) -> tuple[CancelOutcome, Updates]:
        """Cancel an order and, as Alpaca does, every other open member of its group.

        An order that is canceled already is taken again.
        """
        moment = self._book.advance_to(now)
        order = self._book.find(broker_order_id)
        if order is None:
            return Refused("NOT_FOUND", "order not found"), ()
        if order.status is VenueStatus.CANCELED:
            return CancelTaken(), ()
        if not order.is_open:
            message = f'order is already in "{order.status.value}" state'
            return Refused("ORDER_NOT_CANCELABLE", message), ()
        return CancelTaken(), self._floor.close_group(order, VenueStatus.CANCELED, "", moment)

    def replace(
        self, broker_order_id: str, change: OrderChange, now: datetime
    ) -> tuple[SubmitOutcome, Updates]:
        """Put an order with `change` in the place of this one, or refuse to.

        The answer shows the order that takes the place; what is over has no successor.
        """
        moment = self._book.advance_to(now)
        old = self._book.find(broker_order_id)
        if old is None:
            return Refused("NOT_FOUND", "order not found"), ()
        if self._book.has_client_id(change.client_order_id):
            return Refused(NOT_UNIQUE, "client_order_id must be unique"), ()
        refusal = refusal_of_change(old, change)
        if refusal is not None:
            return refusal, ()
        verdict = self._judge_change(old, change, moment)
        if isinstance(verdict, Refused):
            return verdict, ()
        new = successor(old, change, self._book.next_sequence, verdict.margin_each, moment)
        for order in relinked(old, new, self._book.group(old)):
            self._book.put(order)
        answer = Accepted(self._book.shown(new))
        return answer, self._floor.replace(old, new, moment)

    def exercise(
        self, contract: OptionContract, quantity: Decimal, now: datetime
    ) -> ExerciseOutcome:
        """Exercise long contracts: they go, and shares change hands at the strike."""
        moment = self._book.advance_to(now)
        return self._exercises().exercise(contract, quantity, moment) or InstructionTaken()

    def do_not_exercise(self, contract: OptionContract, now: datetime) -> ExerciseOutcome:
        """The contract will end without worth."""
        moment = self._book.advance_to(now)
        refusal = self._exercises().may_abstain(contract, moment)
        if refusal is None:
            self._book.account.abstain(contract)
            self._book.touch_ledger()
        return refusal or InstructionTaken()

    def charge(self, amount: Decimal) -> None:
        """Take dollars out of the account, for what is no trade."""
        if amount:
            self._book.account.charge(amount)
            self._book.touch_ledger()

    def on_quote(self, symbol: str, now: datetime) -> Updates:
        """What the current quote of `symbol` makes happen. Cheap where no order waits for it."""
        if not self._floor.concerns(symbol) or not self._sessions.is_open(now):
            return ()
        return self._floor.match(symbol, self._book.advance_to(now))

    def halt(self, underlying: str) -> None:
        """Nothing of this share trades until `resume`, nor of its options. Orders are taken."""
        self._floor.halted.add(underlying)

    def resume(self, underlying: str, now: datetime) -> Updates:
        """It trades again: what waited is matched at the quotes of now."""
        self._floor.halted.discard(underlying)
        return self.on_quote(underlying, now)

    def advance(self, now: datetime) -> Updates:
        """What the passing of time makes happen: orders expire, options end, queues open."""
        moment = self._book.advance_to(now)
        updates: list[OrderUpdate] = []
        closing: list[VenueOrder] = []
        for order in self._book.ended(moment):
            if order.time_in_force is TimeInForce.CLS and moment < order.expires_at + LASTS:
                closing.append(order)
            else:
                updates += self._floor.close_group(order, VenueStatus.EXPIRED, "", moment)
        updates += self._floor.hold_closing_auction(closing, moment)
        self._settle_options(moment)
        self._begin_day(moment)
        if self._sessions.is_open(moment):
            updates += self._end_missed_openings(moment)
            updates += self._floor.open_queue(moment)
        return updates

    # Questions ----------------------------------------------------------------------------------

    def order(self, any_id: str) -> BrokerOrder | None:
        """The order with this broker id or client id, with its legs."""
        order = self._book.find(any_id)
        return self._book.shown(order) if order is not None else None

    def trail_extreme(self, any_id: str) -> Decimal | None:
        """The best price since a trailing stop began; None for any other order."""
        order = self._book.find(any_id)
        return order.trail_extreme if order is not None else None

    def open_orders(self) -> Sequence[BrokerOrder]:
        """Every open order. Exits are listed by themselves once their entry is closed."""
        return self._book.listing()

    def newest_first(self, *, open_only: bool, start: str | None = None) -> Iterator[BrokerOrder]:
        """Every group in memory, or those of which a member is open, from that of `start` on."""
        return self._book.newest_first(open_only=open_only, start=start)

    def orders_since(self, moment: datetime) -> Sequence[BrokerOrder]:
        """Every order, with its exits, of which something changed at `moment` or later."""
        return self._book.changed_since(moment)

    def executions_since(self, moment: datetime) -> Sequence[Execution]:
        """Every execution at `moment` or later, oldest first."""
        return self._book.executions_since(moment)

    def positions(self) -> Sequence[BrokerPosition]:
        """Everything held, by symbol."""
        positions = self._book.account.positions
        return [
            BrokerPosition(
                instrument=positions[symbol].instrument,
                quantity=positions[symbol].quantity,
                average_price=positions[symbol].average_price,
            )
            for symbol in sorted(positions)
            if not positions[symbol].is_flat
        ]

    def account(self, now: datetime) -> Account:
        """The account's figures at current quotes."""
        moment = self._book.advance_to(now)
        return self._book.account.figures(self._mark, self._book.reserved, moment)

    def take_ended(self) -> Sequence[OptionEnd]:
        """The options that have ended since this was last asked, where the venue delivers."""
        ended, self._ended = self._ended, []
        return ended

    # Persisting ---------------------------------------------------------------------------------

    def state(self) -> VenueState:
        """Everything that is in memory."""
        return self._book.state()

    def unsaved(self) -> VenueState | None:
        """What changed since `mark_saved`: changed orders and positions, new executions."""
        return self._book.unsaved()

    def mark_saved(self) -> None:
        """What `unsaved` showed has been written down."""
        self._book.mark_saved()

    # Inside -------------------------------------------------------------------------------------

    def _standing(self, terms: OrderTerms, moment: datetime) -> Standing:
        return Standing(
            account=self._book.account,
            market=self._market,
            sessions=self._sessions,
            mark_of=self._mark,
            open_orders=lambda: self._book.open_on(terms.instrument.underlying),
            roots_on=self._book.roots_on,
            reserved=self._book.reserved,
            now=moment,
        )

    def _judge_change(
        self, old: VenueOrder, change: OrderChange, moment: datetime
    ) -> Admitted | Refused:
        """As a new order, with the old one out of the way. Exits are judged by their form alone."""
        group = self._book.group(old)
        terms = terms_after(old, change, group)
        if old.role is not Role.ROOT:
            breach = next(iter(violations_of(terms)), None)
            return Admitted(ZERO) if breach is None else Refused(breach.code, breach.message)
        standing = self._standing(terms, moment)
        others = evolve(
            standing,
            open_orders=lambda: _others(standing.open_orders(), group),
            roots_on=lambda symbol, side: _others(standing.roots_on(symbol, side), group),
            reserved=standing.reserved - reserved_margin(group),
        )
        return judge(terms, others)

    def _admit(self, terms: OrderTerms, verdict: Admitted, moment: datetime) -> VenueOrder:
        sequence = self._book.next_sequence
        ends = self._ends_at(terms, moment)
        root = root_from(terms, sequence, moment, ends, verdict.margin_each)
        children = children_from(terms, root)
        root.child_ids = tuple(child.broker_order_id for child in children)
        for order in (root, *children):
            self._book.put(order)
        return root

    def _ends_at(self, terms: OrderTerms, moment: datetime) -> datetime:
        """When the order expires: by its time in force, and with its contract at the latest."""
        if terms.time_in_force is TimeInForce.GTC:
            ends = self._sessions.day_order_ends_at(moment + GTC_LIFE)
        else:
            ends = self._sessions.day_order_ends_at(moment)
        contracts = [leg.contract for leg in terms.legs]
        if isinstance(terms.instrument, OptionContract):
            contracts.append(terms.instrument)
        return min([ends, *(expires_at(contract) for contract in contracts)])

    def _end_missed_openings(self, moment: datetime) -> Updates:
        updates: list[OrderUpdate] = []
        if opening_is_over(self._sessions, moment):
            missed = [one for one in self._book.queued() if one.time_in_force is TimeInForce.OPG]
            for order in missed:
                reason = "the opening auction was missed"
                updates += self._floor.end(order, VenueStatus.CANCELED, reason, moment)
        return updates

    def _exercises(self) -> ExerciseDesk:
        excess = self._book.account.excess(self._mark, reserved_margin(self._book.open_orders()))
        return ExerciseDesk(
            book=self._book, sessions=self._sessions, mark_of=self._mark, excess=excess
        )

    def _mark(self, instrument: Instrument) -> Decimal | None:
        quote = self._market.latest(instrument.symbol)
        return quote.mid if quote is not None else None

    def _begin_day(self, moment: datetime) -> None:
        if self._book.account.begin_day(moment.astimezone(NEW_YORK).date(), self._mark):
            self._book.touch_ledger()

    def _settle_options(self, moment: datetime) -> None:
        abstained = self._book.account.ledger.abstained
        for position in list(self._book.account.positions.values()):
            contract = position.instrument
            if position.is_flat or not isinstance(contract, OptionContract):
                continue
            if expires_at(contract) > moment:
                continue
            spot = self._market.latest(contract.underlying)
            price = intrinsic_value(contract, spot.mid) if spot is not None else ZERO
            if contract in abstained and position.quantity > 0:
                price = ZERO
            if self._delivers:
                self._end_option(contract, position.quantity, price, moment)
                continue
            self._book.settle(
                Settlement(
                    contract=contract,
                    quantity=position.quantity,
                    price=price,
                    settled_at=moment,
                )
            )
        if self._book.account.forget_abstained(moment):
            self._book.touch_ledger()

    def _end_option(
        self, contract: OptionContract, quantity: Decimal, price: Decimal, moment: datetime
    ) -> None:
        """A cent in the money is enough to be exercised, or assigned."""
        self._ended.append(OptionEnd(contract, quantity, price >= CENT, moment))
        if price >= CENT:
            self._book.deliver(contract, quantity, moment)
        else:
            self._book.settle(
                Settlement(contract=contract, quantity=quantity, price=ZERO, settled_at=moment)
            )


def _others(orders: Sequence[VenueOrder], group: Sequence[VenueOrder]) -> Sequence[VenueOrder]:
    return [order for order in orders if order not in group]
