"""A subscriber sees of each change what it touched, as it is then, and nothing else."""

from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.execution import events as e
from cream.core.model.fill import Fill
from cream.core.model.market import Datum, Known, Unknown
from cream.core.model.order import OrderPurpose, OrderStatus, Side
from cream.core.model.state import Cause, TradingState
from cream.core.operations import Subscription, Update
from cream.daemon.desk import Committed
from cream.daemon.hub import Hub
from cream.daemon.publication import Publisher, position_view, touched_by
from tests.fakes.builders import AAPL, CALL, HIGHER_CALL, MSFT, NOW, bracket, order_terms, tactic
from tests.fakes.ledger import Ledger

ENTRY = order_terms("o", "10", limit="100")


def a_fill(order_id: str = "o", quantity: str = "4", execution_id: str = "x") -> Fill:
    return Fill(
        execution_id=execution_id,
        order_id=order_id,
        instrument=AAPL,
        side=Side.BUY,
        quantity=Decimal(quantity),
        price=Decimal(100),
        executed_at=NOW,
    )


def touched(ledger: Ledger, event: e.Event) -> tuple[list[str], list[str]]:
    """Orders and symbols that a subscriber is shown after `event`."""
    ledger.apply(event)
    found = touched_by(ledger.book, event)
    assert all(one is ledger.order(one.order_id) for one in found.orders), "as they are then"
    return [one.order_id for one in found.orders], list(found.symbols)


# What an event touches --------------------------------------------------------------------------


def test_an_order_is_shown_from_its_intent_on() -> None:
    ledger = Ledger()

    assert touched(ledger, e.OrderIntended(at=NOW, terms=ENTRY, reason="r")) == (["o"], [])


@pytest.mark.parametrize(
    "event",
    [
        e.OrderAcknowledged(
            at=NOW,
            order_id="o",
            broker_order_id="b",
            status=OrderStatus.ACCEPTED,
            broker_updated_at=NOW,
        ),
        e.OrderRefused(at=NOW, order_id="o", code="X", message="no"),
        e.SubmitUnknown(at=NOW, order_id="o", why="timeout"),
        e.OrderProgressed(at=NOW, order_id="o", status=OrderStatus.CANCELED, reason="r"),
        e.CancelRequested(at=NOW, order_id="o", reason="r", actor="kim"),
        e.CancelRefused(at=NOW, order_id="o", reason="r"),
        e.OrderReplaced(
            at=NOW,
            order_id="o",
            replaces="b",
            broker_order_id="b2",
            quantity=Decimal(8),
            limit_price=Decimal(99),
            stop_price=None,
            broker_updated_at=NOW,
        ),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_happens_to_an_order_shows_that_order(event: e.Event) -> None:
    ledger = Ledger()
    ledger.intend(ENTRY, order_terms("other", "10"))

    assert touched(ledger, event) == (["o"], [])


def test_an_exit_that_the_broker_lists_is_shown_as_its_own_order() -> None:
    ledger = Ledger()
    ledger.work(bracket("entry"))
    exits = [one.order_id for one in ledger.book.children("entry")]

    listed = [one.event for one in ledger.records if isinstance(one.event, e.ChildListed)]

    shown = [touched_by(ledger.book, event).orders[0].order_id for event in listed]
    assert shown == exits


@pytest.mark.parametrize("kind", [e.OrderFilled, e.FillInferred])
def test_a_fill_shows_its_order_and_the_holding(
    kind: type[e.OrderFilled] | type[e.FillInferred],
) -> None:
    ledger = Ledger()
    ledger.work(ENTRY)

    assert touched(ledger, kind(at=NOW, fill=a_fill())) == (["o"], ["AAPL"])


def test_a_fill_of_a_slice_shows_the_tactic_too() -> None:
    ledger = Ledger()
    ledger.intend(tactic("whole", ("10",)), order_terms("slice", "10", parent="whole"))

    event = e.OrderFilled(at=NOW, fill=a_fill("slice"))

    assert touched(ledger, event) == (["slice", "whole"], ["AAPL"])
    assert ledger.order("whole").filled == 4


def test_a_fill_of_an_exit_does_not_show_its_entry() -> None:
    """The entry is as it was: only a tactic counts its children's fills."""
    ledger = Ledger()
    ledger.work(ENTRY)
    ledger.intend(order_terms("exit", "4", side=Side.SELL, parent="o"))

    event = e.OrderFilled(at=NOW, fill=evolve(a_fill("exit"), side=Side.SELL))

    assert touched(ledger, event) == (["exit"], ["AAPL"])


@pytest.mark.parametrize("after", [None, a_fill(quantity="5", execution_id="real")])
def test_a_correction_shows_the_order_and_each_holding_once(after: Fill | None) -> None:
    ledger = Ledger()
    ledger.work(ENTRY)
    before = (a_fill(execution_id="x1"), a_fill(execution_id="x2"))
    ledger.apply(*(e.OrderFilled(at=NOW, fill=one) for one in before))

    event = e.FillCorrected(at=NOW, order_id="o", before=before, after=after, reason="r")

    assert touched(ledger, event) == (["o"], ["AAPL"])


def test_a_spread_that_fills_shows_the_holding_of_each_leg() -> None:
    ledger = Ledger()
    ledger.intend(order_terms("spread", "2"))
    legs = tuple(
        evolve(a_fill("spread", "2", name), instrument=contract)
        for name, contract in (("x1", CALL), ("x2", HIGHER_CALL))
    )

    event = e.SpreadFilled(
        at=NOW,
        order_id="spread",
        execution_id="x",
        quantity=Decimal(2),
        net_price=Decimal(3),
        legs=legs,
    )

    assert touched(ledger, event) == (["spread"], [CALL.symbol, HIGHER_CALL.symbol])


def test_a_holding_that_is_adjusted_or_whose_level_is_reached_is_shown() -> None:
    ledger = Ledger()
    adjusted = e.PositionAdjusted(
        at=NOW,
        instrument=MSFT,
        quantity=Decimal(3),
        average_price=Decimal(500),
        reason="r",
    )
    reached = e.ProtectionTriggered(
        at=NOW,
        symbol="MSFT",
        kind="stop_loss",
        level=Decimal(490),
        price=Decimal(489),
        exit_order_id="exit",
    )

    assert touched(ledger, adjusted) == ([], ["MSFT"])
    assert touched(ledger, reached) == ([], ["MSFT"])


@pytest.mark.parametrize(
    "event",
    [
        e.RunStopped(at=NOW),
        e.MassCancelOwed(at=NOW, reason="r"),
        e.MassCancelConfirmed(at=NOW),
        e.RestrictionLifted(at=NOW, cause=Cause.OPERATOR, reason="r", actor="kim"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_event_about_the_daemon_touches_no_order(event: e.Event) -> None:
    assert touched(Ledger(), event) == ([], [])


# What is published ------------------------------------------------------------------------------


class Audience:
    """A publisher over a ledger, and someone who listens."""

    def __init__(self, mark: Datum[Decimal] = Known(Decimal(101))) -> None:  # noqa: B008 - frozen
        self.ledger = Ledger()
        self.hub = Hub(buffer=100)
        self.asked: list[str] = []
        self.publisher = Publisher(self.ledger.book, self.hub, self.mark_of)
        self._mark = mark

    def mark_of(self, symbol: str) -> Datum[Decimal]:
        self.asked.append(symbol)
        return self._mark

    def commit(self, *events: e.Event) -> None:
        """Apply and publish, as the desk does."""
        committed = []
        for event in events:
            self.ledger.apply(event)
            committed.append(
                Committed(self.ledger.records[-1], touched_by(self.ledger.book, event))
            )
        self.publisher(committed)

    async def heard(self, subscription: Subscription, count: int) -> list[Update]:
        return [await anext(subscription) for _ in range(count)]


async def test_a_group_of_changes_is_published_in_order_each_as_it_was_then() -> None:
    audience = Audience()
    async with audience.hub.subscribe(0) as subscription:
        audience.commit(
            e.OrderIntended(at=NOW, terms=ENTRY, reason="r"),
            e.OrderRefused(at=NOW, order_id="o", code="X", message="no"),
        )
        first, second = await audience.heard(subscription, 2)

    assert (first.sequence, second.sequence) == (1, 2)
    assert first.orders[0].status is OrderStatus.PENDING_NEW
    assert second.orders[0].status is OrderStatus.REJECTED
    assert (first.at, first.trading_state, first.positions) == (NOW, None, ())


async def test_a_fill_is_published_with_the_holding_at_its_mark() -> None:
    audience = Audience()
    audience.ledger.work(ENTRY)
    async with audience.hub.subscribe(0) as subscription:
        audience.commit(e.OrderFilled(at=NOW, fill=a_fill()))
        (update,) = await audience.heard(subscription, 1)

    (view,) = update.positions
    assert view.position.quantity == 4
    assert view.mark == Known(Decimal(101))


async def test_a_level_of_what_was_never_held_shows_no_holding() -> None:
    audience = Audience()
    reached = e.ProtectionTriggered(
        at=NOW,
        symbol="XOM",
        kind="stop_loss",
        level=Decimal(1),
        price=Decimal(1),
        exit_order_id="exit",
    )
    async with audience.hub.subscribe(0) as subscription:
        audience.commit(reached)
        (update,) = await audience.heard(subscription, 1)

    assert update.positions == ()


async def test_the_trading_state_is_published_when_a_cause_comes_or_goes() -> None:
    audience = Audience()
    restricted = e.TradingRestricted(
        at=NOW, cause=Cause.OPERATOR, state=TradingState.HALTED, reason="news", actor="kim"
    )
    lifted = e.RestrictionLifted(at=NOW, cause=Cause.OPERATOR, reason="clear", actor="kim")
    async with audience.hub.subscribe(0) as subscription:
        audience.commit(restricted)
        audience.commit(lifted)
        halted, active = await audience.heard(subscription, 2)

    assert halted.trading_state is not None
    assert halted.trading_state.state is TradingState.HALTED
    assert [one.reason for one in halted.trading_state.restrictions] == ["news"]
    assert active.trading_state is not None
    assert active.trading_state.state is TradingState.ACTIVE
    assert active.trading_state.restrictions == ()


def test_without_an_audience_nothing_is_looked_up() -> None:
    audience = Audience()
    audience.ledger.work(ENTRY)

    audience.commit(e.OrderFilled(at=NOW, fill=a_fill()))

    assert audience.asked == []


# Holdings ---------------------------------------------------------------------------------------


def test_a_holding_is_shown_with_its_levels_and_how_much_of_it_they_guard() -> None:
    audience = Audience()
    audience.ledger.enter(bracket("entry", "10"))

    view = audience.publisher.position("AAPL")

    assert view is not None
    assert (view.stop_price, view.take_profit_price) == (Decimal(95), Decimal(110))
    assert view.protected_quantity == 10


def test_a_holding_without_levels_is_guarded_by_nothing() -> None:
    audience = Audience(Unknown("no quote"))
    audience.ledger.enter(ENTRY)

    view = audience.publisher.position("AAPL")

    assert view is not None
    assert (view.stop_price, view.take_profit_price, view.protected_quantity) == (None, None, 0)
    assert view.mark == Unknown("no quote")


def test_a_flat_holding_is_still_shown_and_needs_no_guard() -> None:
    ledger = Ledger()
    ledger.enter(ENTRY)
    ledger.enter(order_terms("out", "10", side=Side.SELL), price="101")

    view = position_view(ledger.book, ledger.book.position(AAPL), Known(Decimal(101)))

    assert view.position.is_flat
    assert (view.position.realized_pnl, view.protected_quantity) == (10, 0)


def test_what_was_never_held_is_not_shown() -> None:
    assert Audience().publisher.position("AAPL") is None


OWN_STOP = order_terms("stop", "10", side=Side.SELL, purpose=OrderPurpose.EXIT, stop="95")


def stop_is(status: OrderStatus) -> e.OrderProgressed:
    return e.OrderProgressed(at=NOW, order_id="stop", status=status, reason="r")


async def test_a_holding_is_published_when_only_what_guards_it_changes() -> None:
    """An agent's own stop comes to the broker, works, and is gone: no share has moved."""
    audience = Audience()
    audience.ledger.enter(ENTRY)
    audience.ledger.intend(OWN_STOP)
    taken = e.OrderAcknowledged(
        at=NOW,
        order_id="stop",
        broker_order_id="b-stop",
        status=OrderStatus.ACCEPTED,
        broker_updated_at=NOW,
    )
    async with audience.hub.subscribe(0) as subscription:
        audience.commit(taken)
        audience.commit(e.CancelRequested(at=NOW, order_id="stop", reason="r", actor="kim"))
        audience.commit(stop_is(OrderStatus.CANCELED))
        guarded, asked, bare = await audience.heard(subscription, 3)

    assert [view.protected_quantity for view in guarded.positions] == [10]
    assert asked.positions == (), "the broker still has it"
    assert [view.protected_quantity for view in bare.positions] == [0]


async def test_a_new_listener_is_not_judged_by_what_the_last_one_was_shown() -> None:
    """What changed while nobody listened is in the snapshot that the next one begins with."""
    audience = Audience()
    audience.ledger.enter(ENTRY)
    audience.ledger.work(OWN_STOP)
    async with audience.hub.subscribe(0) as subscription:
        audience.commit(e.CancelRequested(at=NOW, order_id="stop", reason="r", actor="kim"))
        await audience.heard(subscription, 1)
    audience.commit(stop_is(OrderStatus.CANCELED))
    audience.ledger.intend(evolve(OWN_STOP, order_id="next", client_order_id="next"))

    async with audience.hub.subscribe(0) as subscription:
        audience.commit(
            e.OrderAcknowledged(
                at=NOW,
                order_id="next",
                broker_order_id="b-next",
                status=OrderStatus.ACCEPTED,
                broker_updated_at=NOW,
            )
        )
        (update,) = await audience.heard(subscription, 1)

    assert [view.protected_quantity for view in update.positions] == [10]


async def test_orders_in_what_is_not_held_show_no_holding() -> None:
    audience = Audience()
    audience.ledger.enter(ENTRY)
    audience.ledger.enter(order_terms("out", "10", side=Side.SELL))
    async with audience.hub.subscribe(0) as subscription:
        audience.commit(
            e.OrderIntended(at=NOW, terms=order_terms("again", "5", limit="90"), reason="r")
        )
        (update,) = await audience.heard(subscription, 1)

    assert update.positions == ()
