"""Which orders let go of a position before it can be closed: enough, and no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.execution.events import SubmitUnknown
from cream.core.execution.guards import (
    coverage,
    free_to_exit,
    holders_to_release,
)
from cream.core.model.instrument import Instrument
from cream.core.model.order import (
    OrderClass,
    OrderPurpose,
    OrderStatus,
    OrderTerms,
    Side,
)
from cream.core.model.plan import TimeInForce
from tests.fakes.builders import (
    AAPL,
    MSFT,
    bracket,
    order_terms,
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


# Letting go -------------------------------------------------------------------------------------


def test_what_is_held_by_nobody_can_leave_at_once() -> None:
    ledger = holding()
    ledger.work(stop_loss("o-stop", "60"))

    assert free_to_exit(ledger.book, "AAPL") == 40
    assert released(ledger, closing("o-out", "40")) == []


def test_a_bracket_s_exits_let_go_together_and_count_once() -> None:
    ledger = Ledger()
    ledger.enter(bracket())

    assert released(ledger, closing("o-out", "1")) == exits_of(ledger, "o-entry")


def test_an_oco_pair_lets_go_together() -> None:
    ledger = holding()
    pair = oco("o-pair", "100", parent="o-held")
    ledger.intend(pair)
    ledger.report(with_exits(pair))

    assert released(ledger, closing("o-out", "10")) == ["o-pair", *exits_of(ledger, "o-pair")]


def test_only_as_many_groups_let_go_as_are_needed_newest_first() -> None:
    ledger = holding()
    for name, quantity in (("o-1", "30"), ("o-2", "30"), ("o-3", "30")):
        ledger.work(stop_loss(name, quantity))

    assert released(ledger, closing("o-a", "10")) == []
    assert released(ledger, closing("o-b", "30")) == ["o-3"]
    assert released(ledger, closing("o-c", "60")) == ["o-3", "o-2", "o-1"], "three others leave"


def test_a_group_that_turns_out_not_to_be_needed_stays() -> None:
    """The newest alone is too small, and with the next one it is not needed any more."""
    ledger = holding("60")
    ledger.work(stop_loss("o-large", "50"))
    ledger.work(stop_loss("o-small", "10"))

    assert released(ledger, closing("o-out", "50")) == ["o-large"]


def test_other_exits_take_first() -> None:
    ledger = holding()
    ledger.work(closing("o-limit", "50", limit="120"))
    ledger.work(stop_loss("o-stop", "50"))

    assert free_to_exit(ledger.book, "AAPL") == 0
    assert released(ledger, closing("o-out", "10")) == ["o-stop"]


def test_a_stranger_s_order_is_never_asked_to_go() -> None:
    ledger = holding()
    ledger.work(closing("o-x", "100", P.EXTERNAL, limit="120"))
    ledger.ask_cancel("o-x")

    assert released(ledger, closing("o-out", "100")) == []


def test_exits_of_an_entry_that_has_not_filled_hold_nothing() -> None:
    """To cancel them would cancel the resting entry, which has nothing to do with it."""
    ledger = holding()
    ledger.work(bracket())

    assert released(ledger, closing("o-out", "100")) == []
    assert free_to_exit(ledger.book, "AAPL") == 0


def test_what_a_target_has_sold_its_group_no_longer_holds() -> None:
    ledger, entry = Ledger(), bracket()
    ledger.enter(entry)
    ledger.trade(exits_of(ledger, "o-entry")[0], "40", "110")
    ledger.enter(order_terms("o-more", "40"))

    assert released(ledger, closing("o-out", "40")) == []


def test_nothing_lets_go_for_an_exit_that_closes_more_than_is_held() -> None:
    """It will be refused; the position must not lose its stop over it."""
    ledger = Ledger()
    ledger.enter(bracket())

    assert released(ledger, closing("o-out", "101")) == []


@pytest.mark.parametrize(
    "leaving",
    [
        closing("o-out", "50", side=Side.BUY),
        closing("o-out", "50", instrument=MSFT),
        spread("o-out", "50", purpose=P.EXIT),
    ],
)
def test_nothing_lets_go_for_an_exit_of_something_else(leaving: OrderTerms) -> None:
    ledger = Ledger()
    ledger.enter(bracket())

    assert released(ledger, leaving) == []


def test_shares_that_are_sold_short_keep_their_stop_when_a_spread_is_closed() -> None:
    """Both buy, and the spread goes by the name of the share."""
    ledger = Ledger()
    ledger.enter(bracket(side=Side.SELL))

    assert released(ledger, spread("o-out", "2", purpose=P.EXIT)) == []


def test_an_exit_that_is_on_its_way_out_is_waited_for_before_a_stop_lets_go() -> None:
    ledger = holding()
    ledger.work(closing("o-limit", "50", limit="120"))
    ledger.work(stop_loss("o-stop", "50"))
    ledger.ask_cancel("o-limit")

    assert released(ledger, closing("o-out", "50")) == ["o-limit"]


def test_an_exit_at_the_market_waits_for_entries_that_are_on_their_way_out() -> None:
    """A venue does not let an account sell to itself: the exit would be refused."""
    ledger = holding()
    ledger.work(order_terms("o-going", "10", limit="99"))
    ledger.work(order_terms("o-staying", "10", limit="98"))
    ledger.ask_cancel("o-going")

    assert released(ledger, closing("o-out", "100")) == ["o-going"]
    assert released(ledger, closing("o-limit-out", "10", limit="120")) == []


def test_tactics_and_spreads_are_nothing_to_wait_for() -> None:
    """They are not at the venue under that symbol; their slices are."""
    ledger = holding()
    ledger.intend(tactic(), spread())
    ledger.ask_cancel("o-tactic", "o-spread")

    assert released(ledger, closing("o-out", "100")) == []


@given(
    st.integers(1, 100),
    st.lists(st.integers(1, 60), max_size=6),
    st.integers(1, 100),
)
def test_what_lets_go_is_enough_and_no_part_of_it_superfluous(
    held: int, stops: list[int], wanted: int
) -> None:
    ledger = holding(str(held))
    for number, quantity in enumerate(stops):
        ledger.work(stop_loss(f"o-{number}", str(quantity)))

    names = released(ledger, closing("o-out", str(wanted)))

    if wanted > held:
        assert names == []
        return
    sizes = {f"o-{number}": quantity for number, quantity in enumerate(stops)}
    free = held - sum(sizes.values()) + sum(sizes[name] for name in names)
    assert free >= wanted
    assert all(free - sizes[name] < wanted for name in names)


def test_an_entry_that_may_not_be_there_is_not_waited_for() -> None:
    """To prove that it is absent takes longer than a stop can wait."""
    book = Ledger()
    book.enter(order_terms("o-held", "10"))
    book.intend(order_terms("o-lost", "5", limit="90"))
    book.apply(SubmitUnknown(at=book.now, order_id="o-lost", why="no answer"))
    book.ask_cancel("o-lost")
    leaving = closing("o-exit", "10")
    book.intend(leaving)

    assert holders_to_release(book.book, book.order("o-exit")) == []
