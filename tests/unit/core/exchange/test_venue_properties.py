"""What must hold at the venue whatever is ordered, quoted and cancelled, in whatever order.

Invariant 4 of the design: the sum of fills is the position, and cash is conserved to the cent.
"""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cream.core.exchange.admission import reserved_margin
from cream.core.exchange.alpaca_status import VenueStatus
from cream.core.exchange.venue import Venue
from cream.core.exchange.venue_order import Role, VenueOrder
from cream.core.model.broker import Accepted
from cream.core.model.instrument import OptionContract
from cream.core.model.order import OrderClass, OrderTerms, OrderType, Side
from cream.core.model.plan import TimeInForce
from cream.core.options.occ import expires_at
from tests.fakes.venue_lab import Lab, bracket, call, leg, oco, spread, terms

CASH = Decimal(100_000)
LOW, HIGH = call("240"), call("250")
LATER = date(2027, 1, 15)
NEXT_LOW, NEXT_HIGH = call("240", expiry=LATER), call("250", expiry=LATER)
CALLS = (LOW, HIGH, NEXT_LOW, NEXT_HIGH)

sides = st.sampled_from(Side)
sizes = st.integers(0, 30)
quantities = st.integers(1, 40).map(str)
# A narrow band of prices, so that orders and quotes meet often.
prices = st.integers(22_500, 25_500).map(lambda cents: Decimal(cents).scaleb(-2))
premiums = st.integers(1, 900).map(lambda cents: Decimal(cents).scaleb(-2))
tifs = st.sampled_from((TimeInForce.DAY, TimeInForce.GTC))


class VenueMachine(RuleBasedStateMachine):
    """One venue under random use, against sums that are kept apart."""

    @initialize()
    def begin(self) -> None:
        self.lab = Lab(str(CASH))
        self.roots: list[str] = []
        self.displayed: dict[str, tuple[int, int]] = {}
        self.traded: dict[tuple[str, Side], Decimal] = defaultdict(Decimal)
        self.seen = 0
        self.move("AAPL", Decimal("238.39"), Decimal("0.02"), 30, 30)
        self.move(LOW.symbol, Decimal("4.30"), Decimal("0.01"), 30, 30)
        self.move(HIGH.symbol, Decimal("1.23"), Decimal("0.01"), 30, 30)
        self.move(NEXT_LOW.symbol, Decimal("7.10"), Decimal("0.01"), 30, 30)
        self.move(NEXT_HIGH.symbol, Decimal("3.05"), Decimal("0.01"), 30, 30)

    def move(self, symbol: str, bid: Decimal, width: Decimal, bid_size: int, ask_size: int) -> None:
        for side in Side:
            self.traded[symbol, side] = Decimal(0)
        self.displayed[symbol] = (bid_size, ask_size)
        self.lab.quote(symbol, str(bid), str(bid + width), bid_size, ask_size)
        self.look()

    def place(self, order: OrderTerms) -> None:
        outcome = self.lab.submit(order)
        if isinstance(outcome, Accepted):
            self.roots.append(outcome.order.broker_order_id)
        self.look()

    def look(self) -> None:
        """Add up what traded since the last look."""
        executions = self.lab.executions()
        for one in executions[self.seen :]:
            self.traded[one.instrument.symbol, one.side] += one.quantity
        self.seen = len(executions)

    @rule(bid=prices, bid_size=sizes, ask_size=sizes, crossed=st.booleans())
    def quote_share(self, bid: Decimal, bid_size: int, ask_size: int, crossed: bool) -> None:
        width = Decimal("-0.05") if crossed and bid_size % 5 == 0 else Decimal("0.02")
        self.move("AAPL", bid, width, bid_size, ask_size)

    @rule(contract=st.sampled_from(CALLS), bid=premiums, bid_size=sizes, ask_size=sizes)
    def quote_option(
        self, contract: OptionContract, bid: Decimal, bid_size: int, ask_size: int
    ) -> None:
        self.move(contract.symbol, bid, Decimal("0.01"), bid_size, ask_size)

    @rule(side=sides, quantity=quantities, limit=st.none() | prices, tif=tifs)
    def order_share(
        self, side: Side, quantity: str, limit: Decimal | None, tif: TimeInForce
    ) -> None:
        self.place(terms(side, quantity, str(limit) if limit else None, tif=tif))

    @rule(side=sides, quantity=quantities, limit=prices, kill=st.booleans())
    def order_at_once(self, side: Side, quantity: str, limit: Decimal, kill: bool) -> None:
        tif = TimeInForce.FOK if kill else TimeInForce.IOC
        self.place(terms(side, quantity, str(limit), tif=tif))

    @rule(side=sides, quantity=quantities, stop=prices, trailing=st.booleans())
    def order_stop(self, side: Side, quantity: str, stop: Decimal, trailing: bool) -> None:
        if trailing:
            kind = OrderType.TRAILING_STOP
            self.place(terms(side, quantity, order_type=kind, trail_price="1.50"))
        else:
            self.place(terms(side, quantity, stop=str(stop)))

    @rule(side=sides, quantity=quantities, limit=st.none() | prices, away=st.integers(1, 900))
    def order_bracket(self, side: Side, quantity: str, limit: Decimal | None, away: int) -> None:
        base = limit or Decimal("240.00")
        distance = side.sign * Decimal(away).scaleb(-2)
        entry = str(limit) if limit else None
        self.place(bracket(quantity, entry, str(base + distance), str(base - distance), side=side))

    @rule(side=sides, quantity=quantities, limit=prices, away=st.integers(1, 900))
    def order_oco(self, side: Side, quantity: str, limit: Decimal, away: int) -> None:
        stop = limit + side.sign * Decimal(away).scaleb(-2)
        self.place(oco(quantity, str(limit), str(stop), side))

    @rule(quantity=quantities, limit=prices, away=st.integers(1, 900), profit=st.booleans())
    def order_oto(self, quantity: str, limit: Decimal, away: int, profit: bool) -> None:
        distance = Decimal(away).scaleb(-2)
        self.place(
            terms(
                Side.BUY,
                quantity,
                str(limit),
                order_class=OrderClass.OTO,
                take_profit=str(limit + distance) if profit else None,
                stop_loss=None if profit else str(limit - distance),
            )
        )

    @rule(
        side=sides,
        contract=st.sampled_from(CALLS),
        quantity=st.integers(1, 5).map(str),
        limit=premiums,
    )
    def order_option(
        self, side: Side, contract: OptionContract, quantity: str, limit: Decimal
    ) -> None:
        self.place(terms(side, quantity, str(limit), symbol=contract.symbol))

    @rule(
        debit=st.booleans(), closes=st.booleans(), quantity=st.integers(1, 5).map(str), at=premiums
    )
    def order_spread(self, debit: bool, closes: bool, quantity: str, at: Decimal) -> None:
        sign = 1 if debit else -1
        legs = (leg(LOW, sign, closes=closes), leg(HIGH, -sign, closes=closes))
        self.place(spread(legs, quantity, str(sign * at)))

    @rule(up=st.booleans(), debit=st.booleans(), quantity=st.integers(1, 5).map(str), at=premiums)
    def roll_spread(self, up: bool, debit: bool, quantity: str, at: Decimal) -> None:
        """Out of one month into the other, or back."""
        sign = 1 if debit else -1
        out, into = ((LOW, HIGH), (NEXT_LOW, NEXT_HIGH))[:: 1 if up else -1]
        legs = (
            leg(out[0], -sign, closes=True),
            leg(out[1], sign, closes=True),
            leg(into[0], sign),
            leg(into[1], -sign),
        )
        self.place(spread(legs, quantity, str(at)))

    @rule(which=st.integers(0, 100), member=st.integers(0, 2))
    def cancel(self, which: int, member: int) -> None:
        if self.roots:
            root = self.lab.venue.order(self.roots[which % len(self.roots)])
            assert root is not None
            members = (root, *root.legs) if root.order_class is not OrderClass.MLEG else (root,)
            self.lab.cancel(members[member % len(members)])
            self.look()

    @rule(hours=st.sampled_from((1, 1, 1, 30)))
    def wait(self, hours: int) -> None:
        self.lab.advance(self.lab.now + timedelta(hours=hours))
        self.look()

    @rule()
    def restart(self) -> None:
        before = self.lab.venue.open_orders()
        self.lab.venue = Venue(self.lab.venue.state(), self.lab.market, self.lab.sessions)
        assert self.lab.venue.open_orders() == before
        # What a quote has left is not kept over a restart: it is there again.
        for key in self.traded:
            self.traded[key] = Decimal(0)

    @invariant()
    def cash_is_conserved_to_the_cent(self) -> None:
        state = self.lab.venue.state()
        expected = CASH
        for one in state.executions:
            expected -= one.side.sign * one.quantity * one.price * one.instrument.multiplier
        for ended in state.settlements:
            expected += ended.quantity * ended.price * ended.contract.multiplier
        assert state.ledger.cash == expected

    @invariant()
    def positions_are_the_sum_of_executions(self) -> None:
        state = self.lab.venue.state()
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for one in state.executions:
            before = sums[one.instrument.symbol]
            after = before + one.side.sign * one.quantity
            assert before * after >= 0, "an order turned a position round"
            sums[one.instrument.symbol] = after
        for ended in state.settlements:
            sums[ended.contract.symbol] -= ended.quantity
        held = {one.instrument.symbol: one.quantity for one in state.positions}
        assert held == {symbol: sums[symbol] for symbol in held}
        assert all(quantity == 0 for symbol, quantity in sums.items() if symbol not in held)

    @invariant()
    def no_order_fills_beyond_its_quantity(self) -> None:
        state = self.lab.venue.state()
        filled: dict[str, Decimal] = defaultdict(Decimal)
        for one in state.executions:
            filled[one.broker_order_id] += one.quantity
        for order in state.orders:
            per_unit = sum(abs(one.ratio) for one in order.legs) or 1
            assert order.filled * per_unit == filled[order.broker_order_id]
            assert 0 <= order.filled <= order.quantity
        assert len({one.execution_id for one in state.executions}) == len(state.executions)

    @invariant()
    def the_exits_of_a_group_never_fill_more_than_there_was(self) -> None:
        orders = {one.broker_order_id: one for one in self.lab.venue.state().orders}
        for root in orders.values():
            if not root.child_ids:
                continue
            children = [orders[child] for child in root.child_ids]
            exits = children if root.order_class is not OrderClass.OCO else [root, *children]
            whole = max(root.quantity, root.filled)
            assert sum(one.filled for one in exits) <= whole
            if root.order_class is not OrderClass.OCO and root.filled < root.quantity:
                assert all(one.filled == 0 for one in exits)
            assert _ends_together(root, children)

    @invariant()
    def what_is_kept_of_open_orders_is_what_going_through_them_gives(self) -> None:
        book = self.lab.venue._book
        working = list(book.open_orders())
        assert book.reserved == reserved_margin(working)
        assert {one.broker_order_id for one in book.queued()} == {
            one.broker_order_id for one in working if one.status is VenueStatus.ACCEPTED
        }
        roots: dict[tuple[str, Side], set[str]] = defaultdict(set)
        for order in working:
            for instrument, side, _ in order.deltas(order.leaves):
                if order.role is Role.ROOT:
                    roots[instrument.symbol, side].add(order.broker_order_id)
        for symbol in ("AAPL", *(one.symbol for one in CALLS)):
            for side in Side:
                found = [one.broker_order_id for one in book.roots_on(symbol, side)]
                assert set(found) == roots[symbol, side]
                assert len(set(found)) == len(found)
        assert all(book.moment is None or one.expires_at > book.moment for one in working)

    @invariant()
    def no_quote_gives_more_than_it_displays(self) -> None:
        for symbol, (bid_size, ask_size) in self.displayed.items():
            assert self.traded[symbol, Side.BUY] <= ask_size
            assert self.traded[symbol, Side.SELL] <= bid_size

    @invariant()
    def no_short_call_is_without_cover(self) -> None:
        """At each expiry, by what lives until then."""
        shares = max(Decimal(0), self.lab.held("AAPL")) // 100
        for alive in (CALLS, (NEXT_LOW, NEXT_HIGH)):
            sold = sum(self.lab.held(one.symbol) for one in alive)
            assert self.lab.now >= expires_at(LOW) or sold + shares >= 0


def _ends_together(root: VenueOrder, children: list[VenueOrder]) -> bool:
    """Once an exit is over, so is the other; a waiting entry has open exits and no others."""
    if root.order_class is OrderClass.OCO:
        return root.is_open or all(one.role is Role.STOP_LOSS for one in children)
    targets = [one for one in children if one.role is Role.TAKE_PROFIT]
    stops = [one for one in children if one.role is Role.STOP_LOSS]
    if root.is_open:
        return all(one.is_open for one in children)
    return not (targets and stops) or not (targets[0].is_open and not stops[0].is_open)


VenueMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_the_venue_keeps_its_promises = pytest.mark.slow(VenueMachine.TestCase)
