"""What is at stake already: everything held, and every working order as if it filled?

The worst case is taken per side: entries that buy fill and entries that sell do not, or the other
way round. Working exits are not counted on: until they fill, what they would close is held. An
order that closes one side and opens the other counts as an exit and an entry.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from attrs import define, field, frozen

from cream.core.model.instrument import Instrument, OptionContract, OptionRight
from cream.core.model.money import ZERO
from cream.core.model.order import Order, OrderPurpose, OrderTerms, Side
from cream.core.model.position import Position
from cream.core.model.side import BUY, SELL
from cream.core.options.cover import lots, short_of, with_cover
from cream.core.options.spread import all_close, opens, spread_risk, worst_payoff
from cream.core.risk.lean import NO_LEAN, Lean, leans_of
from cream.core.risk.line import Line, is_occupied
from cream.core.risk.margin import entry_margin, spread_margin
from cream.core.risk.prices import Prices
from cream.core.risk.tally import Tally


@frozen(kw_only=True)
class Exposure:
    """Everything at stake, in sums that a judgement can add to without looking at each position.

    By underlying: `spread_value` is what spreads can lose, those held (as one group with every
    option of that underlying) and those that work; `stakes` is what it adds to the gross value,
    shares and options together; `contracts` counts contracts, long and short, and
    `option_positions` the different ones that are held or being entered; `held_options` lists those
    held; `leans` are the Greeks where there are options. `in_options` is what options add to
    the gross value, `lean` the Greeks of all. `reserved` is the margin that working entries take.
    `doubts` says which marks are missing or stale, `unvalued` which options have no Greeks;
    `priced` are the symbols whose quotes must be fresh. Units: dollars.
    """

    lines: Mapping[str, Line]
    gross: Decimal = ZERO
    net_held: Decimal = ZERO
    long_working: Decimal = ZERO
    short_working: Decimal = ZERO
    spread_value: Mapping[str, Decimal] = field(factory=dict)
    contracts: Mapping[str, Decimal] = field(factory=dict)
    option_positions: Mapping[str, int] = field(factory=dict)
    held_options: Mapping[str, tuple[str, ...]] = field(factory=dict)
    stakes: Mapping[str, Decimal] = field(factory=dict)
    in_options: Decimal = ZERO
    leans: Mapping[str, Lean] = field(factory=dict)
    lean: Lean = NO_LEAN
    reserved: Decimal = ZERO
    open_orders: int = 0
    occupied: int = 0
    doubts: tuple[str, ...] = ()
    unvalued: tuple[str, ...] = ()
    priced: tuple[str, ...] = ()

    def line(self, instrument: Instrument) -> Line:
        """The line of `instrument`; an empty one where nothing is held and nothing works."""
        return self.lines.get(instrument.symbol) or Line(instrument=instrument)


def exposure_of(
    positions: Iterable[Position], working: Iterable[Order], prices: Prices
) -> Exposure:
    """The exposure of these holdings and open orders. Looks at each of them once."""
    ledger = _Ledger(prices)
    for position in positions:
        if not position.is_flat:
            ledger.hold(position)
    tactics = {order.order_id for order in working if order.terms.is_tactic}
    for order in working:
        # A slice is part of what its parent has left, a bracket's leg guards what its entry fills.
        own = order.terms.parent_order_id is None
        if own:
            ledger.open_orders += 1
        if order.terms.purpose.is_protective or order.terms.parent_order_id in tactics:
            continue
        ledger.work(order)
    return ledger.total()


def exposure_of_share(position: Position | None, tally: Tally, prices: Prices) -> Exposure:
    """What `exposure_of` gives for a holding in a share and its orders, from sums of the orders.

    Only where the tally stands alone beside the holding.
    """
    ledger = _Ledger(prices)
    if position is not None and not position.is_flat:
        ledger.hold(position)
    buys, sells = tally.orders
    for order in (*buys[:1], *sells[:1]):
        ledger.begin(order.terms.instrument, tally, buys, sells)
    ledger.open_orders, ledger.reserved = tally.open_orders, tally.reserved
    for order in tally.floating.values():
        ledger.work(order)
    return ledger.total()


def _options_in(
    lines: Mapping[str, Line],
) -> tuple[dict[str, Decimal], dict[str, int], dict[str, tuple[str, ...]]]:
    """By underlying: contracts, long and short; different ones, held or entered; those held."""
    contracts: dict[str, Decimal] = {}
    positions: dict[str, int] = {}
    held: dict[str, tuple[str, ...]] = {}
    for symbol, line in lines.items():
        if isinstance(line.instrument, OptionContract):
            name = line.instrument.underlying
            units = max(line.long_units, line.short_units)
            contracts[name] = contracts.get(name, ZERO) + units
            if is_occupied(line):
                positions[name] = positions.get(name, 0) + 1
            if line.held:
                held[name] = (*held.get(name, ()), symbol)
    return contracts, positions, held


def group_value(positions: Sequence[Position], prices: Prices, shares: Decimal = ZERO) -> Decimal:
    """What the held options of one underlying put at stake, some of them short.

    The most that the group can lose from what it cost, with the `shares` that are held beside it;
    where that is without bound, the premium of the longs and the value of the shares that the
    shorts can have to deliver or to take. Units: dollars.
    """
    owned = [
        (position.instrument, position.quantity)
        for position in positions
        if isinstance(position.instrument, OptionContract)
    ]
    worst = worst_payoff(with_cover(owned, shares))
    multiplier = positions[0].instrument.multiplier if positions else 1
    if worst is not None:
        cost = sum((position.cost for position in positions), ZERO)
        return max(ZERO, cost - worst) * multiplier
    return sum((abs(quantity) * _at_stake(one, quantity, prices) for one, quantity in owned), ZERO)


def _at_stake(contract: OptionContract, quantity: Decimal, prices: Prices) -> Decimal:
    """Dollars per contract: the premium of a long one, the shares behind a naked short one."""
    if quantity > 0:
        return (prices.of(contract.symbol).mid or ZERO) * contract.multiplier
    share = contract.strike
    if contract.right is OptionRight.CALL:
        share = max(share, prices.of(contract.underlying).mid or ZERO)
    return share * contract.multiplier


@define
class _Entry:
    """A line while it is being added up."""

    instrument: Instrument
    position: Position | None = None
    mark: Decimal = ZERO
    buying: Decimal = ZERO
    selling: Decimal = ZERO
    exiting: Decimal = ZERO
    crossing: Decimal = ZERO
    buying_value: Decimal = ZERO
    selling_value: Decimal = ZERO
    buys: tuple[Order, ...] = ()
    sells: tuple[Order, ...] = ()
    orders: list[Order] = field(factory=list)

    @property
    def held(self) -> Decimal:
        return ZERO if self.position is None else self.position.quantity

    def takes(self, side: Side) -> Decimal:
        """How much of an entry on `side` would only close, beside those counted already."""
        return max(ZERO, -side.sign * self.held - self.crossing)

    def line(self, *, grouped: bool) -> Line:
        """The line, once everything is added up."""
        return Line(
            instrument=self.instrument,
            held=self.held,
            mark=self.mark,
            buying=self.buying,
            selling=self.selling,
            exiting=self.exiting,
            buying_value=self.buying_value,
            selling_value=self.selling_value,
            grouped=grouped,
            buys=self.buys + tuple(one for one in self.orders if one.terms.side is Side.BUY),
            sells=self.sells + tuple(one for one in self.orders if one.terms.side is Side.SELL),
        )


@define
class _Ledger:
    """Adds up positions first, then working orders."""

    prices: Prices
    entries: dict[str, _Entry] = field(factory=dict)
    spread_value: dict[str, Decimal] = field(factory=dict)
    reserved: Decimal = ZERO
    open_orders: int = 0
    doubts: dict[str, None] = field(factory=dict)
    priced: dict[str, None] = field(factory=dict)
    # By underlying: calls that shares could still be delivered on.
    lots_left: dict[str, Decimal] = field(factory=dict)

    def hold(self, position: Position) -> None:
        entry = self._entry(position.instrument)
        entry.position = position
        reading = self.prices.of(position.instrument.symbol)
        self.priced[position.instrument.symbol] = None
        self._doubt(reading.doubt)
        # Without any price the entry price stands in; the doubt denies increases in the meantime.
        entry.mark = abs(position.average_price) if reading.mid is None else reading.mid

    def begin(
        self,
        instrument: Instrument,
        tally: Tally,
        buys: tuple[Order, ...],
        sells: tuple[Order, ...],
    ) -> None:
        """Count what has been added up already."""
        entry = self._entry(instrument)
        entry.buying, entry.selling = tally.buying, tally.selling
        entry.exiting = tally.exiting
        entry.buying_value, entry.selling_value = tally.buying_value, tally.selling_value
        entry.buys, entry.sells = buys, sells

    def work(self, order: Order) -> None:
        terms, leaves = order.terms, order.leaves
        if terms.legs:
            self._work_legs(terms, leaves)
            return
        entry = self._entry(terms.instrument)
        entry.orders.append(order)
        closing = leaves
        if terms.purpose is not OrderPurpose.EXIT:
            closing = min(leaves, entry.takes(terms.side))
            entry.crossing += closing
        opening = leaves - closing
        entry.exiting += closing
        if opening > 0:
            self._work_entry(entry, terms, opening)

    def _work_entry(self, entry: _Entry, terms: OrderTerms, opening: Decimal) -> None:
        counted = opening
        if isinstance(terms.instrument, OptionContract) and terms.side is SELL:
            counted = self._uncovered(terms.instrument, opening)
        value = counted * self._price(terms) * terms.instrument.multiplier
        self.reserved += entry_margin(terms.instrument, value)
        if terms.side is BUY:
            entry.buying += opening
            entry.buying_value += value
        else:
            entry.selling += opening
            entry.selling_value += value

    def _uncovered(self, contract: OptionContract, count: Decimal) -> Decimal:
        """How many of the options that an order sells are not covered by shares that are held."""
        name = contract.underlying
        if contract.right is OptionRight.PUT:
            return count
        if name not in self.lots_left:
            owned = [
                (one.instrument, one.quantity)
                for one in self._held()
                if isinstance(one.instrument, OptionContract) and one.instrument.underlying == name
            ]
            free = lots(self._shares(name)) - short_of(owned, OptionRight.CALL)
            self.lots_left[name] = max(ZERO, free)
        covered = min(count, self.lots_left[name])
        self.lots_left[name] -= covered
        return count - covered

    def _price(self, terms: OrderTerms) -> Decimal:
        if isinstance(terms.instrument, OptionContract) and terms.side is SELL:
            # What matters is the obligation, and of a put what the sale brings is there for it.
            brings = terms.limit_price or ZERO
            put = terms.instrument.right is OptionRight.PUT
            return max(ZERO, terms.instrument.strike - brings) if put else terms.instrument.strike
        price = terms.limit_price or terms.stop_price
        if price is None:
            reading = self.prices.of(terms.instrument.symbol)
            self.priced[terms.instrument.symbol] = None
            self._doubt(reading.doubt)
            price = reading.far_side(terms.side) or reading.mid or ZERO
        return price

    def _work_legs(self, terms: OrderTerms, leaves: Decimal) -> None:
        for leg in terms.legs:
            entry = self._entry(leg.contract)
            quantity = abs(leg.ratio) * leaves
            if not opens(leg):
                entry.exiting += quantity
            elif leg.ratio > 0:
                entry.buying += quantity
            else:
                entry.selling += quantity
        if all_close(terms.legs):
            return
        net = self.prices.net_of_opening(terms)
        if net is None:
            self._doubt(f"no price of the spread on {terms.instrument.symbol} that works")
        legs = terms.opening_legs
        risk = spread_risk(legs, net or ZERO)
        loss = risk.max_loss
        if loss is None:
            shorts = (leg for leg in legs if leg.ratio < 0)
            loss = sum((leg.contract.strike * -leg.ratio * 100 for leg in shorts), ZERO)
        self._stake(terms.instrument.underlying, loss * leaves)
        self.reserved += spread_margin(loss * leaves)

    def total(self) -> Exposure:
        mixed = self._group_held_options()
        lines: dict[str, Line] = {}
        gross = sum(self.spread_value.values(), ZERO)
        stakes, in_options = dict(self.spread_value), gross
        net_held = long_working = short_working = ZERO
        for symbol, entry in self.entries.items():
            instrument = entry.instrument
            of_option = isinstance(instrument, OptionContract)
            line = entry.line(grouped=of_option and instrument.underlying in mixed)
            lines[symbol] = line
            if of_option and is_occupied(line):
                # What an option puts at stake, and how it leans, hangs on its underlying's price.
                self.priced[instrument.underlying] = None
                self._doubt(self.prices.of(instrument.underlying).doubt)
            at_stake = line.gross()
            gross += at_stake
            if of_option:
                in_options += at_stake
            stakes[instrument.underlying] = stakes.get(instrument.underlying, ZERO) + at_stake
            long_working += line.buying_value
            short_working += line.selling_value
            if not line.grouped:
                net_held += line.held_value if line.held > 0 else -line.held_value
        contracts, option_positions, held_options = _options_in(lines)
        leans, unvalued = leans_of(lines, self.prices)
        lean = NO_LEAN
        for one in leans.values():
            lean = lean.plus(one)
        return Exposure(
            lines=lines,
            gross=gross,
            net_held=net_held,
            long_working=long_working,
            short_working=short_working,
            spread_value=self.spread_value,
            contracts=contracts,
            option_positions=option_positions,
            held_options=held_options,
            stakes=stakes,
            in_options=in_options,
            leans=leans,
            lean=lean,
            reserved=self.reserved,
            open_orders=self.open_orders,
            occupied=sum(1 for line in lines.values() if is_occupied(line)),
            doubts=tuple(self.doubts),
            unvalued=unvalued,
            priced=tuple(self.priced),
        )

    def _group_held_options(self) -> set[str]:
        """Put the held options of each underlying that has short ones at stake as one."""
        by_underlying: dict[str, list[Position]] = {}
        for position in self._held():
            if isinstance(position.instrument, OptionContract):
                by_underlying.setdefault(position.instrument.underlying, []).append(position)
        mixed: set[str] = set()
        for underlying, positions in by_underlying.items():
            if any(position.quantity < 0 for position in positions):
                mixed.add(underlying)
                self._stake(
                    underlying, group_value(positions, self.prices, self._shares(underlying))
                )
        return mixed

    def _shares(self, underlying: str) -> Decimal:
        entry = self.entries.get(underlying)
        return ZERO if entry is None else entry.held

    def _held(self) -> Iterator[Position]:
        return (one.position for one in self.entries.values() if one.position is not None)

    def _entry(self, instrument: Instrument) -> _Entry:
        found = self.entries.get(instrument.symbol)
        if found is None:
            found = self.entries[instrument.symbol] = _Entry(instrument)
        return found

    def _stake(self, underlying: str, value: Decimal) -> None:
        self.spread_value[underlying] = self.spread_value.get(underlying, ZERO) + value

    def _doubt(self, doubt: str | None) -> None:
        if doubt is not None:
            self.doubts[doubt] = None
