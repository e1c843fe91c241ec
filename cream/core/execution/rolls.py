"""Which positions in options may be rolled, and what is told of those that would be?

The book's side of `core/options/roll_choice.py`. A spread that one order of ours has opened is one
position, and so is every other contract. While rolls are only tried, an alarm says, once for each
position and day, what would be done.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal

from attrs import frozen

from cream.core.execution import option_events as o
from cream.core.execution.book import Book
from cream.core.execution.levels import Protection, stop_level
from cream.core.execution.option_book import HeldSpread, SpreadLeg, held_as
from cream.core.execution.option_duties import AlarmKind, held_options
from cream.core.model.instrument import OptionContract
from cream.core.model.money import ZERO
from cream.core.model.plan import RiskDenomination
from cream.core.model.position import Position
from cream.core.options.occ import NEW_YORK
from cream.core.options.roll_choice import NoRoll, Roll, RollAnswer, described
from cream.core.options.roll_legs import RollLeg
from cream.core.options.roll_levels import RollLevels
from cream.core.options.roll_market import OpenOption, OpenPosition, OpenSpread

_KIND = AlarmKind.ROLL_DUE.value


@frozen(kw_only=True)
class RollReport:
    """What would be done with each position. `enabled`: whether that is looked for by itself.

    `dry_run`: then it is only told of. `under_way` are rolls that are being made.
    """

    as_of: datetime
    enabled: bool
    answers: tuple[RollAnswer, ...]
    dry_run: bool = True
    under_way: tuple[o.RollOwed, ...] = ()


def open_positions(book: Book, rolling: str = "") -> Iterator[OpenPosition]:
    """Every position in options, by symbol, with what stands in the way of a roll.

    The roll with the id `rolling` does not stand in its own way.
    """
    found: list[OpenPosition] = [*_spreads(book, rolling), *_singles(book, rolling)]
    yield from sorted(found, key=lambda one: one.contract.symbol)


def _singles(book: Book, rolling: str) -> Iterator[OpenOption]:
    legs = {leg.contract for one in book.options.spreads.values() for leg in one.legs}
    for contract, position in held_options(book):
        if contract in legs:
            continue
        price = abs(position.average_price)
        whole = position.quantity % 1 == 0
        yield OpenOption(
            contract=contract,
            quantity=position.quantity,
            # What a correction or an assignment brought has no price of its own.
            price=price if price > 0 else None,
            hindrance=(
                _hindrance(book, contract, rolling)
                if whole
                else "it is held in parts of a contract"
            ),
            levels=_levels_of(book, position),
        )


def _spreads(book: Book, rolling: str) -> Iterator[OpenSpread]:
    spreads = tuple(book.options.spreads.values())
    for one in spreads:
        legs = tuple(RollLeg(leg.contract, leg.ratio) for leg in one.legs)
        yield OpenSpread(
            legs=legs,
            units=one.quantity,
            entry=_entry_of(book, legs),
            hindrance=_hindrance_of(book, one, spreads, rolling),
        )


def _entry_of(book: Book, legs: tuple[RollLeg, ...]) -> Decimal | None:
    """What one spread has cost, net; None where that of a leg is unknown."""
    prices = [abs(book.position(leg.contract).average_price) for leg in legs]
    if min(prices) <= 0:
        return None
    return sum((leg.ratio * price for leg, price in zip(legs, prices, strict=True)), ZERO)


def _hindrance_of(
    book: Book, spread: HeldSpread, spreads: tuple[HeldSpread, ...], rolling: str
) -> str:
    """Why the spread is not to be rolled: only what is held exactly as it was opened is one."""
    if spread.quantity % 1 != 0:
        return "it is held in parts of a spread"
    for leg in spread.legs:
        symbol = leg.contract.symbol
        if _is_shared(leg, spread, spreads):
            return f"{symbol} is a leg of another spread too"
        if held_as(leg, book.positions) != spread.quantity * abs(leg.ratio):
            return f"{symbol} is not held as the spread was opened"
        if symbol in book.protections:
            return f"{symbol} has levels of its own"
        hindrance = _hindrance(book, leg.contract, rolling)
        if hindrance:
            return f"{symbol}: {hindrance}"
    return ""


def _is_shared(leg: SpreadLeg, spread: HeldSpread, spreads: tuple[HeldSpread, ...]) -> bool:
    others = (one for other in spreads if other is not spread for one in other.legs)
    return any(one.contract == leg.contract for one in others)


def _hindrance(book: Book, contract: OptionContract, rolling: str) -> str:
    symbol, options = contract.symbol, book.options
    owed = options.owed.get(symbol)
    if owed is not None:
        return f"it is to be closed: {owed.cause}"
    for roll_id, roll in options.rolls.items():
        legs = [leg.contract for leg in roll.legs]
        if roll_id != rolling and contract in legs:
            return "it is being rolled"
    for state in options.exercises.values():
        if state.answered is None and state.asked.contract == contract:
            return "an instruction about it is under way"
    for order in (*book.open_on(symbol), *book.open_on(contract.underlying)):
        terms = order.terms
        legs = [leg.contract for leg in terms.legs]
        if contract in (*legs, terms.instrument):
            return f"order {order.order_id} works on it"
    return ""


def _levels_of(book: Book, position: Position) -> RollLevels | None:
    """Where the stop and the target of the position stand now."""
    protection: Protection | None = book.protections.get(position.instrument.symbol)
    if protection is None:
        return None
    own = protection.watched == position.instrument.symbol
    price = abs(position.average_price)
    return RollLevels(
        # One that follows the price has come some way, and does not go back.
        stop_loss=stop_level(protection, position.quantity),
        take_profit=protection.take_profit,
        denomination=(RiskDenomination.OPTION_PRICE if own else RiskDenomination.UNDERLYING_PRICE),
        guard=protection.guard,
        premium=price if own and price > 0 else None,
    )


def is_as_decided(book: Book, roll: Roll) -> bool:
    """Whether the position is still what `roll` was decided for, and nothing stands in its way."""
    contracts = {leg.contract for leg in roll.closes}
    for one in open_positions(book):
        if {leg.contract for leg in one.legs} == contracts:
            return one.quantity == roll.quantity and not one.hindrance
    return False


def notes(
    book: Book, answers: Iterable[RollAnswer], now: datetime, *, tried: bool = True
) -> Iterator[o.OptionAlarmed]:
    """What is to be told: each roll once a day, and that one of an earlier day is due no more.

    Unless they are only `tried`, those that are to be told of are those that the gate refuses.
    """
    for answer in answers:
        symbol = answer.contract.symbol
        told = book.options.alarms.get((symbol, _KIND))
        if told is not None and _day(told.at) == _day(now):
            continue
        match answer:
            case Roll() if not tried and not answer.refused:
                pass
            case Roll() if book.position(answer.contract).quantity == answer.quantity:
                words = f"a dry run would roll {described(answer)}"
                if answer.refused:
                    words = f"the gate would not let roll {described(answer)}: {answer.refused}"
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


def over(book: Book, symbol: str, now: datetime) -> Iterator[o.OptionAlarmed]:
    """The end of what was told about `symbol`: it is being rolled."""
    for kind in (_KIND, AlarmKind.ROLL_FAILED.value):
        if (symbol, kind) in book.options.alarms:
            yield o.OptionAlarmed(at=now, symbol=symbol, kind=kind, message="")


def _day(moment: datetime) -> date:
    return moment.astimezone(NEW_YORK).date()
