"""Orders that have to go: for more than is held, or at levels that are no more."""

from datetime import datetime
from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.execution import events as e
from cream.core.execution.guards import coverage
from cream.core.execution.protection import (
    PlaceProtection,
    ProtectionPolicy,
    ProtectiveAction,
    WithdrawProtection,
    decide,
)
from cream.core.execution.withdrawals import excess, outdated
from cream.core.model.order import OrderClass, OrderPurpose, OrderStatus, OrderTerms, Side
from cream.core.model.plan import Guard
from tests.fakes.builders import AAPL, NOW, bracket, order_terms, quote, quotes, shown, with_exits
from tests.fakes.ledger import Ledger

P, S = OrderPurpose, OrderStatus
CALM = quote("AAPL", "100")
SETTLED = ProtectionPolicy(uncovered_since={"AAPL": datetime.min.replace(tzinfo=NOW.tzinfo)})


def now_held(ledger: Ledger, quantity: str) -> None:
    """By nothing that we know of."""
    ledger.apply(
        e.PositionAdjusted(
            at=ledger.now,
            instrument=AAPL,
            quantity=Decimal(quantity),
            average_price=Decimal(100),
            reason="test",
        )
    )


def too_much(ledger: Ledger) -> list[str]:
    return [one.order_id for one in excess(ledger.book, "AAPL")]


def exits_of(ledger: Ledger, entry: str = "o-entry") -> list[str]:
    return [one.order_id for one in ledger.book.children(entry)]


def stop(order_id: str, quantity: str, *, purpose: OrderPurpose = P.STOP_LOSS) -> OrderTerms:
    return order_terms(order_id, quantity, side=Side.SELL, purpose=purpose, stop="95")


def holding(quantity: str) -> Ledger:
    """A position that nothing guards."""
    ledger = Ledger()
    ledger.enter(order_terms("o-held", quantity))
    return ledger


# More than is held --------------------------------------------------------------------------------


def test_what_fits_the_holding_stays() -> None:
    ledger = Ledger()
    ledger.enter(bracket())
    assert too_much(ledger) == []

    now_held(ledger, "150")
    assert too_much(ledger) == []


@pytest.mark.parametrize("left", ["99", "1", "0", "-5"])
def test_a_pair_for_more_than_is_held_goes_as_a_whole(left: str) -> None:
    """Held, or held no more, or held the other way round: it would sell what is not there."""
    ledger = Ledger()
    ledger.enter(bracket())
    now_held(ledger, left)

    assert too_much(ledger) == exits_of(ledger)


def test_what_buys_back_a_short_position_is_measured_too() -> None:
    ledger = Ledger()
    ledger.enter(bracket(side=Side.SELL))
    assert too_much(ledger) == []

    now_held(ledger, "-40")
    assert too_much(ledger) == exits_of(ledger)


def test_no_more_goes_than_has_to() -> None:
    """The newest goes first; where the oldest alone is enough, the newest stays."""
    ledger = holding("100")
    for name, quantity in (("o-1", "60"), ("o-2", "10"), ("o-3", "30")):
        ledger.work(stop(name, quantity))

    now_held(ledger, "95")
    assert too_much(ledger) == ["o-3"]
    now_held(ledger, "40")
    assert too_much(ledger) == ["o-1"]
    now_held(ledger, "9")
    assert set(too_much(ledger)) == {"o-1", "o-2", "o-3"}


def test_what_waits_for_a_better_price_goes_before_protection() -> None:
    ledger = holding("100")
    ledger.work(order_terms("o-rests", "30", side=Side.SELL, purpose=P.EXIT, limit="120"))
    ledger.work(stop("o-own", "20", purpose=P.EXIT))
    ledger.work(stop("o-stop", "50"))

    now_held(ledger, "70")
    assert too_much(ledger) == ["o-rests"]
    now_held(ledger, "50")
    assert set(too_much(ledger)) == {"o-rests", "o-stop"}, "30 more can be guarded anew"


def test_what_closes_at_the_market_goes_last() -> None:
    ledger = holding("100")
    ledger.work(order_terms("o-now", "50", side=Side.SELL, purpose=P.EXIT))
    ledger.work(stop("o-stop", "50"))

    now_held(ledger, "50")
    assert too_much(ledger) == ["o-stop"]
    now_held(ledger, "10")
    assert set(too_much(ledger)) == {"o-stop", "o-now"}


def test_a_pair_that_has_filled_in_part_counts_once_and_for_the_rest() -> None:
    ledger = Ledger()
    ledger.enter(bracket())
    target, _ = exits_of(ledger)
    ledger.trade(target, "60", "110")
    assert too_much(ledger) == []

    now_held(ledger, "39")
    assert too_much(ledger) == exits_of(ledger)


def test_legs_wait_for_their_entry_and_close_nothing_until_then() -> None:
    ledger, entry = Ledger(), bracket()
    ledger.work(entry)
    ledger.fill(entry, "40")

    assert too_much(ledger) == []


def test_what_is_going_or_has_not_left_or_is_a_strangers_is_let_be() -> None:
    ledger = Ledger()
    ledger.enter(bracket())
    now_held(ledger, "50")
    ledger.ask_cancel(*exits_of(ledger))
    assert too_much(ledger) == []

    ledger.intend(order_terms("o-out", "60", side=Side.SELL, purpose=P.EXIT))
    ledger.work(order_terms("o-theirs", "60", side=Side.SELL, purpose=P.EXTERNAL, limit="120"))
    assert too_much(ledger) == []


def test_a_refused_cancel_makes_it_go_again() -> None:
    ledger = Ledger()
    ledger.enter(bracket())
    now_held(ledger, "50")
    pair = exits_of(ledger)
    ledger.ask_cancel(*pair)
    for one in pair:
        ledger.apply(e.CancelRefused(at=NOW, order_id=one, reason="no"))

    assert too_much(ledger) == pair


def test_a_symbol_that_was_never_held_has_nothing_to_go() -> None:
    assert too_much(Ledger()) == []


# Levels that are no more --------------------------------------------------------------------------


def twice(first: OrderTerms, second: OrderTerms) -> Ledger:
    """Two entries, both with all of their exits."""
    ledger = Ledger()
    ledger.enter(first)
    ledger.wait(1)
    ledger.enter(second)
    return ledger


def entry(order_id: str, stop_loss: str | None, take_profit: str | None) -> OrderTerms:
    terms = order_terms(order_id, limit="100", stop_loss=stop_loss, take_profit=take_profit)
    return evolve(terms, order_class=OrderClass.BRACKET)


def alone(ledger: Ledger, terms: OrderTerms) -> None:
    """An entry whose exits are not made by the broker."""
    terms = evolve(terms, order_class=OrderClass.SIMPLE)
    ledger.intend(terms)
    ledger.report(shown(terms))
    ledger.fill(terms, str(terms.quantity))


def old(ledger: Ledger) -> list[str]:
    return [one.order_id for one in outdated(ledger.book, "AAPL")]


def wants(ledger: Ledger, policy: ProtectionPolicy = SETTLED) -> list[ProtectiveAction]:
    return list(decide(ledger.book, quotes(CALM), ledger.now, policy))


@pytest.mark.parametrize(
    "later", [("96", "110"), ("94", "110"), ("95", "111"), ("95", None), ("96", "111")]
)
def test_exits_at_the_levels_of_an_earlier_entry_are_outdated(
    later: tuple[str, str | None],
) -> None:
    ledger = twice(bracket("o-first"), entry("o-second", *later))

    assert old(ledger) == exits_of(ledger, "o-first")
    assert coverage(ledger.book, "AAPL").at_broker == 100, "the later one's only"
    assert wants(ledger) == [
        WithdrawProtection(symbol="AAPL", order_ids=tuple(exits_of(ledger, "o-first")))
    ]


def test_exits_at_the_same_levels_are_as_good_as_new() -> None:
    ledger = twice(bracket("o-first"), bracket("o-second"))

    assert old(ledger) == []
    assert coverage(ledger.book, "AAPL").at_broker == 200


def test_no_stop_is_given_up_for_a_position_that_has_none_now() -> None:
    ledger = twice(bracket("o-first"), entry("o-second", None, "110"))

    assert old(ledger) == []


def test_a_target_alone_follows_a_target_alone() -> None:
    ledger = holding("100")
    for name, target in (("o-first", "110"), ("o-second", "120")):
        ledger.wait(1)
        alone(ledger, entry(name, None, target))
    rests = order_terms(
        "o-rests", side=Side.SELL, purpose=P.TAKE_PROFIT, limit="110", parent="o-first"
    )
    ledger.work(rests)

    assert old(ledger) == ["o-rests"]


def test_a_stop_that_was_placed_alone_is_known_by_its_price() -> None:
    ledger = holding("100")
    ledger.work(evolve(stop("o-placed", "100"), parent_order_id="o-held"))
    ledger.wait(1)
    alone(ledger, entry("o-second", "95", None))
    assert old(ledger) == []

    ledger.wait(1)
    alone(ledger, entry("o-third", "96", None))
    assert old(ledger) == ["o-placed"]


@pytest.mark.parametrize(
    ("best", "asked", "is_old"),
    [
        (None, "95", False),
        ("110", "95", False),
        ("110", "100", False),
        ("110", "106", True),
        ("110", "94", True),
    ],
)
def test_a_stop_that_follows_may_stand_where_it_has_been(
    best: str | None, asked: str, is_old: bool
) -> None:
    """It began at 95 and stands at 105 once the best price is 110."""
    ledger = holding("100")
    following = evolve(entry("o-entry", "95", None), guard=Guard(trail_price=Decimal(5)))
    alone(ledger, following)
    if best is not None:
        ledger.apply(e.TrailMoved(at=NOW, symbol="AAPL", best=Decimal(best)))
    ledger.work(evolve(stop("o-placed", "100"), stop_price=Decimal(asked)))

    assert old(ledger) == (["o-placed"] if is_old else [])


def test_one_pair_takes_the_place_of_both_once_the_old_one_is_gone() -> None:
    ledger = twice(bracket("o-first"), entry("o-second", "96", "111"))
    (withdrawn,) = wants(ledger)
    assert isinstance(withdrawn, WithdrawProtection)
    ledger.ask_cancel(*withdrawn.order_ids)
    assert wants(ledger) == [], "it holds the shares until the broker has let go"

    first = bracket("o-first")
    ledger.report(with_exits(first, S.FILLED, "100", exits=S.CANCELED, updated=2))

    (placed,) = wants(ledger)
    assert isinstance(placed, PlaceProtection)
    terms = placed.terms
    assert (terms.quantity, terms.stop_loss, terms.take_profit) == (100, 96, 111)
    assert terms.parent_order_id == "o-second"


def test_the_old_stop_stays_while_no_new_one_could_be_placed() -> None:
    """An entry that still works stands in the way of any order on the other side."""
    ledger = Ledger()
    ledger.enter(bracket("o-first"))
    ledger.wait(1)
    second = entry("o-second", "96", "111")
    ledger.work(second)
    ledger.fill(second, "10")
    assert old(ledger) == exits_of(ledger, "o-first")
    assert coverage(ledger.book, "AAPL").uncovered == 110, "all of it is watched here"
    assert wants(ledger) == []

    ledger.report(shown(second, S.CANCELED, "10", updated=2))
    assert isinstance(wants(ledger)[0], WithdrawProtection)


def test_where_nothing_is_placed_at_the_broker_the_old_stop_goes_all_the_same() -> None:
    ledger = twice(bracket("o-first"), entry("o-second", "96", "111"))

    (withdrawn,) = wants(ledger, evolve(SETTLED, place_at_broker=False))

    assert isinstance(withdrawn, WithdrawProtection)


def test_an_old_stop_is_kept_until_reports_have_settled() -> None:
    ledger = twice(bracket("o-first"), entry("o-second", "96", "111"))

    assert wants(ledger, evolve(SETTLED, uncovered_since={"AAPL": ledger.now})) == []
