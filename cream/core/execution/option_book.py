"""Which spreads are held, what is owed about options, and what has been said about them?

The part of the book that is about options. A spread is what a multi-leg order of ours has opened:
the legs belong together until orders of ours part them. What the broker or anybody else does to a
leg does not change that, which is how it shows (`core/execution/option_duties.py`).
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from attrs import define, evolve, field, frozen

from cream.core.execution import option_events as o
from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.money import ZERO
from cream.core.model.order import OrderPurpose, OrderTerms
from cream.core.model.position import Position

# Of the instructions that were answered, so many are remembered: those of more than a year.
_ANSWERS_KEPT = 1_000


@frozen
class SpreadLeg:
    """One leg. `ratio` is signed: positive is owned, negative is owed."""

    contract: OptionContract
    ratio: int


@frozen
class HeldSpread:
    """Legs that were opened together, so many times."""

    legs: tuple[SpreadLeg, ...]
    quantity: Decimal

    @property
    def key(self) -> str:
        """The same for the same legs in any order."""
        return ";".join(sorted(f"{leg.ratio:+d}{leg.contract.symbol}" for leg in self.legs))


@frozen
class ExerciseState:
    """An instruction, and what became of it (None: not answered yet)."""

    asked: o.ExerciseAsked
    answered: o.ExerciseAnswered | None = None


@frozen(kw_only=True)
class OptionState:
    """Everything that an `OptionBook` holds."""

    spreads: tuple[HeldSpread, ...] = ()
    owed: tuple[o.CloseOwed, ...] = ()
    alarms: tuple[o.OptionAlarmed, ...] = ()
    exercises: tuple[ExerciseState, ...] = field(factory=tuple)
    rolls: tuple[o.RollOwed, ...] = field(factory=tuple)


@define(init=False)
class OptionBook:
    """Changed by `core/execution/book.py` alone; everybody may read it."""

    spreads: dict[str, HeldSpread]
    owed: dict[str, o.CloseOwed]
    alarms: dict[tuple[str, str], o.OptionAlarmed]
    exercises: dict[str, ExerciseState]
    rolls: dict[str, o.RollOwed]

    def __init__(self, state: OptionState | None = None) -> None:
        state = state or OptionState()
        self.spreads = {one.key: one for one in state.spreads}
        self.owed = {one.contract.symbol: one for one in state.owed}
        self.alarms = {(one.symbol, one.kind): one for one in state.alarms}
        self.exercises = {one.asked.request_id: one for one in state.exercises}
        self.rolls = {one.roll_id: one for one in state.rolls}

    def state(self) -> OptionState:
        """The same as a value."""
        return OptionState(
            spreads=tuple(self.spreads.values()),
            owed=tuple(self.owed.values()),
            alarms=tuple(self.alarms.values()),
            exercises=tuple(self.exercises.values()),
            rolls=tuple(self.rolls.values()),
        )

    def fold(self, event: o.OptionEvent) -> None:
        """Take one event in."""
        match event:
            case o.CloseOwed():
                self.owed[event.contract.symbol] = event
            case o.CloseSettled():
                self.owed.pop(event.symbol, None)
            case o.OptionAlarmed(message=""):
                self.alarms.pop((event.symbol, event.kind), None)
            case o.OptionAlarmed():
                self.alarms[event.symbol, event.kind] = event
            case o.ExerciseAsked():
                self.exercises[event.request_id] = ExerciseState(event)
            case o.ExerciseAnswered():
                self._answer(event)
            case o.RollOwed():
                self.rolls[event.roll_id] = event
            case o.RollSettled():
                self.rolls.pop(event.roll_id, None)

    def _answer(self, event: o.ExerciseAnswered) -> None:
        known = self.exercises.get(event.request_id)
        if known is None:
            return
        self.exercises[event.request_id] = evolve(known, answered=event)
        answered = [name for name, one in self.exercises.items() if one.answered is not None]
        for name in answered[: max(0, len(answered) - _ANSWERS_KEPT)]:
            del self.exercises[name]

    def opened(
        self, terms: OrderTerms, quantity: Decimal, positions: Mapping[str, Position]
    ) -> None:
        """A multi-leg order has filled so many spreads: legs that it opened belong together.

        `positions` are as they are before it. Where it is a roll of some legs of a held spread,
        what it opens takes their places in it.
        """
        if terms.purpose is OrderPurpose.EXTERNAL:
            return
        opened = tuple(SpreadLeg(leg.contract, leg.ratio) for leg in terms.opening_legs)
        closed = tuple(SpreadLeg(leg.contract, -leg.ratio) for leg in terms.legs if not leg.opens)
        takes = bool(opened) and any(
            held_as(leg, positions) - abs(leg.ratio) * quantity < self._needed(leg)
            for leg in closed
        )
        for key, spread in list(self.spreads.items()) if takes else ():
            kept = tuple(leg for leg in spread.legs if leg.contract not in _contracts(closed))
            spreads = _times(spread.legs, closed, quantity)
            if not kept or spreads is None or spreads > spread.quantity:
                continue
            scaled = _scaled(opened, quantity / spreads)
            if scaled is not None:
                self._keep(key, evolve(spread, quantity=spread.quantity - spreads))
                self._begin((*kept, *scaled), spreads)
                return
        self._begin(opened, quantity)

    def _begin(self, legs: tuple[SpreadLeg, ...], quantity: Decimal) -> None:
        """So many more of these are held together."""
        if len(legs) > 1:
            one = HeldSpread(legs, ZERO)
            standing = self.spreads.get(one.key, one)
            self.spreads[one.key] = evolve(standing, quantity=standing.quantity + quantity)

    def filled(
        self, terms: OrderTerms | None, instrument: Instrument, positions: Mapping[str, Position]
    ) -> None:
        """`instrument` has traded; `positions` are as they are after it.

        Where an order of ours has closed it, no more spreads are held than there are such legs.
        """
        if terms is None or terms.purpose is OrderPurpose.EXTERNAL:
            return
        closes = not terms.purpose.opens
        for leg in terms.legs:
            if leg.contract == instrument:
                closes = not leg.opens
        if closes:
            self._part(instrument, positions)

    def adjusted(self, positions: Mapping[str, Position]) -> None:
        """Our positions have become the broker's: a spread that is gone as a whole is forgotten."""
        for key, spread in list(self.spreads.items()):
            if all(held_as(leg, positions) == 0 for leg in spread.legs):
                del self.spreads[key]

    def _part(self, instrument: Instrument, positions: Mapping[str, Position]) -> None:
        for key, spread in list(self.spreads.items()):
            for leg in spread.legs:
                if leg.contract == instrument:
                    excess = self._needed(leg) - held_as(leg, positions)
                    fewer = -(-excess // abs(leg.ratio))
                    if excess > 0:
                        self._keep(key, evolve(spread, quantity=spread.quantity - fewer))

    def _needed(self, leg: SpreadLeg) -> Decimal:
        """How many contracts, on the side of the leg, all spreads together are made of."""
        return sum(
            (
                spread.quantity * abs(one.ratio)
                for spread in self.spreads.values()
                for one in spread.legs
                if one.contract == leg.contract and one.ratio * leg.ratio > 0
            ),
            start=ZERO,
        )

    def _keep(self, key: str, spread: HeldSpread) -> None:
        if spread.quantity > 0:
            self.spreads[key] = spread
        else:
            del self.spreads[key]


def held_as(leg: SpreadLeg, positions: Mapping[str, Position]) -> Decimal:
    """How many contracts are held on the side of the leg; none where it is the other side."""
    position = positions.get(leg.contract.symbol)
    if position is None or position.quantity * leg.ratio <= 0:
        return ZERO
    return abs(position.quantity)


def _contracts(legs: Iterable[SpreadLeg]) -> frozenset[OptionContract]:
    return frozenset(leg.contract for leg in legs)


def _times(
    legs: Iterable[SpreadLeg], closed: Iterable[SpreadLeg], quantity: Decimal
) -> Decimal | None:
    """How many spreads of `legs` give up `closed`, so many times; None where none can."""
    ratios = {leg.contract: leg.ratio for leg in legs}
    times: set[Decimal] = set()
    for one in closed:
        if one.contract not in ratios:
            return None
        times.add(one.ratio * quantity / ratios[one.contract])
    found = times.pop()
    return found if not times and found > 0 and found % 1 == 0 else None


def _scaled(legs: Iterable[SpreadLeg], factor: Decimal) -> tuple[SpreadLeg, ...] | None:
    """The legs so many times; None where that would be parts of contracts."""
    ratios = [(leg.contract, leg.ratio * factor) for leg in legs]
    if any(ratio % 1 for _, ratio in ratios):
        return None
    return tuple(SpreadLeg(contract, int(ratio)) for contract, ratio in ratios)


@frozen(kw_only=True)
class Orphan:
    """What is left of a spread that lost a leg. `quantity` is signed: what is held of `contract`
    beyond what whole spreads need. `missing` are the legs that are not there.
    """

    contract: OptionContract
    quantity: Decimal
    missing: tuple[str, ...]


def orphans(spreads: Iterable[HeldSpread], positions: Mapping[str, Position]) -> Iterator[Orphan]:
    """Every leg that is held without the legs that it was opened with; the oldest spread first."""
    left: dict[tuple[str, bool], Decimal] = {}
    for spread in spreads:
        have = {
            leg: left.setdefault((leg.contract.symbol, leg.ratio > 0), held_as(leg, positions))
            for leg in spread.legs
        }
        whole = min([spread.quantity, *(have[leg] // abs(leg.ratio) for leg in spread.legs)])
        broken = spread.quantity - whole
        for leg in spread.legs:
            name = (leg.contract.symbol, leg.ratio > 0)
            alone = min(have[leg] - whole * abs(leg.ratio), broken * abs(leg.ratio))
            left[name] = have[leg] - whole * abs(leg.ratio) - alone
            if alone > 0:
                sign = 1 if leg.ratio > 0 else -1
                yield Orphan(
                    contract=leg.contract,
                    quantity=sign * alone,
                    missing=tuple(
                        other.contract.symbol
                        for other in spread.legs
                        if have[other] < spread.quantity * abs(other.ratio)
                    ),
                )
