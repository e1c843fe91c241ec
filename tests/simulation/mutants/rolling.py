"""Bugs in what is done about options that are held: their last day, and rolls."""

from typing import Any

from attrs import evolve

from cream.core.execution import roll_steps
from cream.core.execution.book import Book
from cream.core.execution.option_book import OptionBook
from cream.daemon import roll_runner
from cream.daemon.option_keeper import OptionKeeper
from tests.simulation.mutants.registry import Bench, mutant


@mutant("I25")
def what_a_roll_has_opened_does_not_count(bench: Bench) -> None:
    """The second half of a roll is sent again although it has filled."""

    def state_of(book: Any, owed: Any, ids: Any) -> Any:
        state = plain(book, owed, ids)
        if owed.as_one or state.opened == 0:
            return state
        return evolve(state, opened=state.opened - 1, owing=state.owing + 1)

    plain = bench.swap(roll_steps, "state_of", state_of)
    bench.swap(roll_runner, "state_of", state_of)


@mutant("I25")
def a_roll_is_never_settled(bench: Bench) -> None:
    """What is over stays owed."""
    bench.swap(roll_runner, "_over", lambda *_args: roll_runner.Decided(()))


@mutant("I25")
def a_snapshot_has_no_rolls(bench: Bench) -> None:
    """Who begins from a snapshot does not know which rolls are owed."""

    def state(self: OptionBook) -> Any:
        return evolve(plain(self), rolls=())

    plain = bench.swap(OptionBook, "state", state)


@mutant("I26")
def nothing_is_closed_on_its_last_day(bench: Bench) -> None:
    """What is owed on the last day of an option is noted and never done."""
    bench.swap(OptionKeeper, "_due", lambda *_args: [])


@mutant("I10")
def a_spread_is_booked_by_its_first_leg(bench: Bench) -> None:
    """Of a fill of several legs only the first moves what is held."""
    from cream.core.execution import events as e

    def apply(self: Book, record: Any) -> None:
        if isinstance(record.event, e.SpreadFilled):
            record = evolve(record, event=evolve(record.event, legs=record.event.legs[:1]))
        plain(self, record)

    plain = bench.swap(Book, "apply", apply)
