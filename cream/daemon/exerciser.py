"""Who tells the broker to exercise an option, or not to? One task, on an operator's word.

The instruction is in the journal before it is sent, and is sent once. Where no answer came (a
timeout, a crash), the broker's positions are looked at: contracts that are gone were exercised.
What they do not show is unknown, is an alarm, and is never sent again by itself.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import assert_never

import structlog
import trio
from attrs import define, field, frozen

from cream.core.execution import events as e
from cream.core.execution import option_events as o
from cream.core.execution.book import Book
from cream.core.execution.guards import working_exits
from cream.core.execution.option_book import ExerciseState
from cream.core.model.broker import (
    BrokerPosition,
    ExerciseOutcome,
    InstructionTaken,
    OutcomeUnknown,
    Refused,
    Unavailable,
)
from cream.core.model.errors import BrokerUnavailable, CreamError
from cream.core.model.ids import digest
from cream.core.model.instrument import (
    CONTRACT_MULTIPLIER,
    Equity,
    Instrument,
    OptionContract,
    OptionRight,
)
from cream.core.model.market import Quote
from cream.core.model.order import Side
from cream.core.options.occ import NEW_YORK
from cream.core.ports import Broker
from cream.core.risk.decisions import Decide, Decided
from cream.daemon.desk import Desk

log = structlog.get_logger(__name__)

EXERCISE, DO_NOT_EXERCISE = "exercise", "do_not_exercise"

# How long the broker may take to answer.
_ANSWER_SECONDS = 10.0
# How often, and how far apart, positions are looked at before nobody can tell.
_LOOKS, _LOOK_SECONDS = 5, 2.0
# Operators give instructions one at a time; past this many they wait.
_WAITING = 16


@frozen
class Instruction:
    """What an operator asks for. `quantity` None: everything that is held."""

    contract: OptionContract
    kind: str
    quantity: Decimal | None
    actor: str


@define
class _Request:
    instruction: Instruction
    done: trio.Event = field(factory=trio.Event)
    state: ExerciseState | None = None
    error: CreamError | None = None


@define
class Exerciser:
    """The exerciser's collaborators."""

    desk: Desk
    broker: Broker
    quote_of: Callable[[str], Quote | None]
    _in: trio.MemorySendChannel[_Request] = field(init=False)
    _out: trio.MemoryReceiveChannel[_Request] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._in, self._out = trio.open_memory_channel[_Request](_WAITING)

    async def instruct(self, instruction: Instruction) -> ExerciseState:
        """What became of the instruction.

        Raises: CreamError for what is not to be sent. Cancellation: it is carried out all the same.
        """
        request = _Request(instruction)
        await self._in.send(request)
        await request.done.wait()
        if request.error is not None:
            raise request.error
        assert request.state is not None, "what is done has an answer"
        return request.state

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Find out what became of earlier instructions, then carry out new ones.

        Cancellation: what was asked and not answered is looked up by the next life.
        """
        task_status.started()
        for state in list(self.desk.book.options.exercises.values()):
            if state.answered is None:
                await self._answer(state.asked, await self._look_up(state.asked))
        async for request in self._out:
            try:
                request.state = await self._carry_out(request.instruction)
            except CreamError as error:
                request.error = error
            finally:
                if request.state is None and request.error is None:
                    request.error = CreamError("NOT_READY", "the daemon is stopping")
                request.done.set()

    async def _carry_out(self, instruction: Instruction) -> ExerciseState:
        asked = await self.desk.do(_ask(instruction, self.quote_of))
        outcome: ExerciseOutcome = OutcomeUnknown("no answer in time")
        with trio.move_on_after(_ANSWER_SECONDS):
            if asked.instruction == EXERCISE:
                outcome = await self.broker.exercise(asked.contract, asked.quantity)
            else:
                outcome = await self.broker.do_not_exercise(asked.contract)
        return await self._answer(asked, await self._read(asked, outcome))

    async def _read(self, asked: o.ExerciseAsked, outcome: ExerciseOutcome) -> "_Answer":
        match outcome:
            case InstructionTaken():
                return _answered(asked, "taken", "")
            case Refused(code, message):
                return _answered(asked, "refused", f"[{code}] {message}")
            case Unavailable(why):
                return _answered(asked, "refused", f"[BROKER_UNAVAILABLE] {why}")
            case OutcomeUnknown():
                return await self._look_up(asked)
        assert_never(outcome)

    async def _look_up(self, asked: o.ExerciseAsked) -> "_Answer":
        """What the broker's positions say of an instruction that nobody has answered."""
        if asked.instruction == EXERCISE:
            for _ in range(_LOOKS):
                shown = await self._positions()
                if shown is not None and _held(shown, asked.contract) <= (
                    asked.held - asked.quantity
                ):
                    return _answered(asked, "taken", "the broker's positions show it")
                await trio.sleep(_LOOK_SECONDS)
        message = "no answer came, and nothing shows whether it was taken: look before asking again"
        return _answered(asked, "unknown", message)

    async def _answer(self, asked: o.ExerciseAsked, answer: "_Answer") -> ExerciseState:
        shown = None
        if answer.outcome == "taken" and asked.instruction == EXERCISE:
            shown = await self._positions()
        await self.desk.do(_record(asked, answer, shown))
        log.warning(
            "exerciser.instruction_answered",
            symbol=asked.contract.symbol,
            instruction=asked.instruction,
            outcome=answer.outcome,
            message=answer.message,
        )
        return self.desk.book.options.exercises[asked.request_id]

    async def _positions(self) -> list[BrokerPosition] | None:
        with trio.move_on_after(_ANSWER_SECONDS):
            try:
                return list(await self.broker.positions())
            except BrokerUnavailable:
                return None
        return None


@frozen
class _Answer:
    request_id: str
    outcome: str
    message: str


def _answered(asked: o.ExerciseAsked, outcome: str, message: str) -> _Answer:
    return _Answer(asked.request_id, outcome, message)


def _held(shown: list[BrokerPosition], instrument: Instrument) -> Decimal:
    return sum((one.quantity for one in shown if one.instrument == instrument), Decimal(0))


def _ask(
    instruction: Instruction, quote_of: Callable[[str], Quote | None]
) -> Decide[o.ExerciseAsked]:
    """Write the instruction down, if it can be meant.

    Raises (in the desk): CreamError.
    """

    def decide(book: Book, now: datetime) -> Decided[o.ExerciseAsked]:
        contract = instruction.contract
        held = book.position(contract).quantity
        quantity = held if instruction.quantity is None else instruction.quantity
        problem = _problem(book, instruction, held, quantity, now)
        if problem is None and instruction.kind == EXERCISE:
            problem = _loses(contract, quote_of(contract.underlying))
        if problem is not None:
            raise CreamError("INVALID_REQUEST", problem)
        asked = o.ExerciseAsked(
            at=now,
            request_id="x" + digest(instruction.kind, contract.symbol, str(book.sequence)),
            contract=contract,
            quantity=quantity,
            held=held,
            instruction=instruction.kind,
            actor=instruction.actor,
        )
        return Decided(asked, (asked,))

    return decide


def _problem(
    book: Book, instruction: Instruction, held: Decimal, quantity: Decimal, now: datetime
) -> str | None:
    symbol = instruction.contract.symbol
    if held <= 0:
        return f"no long position in {symbol} is held: only its holder exercises"
    if quantity <= 0 or quantity % 1 != 0:
        return f"the quantity must be a whole number above zero, was {quantity:f}"
    working = sum((one.leaves for one in working_exits(book, symbol, Side.SELL)), Decimal(0))
    if instruction.kind == EXERCISE and quantity > held - working:
        return f"{held:f} of {symbol} are held, {working:f} of them are being sold"
    if instruction.kind == DO_NOT_EXERCISE and (
        now.astimezone(NEW_YORK).date() != instruction.contract.expiration
    ):
        return f"do-not-exercise is for the last day, {instruction.contract.expiration}"
    for state in book.options.exercises.values():
        if state.answered is None and state.asked.contract == instruction.contract:
            return f"an instruction about {symbol} is under way"
    return None


def _loses(contract: OptionContract, quote: Quote | None) -> str | None:
    """That exercise would pay more than the market asks (or get less than it bids), if so."""
    if quote is None or quote.is_crossed or quote.bid <= 0:
        return None
    if contract.right is OptionRight.CALL and contract.strike >= quote.ask:
        return f"{contract.underlying} can be bought at {quote.ask}: {contract.symbol} pays nothing"
    if contract.right is OptionRight.PUT and contract.strike <= quote.bid:
        return f"{contract.underlying} can be sold at {quote.bid}: {contract.symbol} pays nothing"
    return None


def _record(
    asked: o.ExerciseAsked, answer: _Answer, shown: list[BrokerPosition] | None
) -> Decide[None]:
    """The answer; and the holdings after it, where the broker shows exactly what was expected."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        events: list[e.Event] = [
            o.ExerciseAnswered(
                at=now,
                request_id=asked.request_id,
                outcome=answer.outcome,
                message=answer.message,
            )
        ]
        if answer.outcome == "unknown":
            words = f"{asked.instruction} of {asked.quantity:f}: {answer.message}"
            events.append(
                o.OptionAlarmed(
                    at=now, symbol=asked.contract.symbol, kind="exercise_unknown", message=words
                )
            )
        if shown is not None:
            events += _delivered(book, asked, shown, now)
        return Decided(None, tuple(events))

    return decide


def _delivered(
    book: Book, asked: o.ExerciseAsked, shown: list[BrokerPosition], now: datetime
) -> list[e.Event]:
    """What changed hands. Anything else than expected is left for a reconciliation to find."""
    contract, shares = asked.contract, Equity(asked.contract.underlying)
    sign = 1 if contract.right is OptionRight.CALL else -1
    after: dict[Instrument, Decimal] = {
        contract: book.position(contract).quantity - asked.quantity,
        shares: book.position(shares).quantity + sign * asked.quantity * CONTRACT_MULTIPLIER,
    }
    if any(_held(shown, one) != quantity for one, quantity in after.items()):
        return []
    averages = {one.instrument: one.average_price for one in shown}
    return [
        e.PositionAdjusted(
            at=now,
            instrument=one,
            quantity=quantity,
            average_price=averages.get(one, Decimal(0)),
            reason=f"{asked.quantity:f} of {contract.symbol} were exercised",
        )
        for one, quantity in after.items()
    ]
