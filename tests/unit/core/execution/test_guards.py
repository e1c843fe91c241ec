"""Who guards a position, and who has to let go before it can be closed."""

from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.execution import events as e
from cream.core.execution.guards import (
    closes_at_any_price,
    coverage,
    exit_side,
    free_to_exit,
    holders_to_release,
    only_waits,
    protected_quantity,
    working_exits,
)
from cream.core.model.instrument import Instrument
from cream.core.model.order import (
    OrderClass,
    OrderPurpose,
    OrderStatus,
    OrderTerms,
    OrderType,
    Side,
)
from cream.core.model.plan import RiskDenomination, TimeInForce
from tests.fakes.builders import (
    AAPL,
    CALL,
    MSFT,
    NOW,
    bracket,
    leg,
    order_terms,
    shown,
    shown_exit,
    spread,
    tactic,
    with_exits,
)
from tests.fakes.ledger import Ledger

S = OrderStatus
P = OrderPurpose


def closing(
    order_id: str,
    quantity: str,
    purpose: OrderPurpose = P.EXIT,
    *,
    instrument: Instrument = AAPL,
    limit: str | None = None,
    stop: str | None = None,
    parent: str | None = None,
    tif: TimeInForce = TimeInForce.DAY,
    side: Side = Side.SELL,
) -> OrderTerms:
    return order_terms(
        order_id,
        quantity,
        side=side,
        purpose=purpose,
        instrument=instrument,
        limit=limit,
        stop=stop,
        parent=parent,
        tif=tif,
    )


def stop_loss(order_id: str, quantity: str, *, side: Side = Side.SELL) -> OrderTerms:
    return closing(order_id, quantity, P.STOP_LOSS, stop="95", side=side)


def oco(order_id: str, quantity: str, parent: str = "o-entry") -> OrderTerms:
    return order_terms(
        order_id,
        quantity,
        side=Side.SELL,
        purpose=P.TAKE_PROFIT,
        limit="110",
        take_profit="110",
        stop_loss="95",
        order_class=OrderClass.OCO,
        parent=parent,
    )


def holding(quantity: str = "100") -> Ledger:
    """A position that nothing guards."""
    ledger = Ledger()
    ledger.enter(order_terms("o-held", quantity))
    return ledger


def guarded(ledger: Ledger) -> tuple[int, int, int, int]:
    cover = coverage(ledger.book, "AAPL")
    return int(cover.at_broker), int(cover.exiting), int(cover.resting), int(cover.uncovered)


def released(ledger: Ledger, leaving: OrderTerms) -> list[str]:
    if ledger.book.find(leaving.order_id) is None:
        ledger.intend(leaving)
    return [one.order_id for one in holders_to_release(ledger.book, ledger.order(leaving.order_id))]


def exits_of(ledger: Ledger, parent: str) -> list[str]:
    return [one.order_id for one in ledger.book.children(parent)]


# Coverage ---------------------------------------------------------------------------------------


def test_a_position_is_closed_from_the_other_side() -> None:
    assert exit_side(Decimal(1)) is Side.SELL
    assert exit_side(Decimal(-1)) is Side.BUY


def test_a_position_alone_is_uncovered() -> None:
    assert guarded(holding()) == (0, 0, 0, 100)


def test_a_bracket_s_stop_counts_once_its_entry_is_done() -> None:
    """Until then the broker holds it back, and what has filled is watched here."""
    ledger, entry = Ledger(), bracket()
    ledger.work(entry)
    ledger.fill(entry, "40")
    assert guarded(ledger) == (0, 0, 0, 40)

    ledger.fill(entry, "60")
    assert guarded(ledger) == (100, 0, 0, 0)


def test_an_open_entry_and_its_legs_only_wait_until_it_is_done() -> None:
    """What they are told of closes nothing of a position twice."""
    ledger, entry = Ledger(), bracket()
    ledger.work(entry)
    orders = (entry.order_id, *exits_of(ledger, entry.order_id))
    assert len(orders) == 3
    assert all(only_waits(ledger.book, ledger.order(one)) for one in orders)

    ledger.fill(entry, "40")
    assert all(only_waits(ledger.book, ledger.order(one)) for one in orders)

    ledger.fill(entry, "60")
    assert not any(only_waits(ledger.book, ledger.order(one)) for one in orders)


def test_an_exit_of_an_agent_never_only_waits() -> None:
    ledger = holding()
    ledger.work(closing("o-out", "40", limit="110"))

    assert not only_waits(ledger.book, ledger.order("o-out"))


def test_the_legs_of_a_partly_filled_entry_that_was_cancelled_guard_nothing() -> None:
    ledger, entry = Ledger(), bracket()
    ledger.work(entry)
    ledger.fill(entry, "40")

    ledger.report(with_exits(entry, S.CANCELED, "40", exits=S.CANCELED, updated=1))

    assert guarded(ledger) == (0, 0, 0, 40)


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        (S.HELD, True),
        (S.ACCEPTED, True),
        (S.PENDING_CANCEL, True),
        (S.PENDING_REPLACE, True),
        (S.DONE_FOR_DAY, True),
        (S.CANCELED, False),
        (S.EXPIRED, False),
        (S.REJECTED, False),
    ],
)
def test_a_stop_guards_as_long_as_the_broker_has_it(status: S, counts: bool) -> None:
    ledger = holding()
    stop = stop_loss("o-stop", "100")
    ledger.work(stop)

    ledger.report(shown(stop, status, updated=1))

    assert guarded(ledger)[0] == (100 if counts else 0)


def test_a_stop_that_the_broker_may_not_have_guards_nothing_yet() -> None:
    """While it waits to be sent, or nobody knows whether it arrived, the watch here goes on."""
    ledger = holding()
    ledger.intend(stop_loss("o-stop", "100"))
    assert guarded(ledger) == (0, 0, 0, 100)

    ledger.apply(e.SubmitUnknown(at=NOW, order_id="o-stop", why="timed out"))
    assert guarded(ledger) == (0, 0, 0, 100)

    ledger.report(shown(stop_loss("o-stop", "100")))
    assert guarded(ledger) == (100, 0, 0, 0)


def test_a_partly_filled_stop_guards_the_rest() -> None:
    ledger = holding()
    stop = stop_loss("o-stop", "100")
    ledger.work(stop)

    ledger.fill(stop, "30", "95")

    assert guarded(ledger) == (70, 0, 0, 0)


def test_what_the_target_has_sold_its_stop_no_longer_guards() -> None:
    """The broker reduces the stop; shares bought since then would seem guarded and are not."""
    ledger, entry = Ledger(), bracket()
    ledger.enter(entry)
    target, _ = exits_of(ledger, "o-entry")
    ledger.trade(target, "40", "110")
    assert guarded(ledger) == (60, 0, 0, 0)

    ledger.enter(order_terms("o-more", "40"))

    assert guarded(ledger) == (60, 0, 0, 40)


def test_a_stop_guards_no_more_than_the_broker_has_reduced_it_to() -> None:
    """Sold meanwhile by other orders: when the entry fills, its exits are made smaller."""
    ledger, entry = Ledger(), bracket()
    ledger.enter(entry)

    stop = with_exits(entry, S.FILLED, "100").legs[1]
    ledger.report(evolve(stop, quantity=Decimal(60)))

    assert guarded(ledger) == (60, 0, 0, 40)


def test_the_smaller_of_two_exits_says_what_both_guard() -> None:
    """Both are after the same shares, and the broker may have told of one of them only."""
    ledger, entry = Ledger(), bracket()
    ledger.enter(entry)

    target = with_exits(entry, S.FILLED, "100").legs[0]
    ledger.report(evolve(target, quantity=Decimal(60)))

    assert guarded(ledger) == (60, 0, 0, 40)


def test_an_oco_pair_guards_once() -> None:
    ledger = holding()
    pair = oco("o-pair", "100", parent="o-held")
    ledger.intend(pair)
    ledger.report(with_exits(pair))
    assert guarded(ledger) == (100, 0, 0, 0)

    ledger.fill(pair, "30", "110")
    assert guarded(ledger) == (70, 0, 0, 0)


def test_a_stop_that_was_placed_for_a_tactic_guards_while_the_tactic_goes_on() -> None:
    """It is an order of its own, not a leg that waits for its entry."""
    ledger, parent = Ledger(), tactic(stop_loss="95")
    ledger.intend(parent)
    ledger.enter(order_terms("o-slice", "40", parent="o-tactic", stop_loss="95"))
    for child in exits_of(ledger, "o-slice"):
        ledger.apply(e.OrderProgressed(at=NOW, order_id=child, status=S.CANCELED, reason="by hand"))
    assert guarded(ledger) == (0, 0, 0, 40)

    ledger.work(evolve(stop_loss("o-stop", "40"), parent_order_id="o-tactic"))

    assert guarded(ledger) == (40, 0, 0, 0)


def test_an_exit_at_the_market_takes_care_of_what_it_closes_once_it_is_intended() -> None:
    ledger = holding()

    ledger.intend(closing("o-out", "70"))

    assert guarded(ledger) == (0, 70, 0, 30)


@pytest.mark.parametrize(
    "waits",
    [
        closing("o-out", "100", limit="120"),
        closing("o-out", "100", tif=TimeInForce.CLS),
        closing("o-out", "100", tif=TimeInForce.OPG),
    ],
)
def test_an_exit_that_waits_for_a_price_or_an_auction_guards_nothing(waits: OrderTerms) -> None:
    """Invariant 6: a far limit must not switch the stop off."""
    ledger = holding()

    ledger.work(waits)

    assert guarded(ledger) == (0, 0, 100, 100)
    assert not closes_at_any_price(ledger.order("o-out"))


def test_a_stop_that_an_agent_gave_as_an_exit_is_a_guard() -> None:
    ledger = holding()

    ledger.work(closing("o-out", "100", stop="90"))

    assert guarded(ledger) == (100, 0, 0, 0)


def test_a_stranger_s_order_guards_nothing() -> None:
    ledger = holding()

    ledger.work(closing("o-x", "100", P.EXTERNAL, stop="90"))

    assert guarded(ledger) == (0, 0, 0, 100)


def test_orders_on_the_other_side_and_in_other_symbols_do_not_count() -> None:
    ledger = holding()
    ledger.enter(order_terms("o-msft", "50", instrument=MSFT))
    ledger.work(closing("o-msft-stop", "50", P.STOP_LOSS, instrument=MSFT, stop="500"))
    ledger.work(stop_loss("o-cover", "100", side=Side.BUY))

    assert guarded(ledger) == (0, 0, 0, 100)


def test_a_short_position_is_guarded_by_stops_that_buy() -> None:
    ledger = Ledger()
    ledger.enter(bracket(side=Side.SELL))

    assert guarded(ledger) == (100, 0, 0, 0)


def test_a_spread_on_shares_that_are_held_is_no_exit_of_them() -> None:
    """Its instrument is the underlying, but what it trades are contracts."""
    ledger = Ledger()
    ledger.enter(order_terms("o-short", "5", side=Side.SELL))

    ledger.work(spread("o-close", "5", purpose=P.EXIT, legs=(leg(CALL, -1, closes=True),)))

    assert guarded(ledger) == (0, 0, 0, 5)
    assert list(working_exits(ledger.book, "AAPL", Side.BUY)) == []


def test_where_only_a_target_is_wanted_targets_count() -> None:
    """Else it would be placed again and again, and refused each time."""
    ledger = Ledger()
    ledger.enter(order_terms("o-entry", "100", take_profit="110"))

    assert guarded(ledger) == (100, 0, 0, 0)
    assert protected_quantity(ledger.book, "AAPL") == 0, "a target is no stop"


def test_where_a_stop_is_wanted_targets_do_not_count() -> None:
    ledger, entry = Ledger(), bracket()
    ledger.enter(entry)

    ledger.report(shown_exit(entry, OrderType.STOP, S.CANCELED, updated=1))

    assert guarded(ledger) == (0, 0, 0, 100)


# What people are told ---------------------------------------------------------------------------


def test_a_level_here_protects_all_of_it() -> None:
    ledger = Ledger()
    ledger.enter(
        order_terms(
            "o-call",
            "3",
            instrument=CALL,
            stop_loss="2.00",
            denomination=RiskDenomination.OPTION_PRICE,
        )
    )

    assert protected_quantity(ledger.book, CALL.symbol) == 3


def test_without_a_level_here_what_the_broker_s_stops_cover_is_protected() -> None:
    ledger = holding()
    assert protected_quantity(ledger.book, "AAPL") == 0

    ledger.work(stop_loss("o-stop", "40"))
    assert protected_quantity(ledger.book, "AAPL") == 40

    ledger.work(stop_loss("o-more", "90"))
    assert protected_quantity(ledger.book, "AAPL") == 100, "never more than is held"


def test_nothing_held_is_nothing_protected() -> None:
    ledger = holding()
    ledger.enter(closing("o-out", "100"))

    assert protected_quantity(ledger.book, "AAPL") == 0
    assert free_to_exit(ledger.book, "AAPL") == 0
