"""Which held options may be rolled, and what is told of those that would be?

The book's side of `core/options/roll_choice.py`. Rolls are not made: an alarm says, once for each
contract and day, what would be done.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from attrs import frozen

from cream.core.execution import option_events as o
from cream.core.execution.book import Book
from cream.core.execution.option_duties import AlarmKind, held_options
from cream.core.model.instrument import OptionContract
from cream.core.model.position import Position
from cream.core.options.occ import NEW_YORK
from cream.core.options.roll_choice import NoRoll, OpenOption, Roll, RollAnswer, described

_KIND = AlarmKind.ROLL_DUE.value


@frozen(kw_only=True)
class RollReport:
    """What would be done with each held option. `enabled`: whether that is told of by itself."""

    as_of: datetime
    enabled: bool
    answers: tuple[RollAnswer, ...]


def open_options(book: Book) -> Iterator[OpenOption]:
    """Every option that is held, by symbol, with what stands in the way of a roll."""
    for contract, position in sorted(held_options(book), key=lambda one: one[0].symbol):
        price = abs(position.average_price)
        yield OpenOption(
            contract=contract,
            quantity=position.quantity,
            # What a correction or an assignment brought has no price of its own.
            price=price if price > 0 else None,
            hindrance=_hindrance(book, contract, position),
        )


def _hindrance(book: Book, contract: OptionContract, position: Position) -> str:
    symbol, options = contract.symbol, book.options
    if position.quantity % 1 != 0:
        return "it is held in parts of a contract"
    if any(leg.contract == contract for held in options.spreads.values() for leg in held.legs):
        return "it is a leg of a spread, and those are not rolled"
    owed = options.owed.get(symbol)
    if owed is not None:
        return f"it is to be closed: {owed.cause}"
    for state in options.exercises.values():
        if state.answered is None and state.asked.contract == contract:
            return "an instruction about it is under way"
    for order in (*book.open_on(symbol), *book.open_on(contract.underlying)):
        terms = order.terms
        legs = [leg.contract for leg in terms.legs]
        if contract in (*legs, terms.instrument):
            return f"order {order.order_id} works on it"
    return ""


def notes(book: Book, answers: Iterable[RollAnswer], now: datetime) -> Iterator[o.OptionAlarmed]:
    """What is to be told: each roll once a day, and that one of an earlier day is due no more."""
    for answer in answers:
        symbol = answer.contract.symbol
        told = book.options.alarms.get((symbol, _KIND))
        if told is not None and _day(told.at) == _day(now):
            continue
        match answer:
            case Roll() if book.position(answer.contract).quantity == answer.quantity:
                words = f"a dry run would roll {described(answer)}"
                yield o.OptionAlarmed(at=now, symbol=symbol, kind=_KIND, message=words)
            case NoRoll() if told is not None:
                yield o.OptionAlarmed(at=now, symbol=symbol, kind=_KIND, message="")
            case _:
                pass


def silence(book: Book, now: datetime) -> Iterator[o.OptionAlarmed]:
    """The end of every such alarm: nobody wants to be told any more."""
    for symbol, kind in list(book.options.alarms):
        if kind == _KIND:
            yield o.OptionAlarmed(at=now, symbol=symbol, kind=kind, message="")


def _day(moment: datetime) -> date:
    return moment.astimezone(NEW_YORK).date()
