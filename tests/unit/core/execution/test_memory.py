"""A book can be taken down and put up again, and what has left it comes back as it was."""

from datetime import timedelta
from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.memory import (
    Archived,
    ArchivedOrder,
    book_of,
    forget,
    orders_of,
    rebuilt,
    revive,
    state_of,
    superfluous,
)
from cream.core.execution.option_book import OptionBook
from cream.core.model.order import OrderPurpose, OrderStatus, Side
from tests.fakes.builders import NOW, bracket, broker_id, order_terms, shown
from tests.fakes.ledger import Ledger
from tests.fakes.rolls import a_roll_owed
from tests.unit.core.execution.test_book import busy_day, judged

LONG_AFTER = NOW + timedelta(days=365)


def everything(book: Book) -> dict[str, object]:
    """Every field of the book, so that one that is added has to be thought of here."""
    fields = dict(vars(book))
    # A symbol without open orders is as good as no symbol.
    fields["_open_on"] = {symbol: ids for symbol, ids in book._open_on.items() if ids}
    # What has changed lately is news for whoever follows a book, and no part of what is true.
    del fields["lately"]
    return fields


def unordered(book: Book) -> dict[str, object]:
    """As `everything`; children in no order."""
    fields = everything(book)
    fields["_children"] = {parent: sorted(ids) for parent, ids in book._children.items()}
    return fields


def orders_in_sequence(book: Book) -> list[list[str]]:
    by_symbol = {symbol: list(ids) for symbol, ids in sorted(book._open_on.items()) if ids}
    return [list(book._orders), list(book._open), *by_symbol.values()]


def test_a_book_from_its_state_is_the_same_book_at_every_record() -> None:
    book = Book()

    for record in busy_day().records:
        book.apply(record)
        again = book_of(state_of(book))

        assert everything(again) == everything(book)
        assert orders_in_sequence(again) == orders_in_sequence(book)


def test_an_order_that_lives_again_keeps_its_place_among_the_open_ones() -> None:
    """It was closed, and others were opened meanwhile."""
    ledger = Ledger()
    first, second = order_terms("o-1"), order_terms("o-2")
    ledger.intend(first)
    ledger.apply(e.OrderRefused(at=NOW, order_id="o-1", code="X", message="absent"))
    ledger.intend(second)
    ledger.apply(
        e.OrderAcknowledged(
            at=NOW,
            order_id="o-1",
            broker_order_id="b-1",
            status=OrderStatus.ACCEPTED,
            broker_updated_at=NOW,
        )
    )

    again = book_of(state_of(ledger.book))

    assert [one.order_id for one in again.open_orders()] == ["o-2", "o-1"]
    assert [one.order_id for one in again.open_on("AAPL")] == ["o-2", "o-1"]


def test_a_state_and_what_came_after_it_is_the_whole() -> None:
    """The same fold, from wherever it begins."""
    records = busy_day().records
    whole = rebuilt(None, (), records)

    for length in range(len(records)):
        state = state_of(rebuilt(None, (), records[:length]))

        assert everything(rebuilt(state, (), records[length:])) == everything(whole)


def test_a_state_without_what_had_left_it_needs_only_the_orders_of_the_records_after() -> None:
    """What is forgotten at any record comes back when a later one is about it."""
    records = busy_day().records
    whole = rebuilt(None, (), records)

    for length in range(len(records)):
        book = rebuilt(None, (), records[:length])
        archived = superfluous(book, LONG_AFTER)
        forget(book, archived)
        state, tail = state_of(book), records[length:]
        named = {one for record in tail for one in orders_of(record.event)}
        roots = {one.root_id for one in archived.orders if one.order.order_id in named}
        recalled = tuple(one for one in archived.orders if one.root_id in roots)
        again = rebuilt(state, recalled, tail)
        revive(again, archived)

        assert unordered(again) == unordered(whole)


def finished() -> Ledger:
    """A bracket whose stop has filled, a spread, a tactic with a slice: all of it over."""
    ledger = Ledger()
    ledger.apply(judged("o-entry"))
    ledger.enter(bracket("o-entry", "10"))
    target, stop = ledger.book.children("o-entry")
    ledger.trade(stop.order_id, "10", "90")
    ledger.apply(
        e.OrderProgressed(
            at=NOW, order_id=target.order_id, status=OrderStatus.CANCELED, reason="oco"
        )
    )
    return ledger


def test_what_has_closed_leaves_nothing_in_memory() -> None:
    ledger = finished()
    ids = {one.order_id for one in ledger.book.orders()}
    assert len(ids) == 3

    archived = superfluous(ledger.book, LONG_AFTER)
    forget(ledger.book, archived)

    assert {one.order.order_id for one in archived.orders} == ids
    assert [one.plan_id for one in archived.plans] == ["plan-1"]
    left = {name: value for name, value in everything(ledger.book).items() if value}
    assert left.pop("options") == OptionBook()
    assert left.keys() == {
        "sequence",
        "stopped_cleanly",
        "positions",
        "position_sequence",
        "last_executed_at",
        "paid",
        "_fills_forgotten",
        # What rules ask of the past, and which symbols there ever were: both are bounded.
        "history",
        "touched",
        # Of the last month, and bounded as well.
        "activities",
    }
    assert ledger.book.fills_booked == 2
    assert ledger.book.find("o-entry") is None


def test_what_comes_back_is_found_by_every_name_and_booked_once() -> None:
    ledger = finished()
    before = everything(book_of(state_of(ledger.book)))
    client_id = ledger.order("o-entry").terms.client_order_id
    archived = superfluous(ledger.book, LONG_AFTER)
    forget(ledger.book, archived)

    revive(ledger.book, archived)
    revive(ledger.book, archived)

    assert everything(ledger.book) == before
    for name in ("o-entry", client_id, broker_id("o-entry")):
        found = ledger.book.find(name)
        assert found is not None
        assert found.order_id == "o-entry"
    assert ledger.book.has_booked("fill-1")


@pytest.mark.parametrize("what", ["young", "kept", "open", "open child", "guarded", "guessed"])
def test_a_family_stays_whole_while_one_of_it_is_needed(what: str) -> None:
    ledger = Ledger()
    entry = bracket("o-entry", "10")
    ledger.work(entry)
    kept: tuple[str, ...] = ()
    before = LONG_AFTER
    match what:
        case "open":
            pass
        case "open child":
            # The broker has ended the target; the stop still works.
            ledger.fill(entry, "10")
            target = ledger.book.children("o-entry")[0]
            ledger.apply(
                e.OrderProgressed(
                    at=NOW, order_id=target.order_id, status=OrderStatus.CANCELED, reason="x"
                )
            )
        case "guarded":
            ledger.fill(entry, "10")
            for one in ledger.book.children("o-entry"):
                ledger.apply(
                    e.OrderProgressed(
                        at=NOW, order_id=one.order_id, status=OrderStatus.CANCELED, reason="x"
                    )
                )
            assert ledger.book.protections
        case _:
            ledger = finished()
            kept = ("o-entry",) if what == "kept" else ()
            before = NOW if what == "young" else LONG_AFTER
            if what == "guessed":
                ledger = _guessed()

    archived = superfluous(ledger.book, before, kept)

    assert archived.orders == ()


def _guessed() -> Ledger:
    ledger = Ledger()
    terms = order_terms("o-g", "10")
    ledger.work(terms)
    ledger.guess(evolve(shown(terms, OrderStatus.FILLED, "10"), average_price=Decimal(100)))
    assert ledger.book.guessed()
    return ledger


def test_a_plan_stays_as_long_as_one_of_its_orders() -> None:
    ledger = finished()
    ledger.apply(judged("o-entry", "o-2"))
    ledger.work(order_terms("o-2"))

    archived = superfluous(ledger.book, LONG_AFTER)
    forget(ledger.book, archived)

    assert archived.plans == ()
    assert set(ledger.book.plans) == {"plan-1"}
    assert [one.order_id for one in ledger.book.orders()] == ["o-2"]


def test_what_changed_while_it_was_put_away_stays() -> None:
    ledger = finished()
    archived = superfluous(ledger.book, LONG_AFTER)
    ledger.trade("o-entry", "1")

    forget(ledger.book, archived)

    assert len(ledger.book.orders()) == 3
    assert set(ledger.book.plans) == {"plan-1"}


def test_a_client_id_that_two_orders_bear_stays_with_the_first() -> None:
    ledger = Ledger()
    first = order_terms("o-1")
    ledger.work(first)
    ledger.apply(
        e.ChildListed(
            at=NOW,
            terms=evolve(order_terms("o-2"), client_order_id=first.client_order_id),
            broker_order_id="b-2",
            status=OrderStatus.CANCELED,
        )
    )

    archived = superfluous(ledger.book, LONG_AFTER)
    forget(ledger.book, archived)

    assert [one.order.order_id for one in archived.orders] == ["o-2"]
    assert ledger.book.find(first.client_order_id) is not None


def test_spreads_and_tactics_leave_with_all_that_was_booked_for_them() -> None:
    ledger = busy_day()
    fills = ledger.book.fills_booked
    archived = superfluous(ledger.book, LONG_AFTER)
    booked = [one.execution_id for order in archived.orders for one in order.executions]
    assert booked

    forget(ledger.book, archived)

    assert not any(ledger.book.has_booked(one) for one in booked)
    assert ledger.book.fills_booked == fills


def test_every_event_about_an_order_names_it() -> None:
    """So that a start from a state knows which archived orders it needs."""
    for record in busy_day().records:
        event = record.event
        named = set(orders_of(event))
        own = getattr(event, "order_id", None)
        assert own is None or own in named
        fill = getattr(event, "fill", None)
        assert fill is None or fill.order_id in named
    assert orders_of(e.OrderIntended(at=NOW, terms=order_terms("o-1"), reason="")) == ()


def test_nothing_archived_is_nothing_changed() -> None:
    ledger = finished()
    before = everything(book_of(state_of(ledger.book)))

    forget(ledger.book, Archived())
    revive(ledger.book, Archived())

    assert everything(ledger.book) == before


def archived_order(book: Book, order_id: str) -> ArchivedOrder:
    (found,) = [
        one for one in superfluous(book, LONG_AFTER).orders if one.order.order_id == order_id
    ]
    return found


def test_an_order_that_was_replaced_keeps_all_its_broker_ids() -> None:
    ledger = Ledger()
    ledger.work(order_terms("o-1", "10"))
    ledger.apply(
        e.OrderReplaced(
            at=NOW,
            order_id="o-1",
            replaces=broker_id("o-1"),
            broker_order_id="b-9",
            quantity=order_terms("o-1", "10").quantity,
            limit_price=None,
            stop_price=None,
            broker_updated_at=NOW,
        )
    )
    ledger.trade("o-1", "10")

    assert archived_order(ledger.book, "o-1").broker_ids == (broker_id("o-1"), "b-9")


def test_who_watches_what_is_known_in_a_book_from_its_state() -> None:
    """The index comes back with the protections, or no quote would ever reach a level."""
    book = book_of(state_of(busy_day().book))

    assert book.protections
    for symbol, protection in book.protections.items():
        assert symbol in list(book.protections.watching(protection.watched))


def test_a_family_into_which_somebody_was_born_meanwhile_stays() -> None:
    """An exit of an entry that is just being put away: its parent is not to be gone."""
    ledger, terms = Ledger(), order_terms()
    ledger.enter(terms)
    ledger.wait(7_200)
    archived = superfluous(ledger.book, ledger.now)
    assert [one.order.order_id for one in archived.orders] == ["o-entry"]
    ledger.intend(
        order_terms("o-exit", side=Side.SELL, purpose=OrderPurpose.EXIT, parent="o-entry")
    )

    forget(ledger.book, archived)

    assert ledger.book.find("o-entry") is not None
    assert [one.order_id for one in ledger.book.children("o-entry")] == ["o-exit"]


def test_orders_of_a_roll_stay_until_it_is_settled() -> None:
    """How far it has come is read off them, however long it takes."""
    ledger = Ledger()
    terms = evolve(order_terms("o-close", "2"), plan_id="roll-1")
    ledger.work(terms)
    ledger.end(terms, OrderStatus.CANCELED)
    assert superfluous(ledger.book, LONG_AFTER).orders

    ledger.apply(a_roll_owed())

    assert not superfluous(ledger.book, LONG_AFTER).orders
