"""The kept sums are those that adding everything up gives, whatever happens in whatever order."""

from datetime import timedelta
from decimal import Decimal

from attrs import evolve
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.model.fill import Fill
from cream.core.model.market import Datum, Known, Quote, Stale, Unknown
from cream.core.model.order import (
    Order,
    OrderClass,
    OrderLeg,
    OrderPurpose,
    OrderStatus,
    OrderTerms,
    Side,
)
from cream.core.risk.exposure import Exposure, exposure_of
from cream.core.risk.ledger import Ledger
from cream.core.risk.prices import Prices
from tests.fakes.builders import order_terms
from tests.unit.core.risk.scenes import (
    MARKET,
    NOW,
    VERTICAL,
    VERTICAL_CLOSING,
    d,
    instrument,
    leg,
    quote,
)

LOW, HIGH = (one.contract.symbol for one in VERTICAL)
SYMBOLS = ("AAPL", "TSLA", LOW, HIGH)
STALE_AFTER = 5.0


class Kept:
    """A book, a market, and the ledger that follows both."""

    def __init__(self) -> None:
        self.book = Book()
        self.now = NOW
        self.quotes: dict[str, Quote] = {}
        self.ledger = Ledger(self.book, self.quotes.get, STALE_AFTER)

    def record(self, event: e.Event) -> None:
        self.book.apply(e.Record(self.book.sequence + 1, event))

    def quote(self, symbol: str, bid: str, ask: str, told: bool = True) -> None:
        self.quotes[symbol] = evolve(quote(symbol, bid, ask), at=self.now)
        if told:
            self.ledger.quoted(self.quotes[symbol])

    def hold(self, symbol: str, quantity: int, price: str = "100") -> None:
        self.record(
            e.PositionAdjusted(
                at=NOW,
                instrument=instrument(symbol),
                quantity=d(quantity),
                average_price=d(price),
                reason="test",
            )
        )

    def intend(self, terms: OrderTerms) -> None:
        self.record(e.OrderIntended(at=NOW, terms=terms, reason="test"))

    def fill(self, execution_id: str, order: Order, quantity: Decimal) -> None:
        fill = Fill(
            execution_id=execution_id,
            order_id=order.order_id,
            instrument=order.terms.instrument,
            side=order.terms.side,
            quantity=quantity,
            price=d("101"),
            executed_at=NOW,
            commission=d(0),
        )
        self.record(e.OrderFilled(at=NOW, fill=fill))

    def added_up(self) -> Exposure:
        """What going through everything gives."""

        def datum(symbol: str) -> Datum[Quote]:
            found = self.quotes.get(symbol)
            if found is None:
                return Unknown("no quote has come")
            age = (self.now - found.at).total_seconds()
            return Known(found) if age <= STALE_AFTER else Stale(found, age)

        prices = Prices(datum)
        return exposure_of(self.book.positions.values(), tuple(self.book.open_orders()), prices)


def essence(exposure: Exposure) -> Exposure:
    """Without what may differ: the order of doubts, lines of nothing, Greeks kept for a while."""
    lines = {
        name: evolve(
            line,
            buys=tuple(sorted(line.buys, key=lambda one: one.order_id)),
            sells=tuple(sorted(line.sells, key=lambda one: one.order_id)),
        )
        for name, line in sorted(exposure.lines.items())
        if line.held or line.orders or line.buying or line.selling or line.exiting
    }
    return evolve(
        exposure,
        lines=lines,
        stakes={name: value for name, value in exposure.stakes.items() if value},
        contracts={name: count for name, count in exposure.contracts.items() if count},
        spread_value={name: value for name, value in exposure.spread_value.items() if value},
        held_options={name: tuple(sorted(of)) for name, of in exposure.held_options.items()},
        doubts=tuple(sorted(exposure.doubts)),
        unvalued=tuple(sorted(exposure.unvalued)),
        priced=(),
        lean=type(exposure.lean)(),
        leans={},
    )


class AsAddedUp(RuleBasedStateMachine):
    """Orders, fills, adjustments, quotes told and untold, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.of = Kept()
        self.count = 0
        for symbol, (bid, ask) in MARKET.items():
            self.of.quote(symbol, bid, ask)

    @rule(
        symbol=st.sampled_from(SYMBOLS),
        quantity=st.integers(1, 20),
        side=st.sampled_from(Side),
        limit=st.sampled_from(["100", None]),
    )
    def intend(self, symbol: str, quantity: int, side: Side, limit: str | None) -> None:
        self.count += 1
        name = f"o-{self.count}"
        self.of.intend(
            order_terms(name, str(quantity), side=side, instrument=instrument(symbol), limit=limit)
        )

    @rule(quantity=st.integers(1, 5))
    def intend_spread(self, quantity: int) -> None:
        self.count += 1
        legs = tuple(OrderLeg(one.contract, one.ratio, one.intent) for one in VERTICAL)
        self.of.intend(
            order_terms(
                f"o-{self.count}",
                str(quantity),
                limit="3.10",
                legs=legs,
                order_class=OrderClass.MLEG,
            )
        )

    @rule(quantity=st.integers(1, 5), limit=st.sampled_from(["1.10", None]))
    def intend_roll(self, quantity: int, limit: str | None) -> None:
        self.count += 1
        legs = (*VERTICAL_CLOSING, leg("AAPL  261218P00230000", 1))
        self.of.intend(
            order_terms(
                f"o-{self.count}",
                str(quantity),
                limit=limit,
                legs=tuple(OrderLeg(one.contract, one.ratio, one.intent) for one in legs),
                order_class=OrderClass.MLEG,
                purpose=OrderPurpose.ROLL,
            )
        )

    @rule(index=st.integers(0, 5), quantity=st.integers(1, 5))
    def fill(self, index: int, quantity: int) -> None:
        working = [one for one in self.of.book.open_orders() if not one.terms.legs]
        if not working:
            return
        order = working[index % len(working)]
        self.count += 1
        self.of.fill(f"x-{self.count}", order, min(d(quantity), order.leaves))

    @rule(index=st.integers(0, 5))
    def cancel(self, index: int) -> None:
        working = list(self.of.book.open_orders())
        if working:
            self.of.record(
                e.OrderProgressed(
                    at=NOW,
                    order_id=working[index % len(working)].order_id,
                    status=OrderStatus.CANCELED,
                    reason="test",
                )
            )

    @rule(symbol=st.sampled_from(SYMBOLS), quantity=st.integers(-20, 20))
    def adjust(self, symbol: str, quantity: int) -> None:
        self.of.hold(symbol, quantity)

    @rule(symbol=st.sampled_from(SYMBOLS), price=st.integers(1, 400))
    def quote(self, symbol: str, price: int) -> None:
        self.of.quote(symbol, str(price), f"{price}.02")

    @rule(symbol=st.sampled_from(SYMBOLS))
    def cross(self, symbol: str) -> None:
        self.of.quote(symbol, "9", "8")

    @rule(seconds=st.sampled_from([1, 4, 7]))
    def wait(self, seconds: int) -> None:
        self.of.now += timedelta(seconds=seconds)

    @rule()
    def restamp_without_a_word(self) -> None:
        """A market that moves by hand says again what it said before, and tells nobody."""
        for symbol, (bid, ask) in [
            (one.symbol, (str(one.bid), str(one.ask))) for one in self.of.quotes.values()
        ]:
            self.of.quote(symbol, bid, ask, told=False)

    @invariant()
    def the_sums_are_right(self) -> None:
        assert essence(self.of.ledger.exposure(self.of.now)) == essence(self.of.added_up())


AsAddedUp.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
test_the_kept_sums_are_those_of_adding_up = AsAddedUp.TestCase


def kept() -> Kept:
    of = Kept()
    for symbol, (bid, ask) in MARKET.items():
        of.quote(symbol, bid, ask)
    return of


def test_nothing_is_worked_out_for_a_quote_that_nobody_needs() -> None:
    of = kept()
    of.hold("AAPL", 10)
    before = of.ledger.exposure(NOW)

    of.quote("MSFT", "1", "2")

    assert of.ledger.exposure(NOW) is before


def test_a_snapshot_never_changes() -> None:
    of = kept()
    of.hold("AAPL", 10)
    before = of.ledger.exposure(NOW)
    gross = before.gross

    of.hold("AAPL", 99)
    of.quote("AAPL", "1", "2")

    assert before.gross == gross
    assert before.lines["AAPL"].held == 10


def test_a_quote_that_is_only_stamped_anew_changes_no_sum() -> None:
    of = kept()
    of.hold("AAPL", 10)
    before = of.ledger.exposure(NOW)

    of.now += timedelta(seconds=4)
    of.quote("AAPL", *MARKET["AAPL"])
    of.now += timedelta(seconds=4)

    assert of.ledger.exposure(of.now) is before


def test_the_ages_are_kept_of_what_is_held_and_of_nothing_else() -> None:
    of = kept()
    of.hold("AAPL", 10)
    of.ledger.follow()
    for second in range(500):
        of.now = NOW + timedelta(seconds=second)
        of.quote("AAPL", "100", f"{200 + second}")
    of.hold("AAPL", 0)

    assert of.ledger.exposure(of.now + timedelta(hours=1)).doubts == ()
    assert len(of.ledger._ages) < 100


def test_an_old_quote_is_a_doubt_that_names_it() -> None:
    of = kept()
    of.hold("AAPL", 10)
    of.now += timedelta(seconds=6)

    assert of.ledger.exposure(of.now).doubts == ("the quote of AAPL is 6.0 s old",)


def test_greeks_of_what_is_held_are_kept_too() -> None:
    of = kept()
    of.hold(LOW, 2, "4.20")
    of.hold("AAPL", 50)

    lean = of.ledger.exposure(NOW).leans["AAPL"]

    assert Decimal(50) < lean.held.delta < Decimal(250)
    assert of.ledger.exposure(NOW).lean == lean
    assert lean.held.theta < 0


def test_the_quote_of_an_option_s_underlying_has_to_be_fresh_too() -> None:
    kept = Kept()
    for symbol in ("AAPL", LOW):
        kept.quote(symbol, *MARKET[symbol])
    kept.hold(LOW, 1, "4")
    assert kept.ledger.exposure(kept.now).doubts == ()

    kept.now += timedelta(seconds=6)
    kept.quote(LOW, *MARKET[LOW])

    assert kept.ledger.exposure(kept.now).doubts == ("the quote of AAPL is 6.0 s old",)
    kept.quote("AAPL", *MARKET["AAPL"])
    assert kept.ledger.exposure(kept.now).doubts == ()
