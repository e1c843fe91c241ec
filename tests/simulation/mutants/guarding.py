"""Bugs in what guards positions, and in what the gate judges on."""

from typing import Any

from attrs import evolve

from cream.core.execution import protection
from cream.core.model.market import Known, Unknown
from cream.daemon.portfolio import Portfolio
from cream.daemon.stop_monitor import StopMonitor
from tests.simulation.mutants.registry import Bench, mutant


@mutant("I7")
def protection_for_what_was_asked(bench: Bench) -> None:
    """Protection is for the quantity of the entry, and not measured again when it leaves."""
    from cream.core.risk import routing

    def measured(book: Any, terms: Any) -> Any:
        return None if terms.purpose.is_protective else plain_measure(book, terms)

    plain_measure = bench.swap(routing, "closes_too_much", measured)

    def placement(book: Any, guarded: Any, _quantity: Any) -> Any:
        return plain(book, guarded, book.order(guarded.entry_order_id).terms.quantity)

    plain = bench.swap(protection, "_placement", placement)


@mutant("I4")
def nobody_watches_levels(bench: Bench) -> None:
    """Levels are left to the broker's own orders."""
    bench.swap(StopMonitor, "_look", lambda _self, *_args: None)


@mutant("I4")
def protection_starts_with_the_whole_entry(bench: Bench) -> None:
    """A position is protected once its entry has filled, not from the first share."""
    from cream.core.execution.book import Book

    def protect(self: Book, terms: Any, instrument: Any) -> None:
        order = self._orders.get(terms.order_id)
        if order is not None and not order.is_open:
            plain(self, terms, instrument)

    plain = bench.swap(Book, "_protect", protect)


@mutant("I16")
def every_quote_is_fresh(bench: Bench) -> None:
    """A quote is believed however old it is."""

    def judged(_self: Portfolio, quote: Any, _now: Any) -> Any:
        return Known(quote) if quote is not None else Unknown("no quote has come")

    bench.swap(Portfolio, "_judged", judged)


@mutant("I13")
def working_orders_do_not_count(bench: Bench) -> None:
    """Limits are judged on what is held, without what is on its way."""

    def view_of(self: Portfolio, book: Any, now: Any) -> Any:
        return evolve(plain(self, book, now), working=(), exposure=None)

    plain = bench.swap(Portfolio, "view_of", view_of)
