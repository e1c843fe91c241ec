"""When is a missing stop or target placed at the broker again, and what order is it?"""

from datetime import datetime
from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.execution import events as e
from cream.core.execution.protection import PlaceProtection, ProtectionPolicy, decide
from cream.core.model.order import (
    OrderClass,
    OrderPurpose,
    OrderStatus,
    OrderTerms,
    OrderType,
    Side,
)
from cream.core.model.plan import PositionIntent, TimeInForce
from tests.fakes.builders import (
    CALL,
    NOW,
    bracket,
    order_terms,
    quote,
    quotes,
    shown,
    shown_exit,
    spread,
    tactic,
    with_exits,
)
from tests.fakes.ledger import Ledger

S = OrderStatus
LONG_AGO = {"AAPL": datetime.min.replace(tzinfo=NOW.tzinfo)}
SETTLED = ProtectionPolicy(uncovered_since=LONG_AGO)
CALM, LOW = quote("AAPL", "100"), quote("AAPL", "94")


def placed(ledger: Ledger, policy: ProtectionPolicy = SETTLED) -> list[OrderTerms]:
    actions = list(decide(ledger.book, quotes(CALM), ledger.now, policy))
    assert all(isinstance(one, PlaceProtection) for one in actions)
    return [one.terms for one in actions]


def place(ledger: Ledger) -> OrderTerms:
    """Place what is missing, and have the broker take it."""
    (terms,) = placed(ledger)
    ledger.intend(terms)
    ledger.report(with_exits(terms))
    return terms


def refuse(ledger: Ledger) -> None:
    """Place what is missing, and have the broker refuse it."""
    (terms,) = placed(ledger)
    ledger.intend(terms)
    ledger.apply(e.OrderRefused(at=ledger.now, order_id=terms.order_id, code="NO", message="no"))


def naked(terms: OrderTerms | None = None, filled: str = "100") -> Ledger:
    """An entry of which so much has filled and which was cancelled, with its exits, after that."""
    ledger, entry = Ledger(), terms or bracket(quantity="200")
    ledger.work(entry)
    ledger.fill(entry, filled)
    ledger.report(with_exits(entry, S.CANCELED, filled, exits=S.CANCELED, updated=1))
    return ledger


def test_a_stop_and_a_target_become_a_pair_for_what_is_held() -> None:
    """For the filled quantity, not for what the entry had wanted."""
    (terms,) = placed(naked(filled="70"))

    assert (terms.order_class, terms.order_type) == (OrderClass.OCO, OrderType.LIMIT)
    assert (terms.side, terms.quantity, terms.time_in_force) == (Side.SELL, 70, TimeInForce.GTC)
    assert (terms.limit_price, terms.take_profit, terms.stop_loss) == (110, 110, 95)
    assert terms.stop_price is None
    assert terms.purpose is OrderPurpose.TAKE_PROFIT
    assert terms.position_intent is PositionIntent.SELL_TO_CLOSE
    assert terms.parent_order_id == "o-entry"


def test_a_stop_alone_becomes_a_stop() -> None:
    (terms,) = placed(naked(order_terms("o-entry", "200", stop_loss="95")))

    assert (terms.order_class, terms.order_type) == (OrderClass.SIMPLE, OrderType.STOP)
    assert (terms.stop_price, terms.limit_price) == (95, None)
    assert (terms.stop_loss, terms.take_profit) == (None, None)
    assert terms.purpose is OrderPurpose.STOP_LOSS


def test_a_target_alone_becomes_a_limit() -> None:
    (terms,) = placed(naked(order_terms("o-entry", "200", take_profit="110")))

    assert (terms.order_class, terms.order_type) == (OrderClass.SIMPLE, OrderType.LIMIT)
    assert (terms.limit_price, terms.stop_price) == (110, None)
    assert terms.purpose is OrderPurpose.TAKE_PROFIT


def test_what_guards_a_short_position_buys() -> None:
    (terms,) = placed(naked(bracket(quantity="200", side=Side.SELL)))

    assert (terms.side, terms.quantity) == (Side.BUY, 100)
    assert (terms.limit_price, terms.stop_loss) == (90, 105)
    assert terms.position_intent is PositionIntent.BUY_TO_CLOSE


def test_the_broker_s_own_legs_get_time_to_appear() -> None:
    ledger = naked()
    since = ProtectionPolicy(uncovered_since={"AAPL": NOW})

    assert placed(ledger, ProtectionPolicy()) == []
    assert placed(ledger, since) == []
    ledger.wait(0.999)
    assert placed(ledger, since) == []
    ledger.wait(0.001)
    assert len(placed(ledger, since)) == 1


def test_a_policy_may_keep_protection_here() -> None:
    assert placed(naked(), evolve(SETTLED, place_at_broker=False)) == []


def test_a_stop_is_placed_where_no_quote_can_be_watched() -> None:
    """The broker sees prices that we do not."""
    ledger = naked()

    (action,) = decide(ledger.book, quotes(), ledger.now, SETTLED)

    assert isinstance(action, PlaceProtection)


def test_a_stop_that_is_reached_already_is_not_placed() -> None:
    ledger = naked()
    (action,) = decide(ledger.book, quotes(LOW), ledger.now, SETTLED)
    assert not isinstance(action, PlaceProtection)


def test_options_are_watched_here() -> None:
    """No venue holds a stop on an option's underlying."""
    ledger = Ledger()
    ledger.enter(order_terms("o-call", "2", instrument=CALL, stop_loss="95"))
    policy = ProtectionPolicy(uncovered_since={CALL.symbol: LONG_AGO["AAPL"]})

    assert placed(ledger, policy) == []


@pytest.mark.parametrize(
    "entry", [order_terms("o-more", "10", limit="90"), tactic("o-more", ["10"], limit="90")]
)
def test_nothing_is_placed_while_an_entry_works(entry: OrderTerms) -> None:
    ledger = naked()
    ledger.intend(entry)

    assert placed(ledger) == []


def test_a_spread_on_the_same_underlying_is_not_such_an_entry() -> None:
    ledger = naked()
    ledger.work(spread())

    assert len(placed(ledger)) == 1


def test_shares_that_another_exit_holds_are_not_offered_twice() -> None:
    """What is held less what exits already work on; for nothing, nothing is placed."""
    ledger = naked()
    ledger.work(
        order_terms("o-agent", "60", side=Side.SELL, purpose=OrderPurpose.EXIT, limit="120")
    )
    (terms,) = placed(ledger)
    assert terms.quantity == 40

    ledger.intend(terms)
    ledger.report(with_exits(terms))
    ledger.wait(60)
    assert placed(ledger) == []


def test_a_target_that_works_without_its_stop_is_not_joined_by_a_second_pair() -> None:
    """Its shares are held; the stop is watched here until it lets go."""
    ledger, entry = Ledger(), bracket()
    ledger.enter(entry)
    ledger.report(shown_exit(entry, OrderType.STOP, S.REJECTED, updated=1))

    assert placed(ledger) == []
    (action,) = decide(ledger.book, quotes(LOW), ledger.now, SETTLED)
    assert action.terms.quantity == 100


def test_what_was_placed_guards_and_nothing_more_is_done() -> None:
    ledger = naked()
    place(ledger)
    ledger.wait(3600)

    assert placed(ledger) == []
    assert list(decide(ledger.book, quotes(LOW), ledger.now, SETTLED)) == []


def test_after_a_partial_exit_the_rest_is_guarded_again_at_once() -> None:
    """The pair had let go for the exit; it is placed anew for what is left."""
    ledger = naked()
    pair = place(ledger)
    ledger.wait(30)
    ledger.report(with_exits(pair, S.CANCELED, exits=S.CANCELED, updated=30))
    ledger.enter(order_terms("o-part", "40", side=Side.SELL, purpose=OrderPurpose.EXIT), "101")

    (again,) = placed(ledger)

    assert again.quantity == 60
    assert again.order_id != pair.order_id


def test_letting_go_is_no_refusal_however_often() -> None:
    ledger = naked()
    for round_number in range(1, 8):
        pair = place(ledger)
        ledger.wait(30)
        ledger.report(with_exits(pair, S.CANCELED, exits=S.CANCELED, updated=30 * round_number))

    assert len(placed(ledger)) == 1


def test_a_pair_that_vanishes_at_once_is_not_placed_in_a_loop() -> None:
    """Placements are five seconds apart, whatever ended the last one."""
    ledger = naked()
    pair = place(ledger)
    ledger.report(with_exits(pair, S.CANCELED, exits=S.CANCELED, updated=1))

    ledger.wait(4.9)
    assert placed(ledger) == []
    ledger.wait(0.1)
    assert len(placed(ledger)) == 1


def test_refusals_double_the_wait_and_the_third_ends_it() -> None:
    """Then only the watch here remains."""
    ledger = naked()
    refuse(ledger)
    ledger.wait(4.9)
    assert placed(ledger) == []
    ledger.wait(0.1)
    refuse(ledger)
    ledger.wait(9.9)
    assert placed(ledger) == []
    ledger.wait(0.1)
    refuse(ledger)
    ledger.wait(86_400)

    assert placed(ledger) == []
    (action,) = decide(ledger.book, quotes(LOW), ledger.now, SETTLED)
    assert action.terms.quantity == 100


def test_a_placement_that_was_taken_forgives_the_refusals_before_it() -> None:
    ledger = naked()
    refuse(ledger)
    ledger.wait(5)
    refuse(ledger)
    ledger.wait(10)
    pair = place(ledger)
    ledger.wait(60)
    ledger.report(with_exits(pair, S.CANCELED, exits=S.CANCELED, updated=75))

    refuse(ledger)
    ledger.wait(5)
    assert len(placed(ledger)) == 1


def test_a_stop_for_a_tactic_belongs_to_the_tactic_and_leaves_it_alone() -> None:
    ledger, parent = Ledger(), tactic(slices=["40", "60"], stop_loss="95")
    ledger.intend(parent)
    piece = order_terms("o-slice", "40", parent="o-tactic", stop_loss="95")
    ledger.work(piece)
    ledger.fill(piece, "40")
    ledger.report(with_exits(piece, S.FILLED, "40", exits=S.CANCELED, updated=1))
    assert placed(ledger) == [], "the tactic still buys"
    ledger.apply(e.OrderProgressed(at=NOW, order_id="o-tactic", status=S.EXPIRED, reason="over"))

    stop = place(ledger)
    ledger.fill(stop, "40", "95")

    assert stop.parent_order_id == "o-tactic"
    assert ledger.order("o-tactic").filled == 40
    assert ledger.held() == 0


def test_the_levels_of_the_later_of_two_entries_are_placed_for_all_of_it() -> None:
    ledger = naked()
    ledger.wait(60)
    newer = order_terms("o-newer", "50", stop_loss="97")
    ledger.work(newer)
    ledger.fill(newer, "50")
    ledger.report(with_exits(newer, S.FILLED, "50", exits=S.CANCELED, updated=61))

    (terms,) = placed(ledger)

    assert (terms.quantity, terms.stop_price) == (150, Decimal(97))
    assert terms.parent_order_id == "o-newer"


def test_an_order_that_is_shown_under_another_status_is_still_placed_once() -> None:
    ledger = naked()
    terms = place(ledger)

    ledger.report(shown(terms, S.DONE_FOR_DAY, updated=5))
    ledger.wait(60)

    assert placed(ledger) == []
