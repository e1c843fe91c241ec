"""What happened to one order, from the plan that asked for it to its end? Told from the journal.

The story is of the whole family: an order without its legs, exits and slices is half a story. What
restricted trading meanwhile is part of it, since that is why orders are cancelled.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from attrs import frozen

from cream.core.execution import events as e
from cream.core.execution import option_events as o
from cream.core.execution.memory import orders_of
from cream.core.model.fill import Fill
from cream.core.model.order import OrderLeg, OrderTerms
from cream.core.model.verdict import CheckResult


@frozen(kw_only=True)
class Scene:
    """One thing that happened. `after` is the time since the order was intended; None: before it.

    `order_id` is empty for what is about no order alone. `broker_time` is the broker's own moment.
    """

    sequence: int
    at: datetime
    after: timedelta | None
    order_id: str
    what: str
    details: tuple[str, ...] = ()
    broker_time: datetime | None = None


@frozen(kw_only=True)
class Story:
    """An order and its family, and what happened to them, oldest first."""

    order_id: str
    family: tuple[OrderTerms, ...]
    scenes: tuple[Scene, ...]


class Cast:
    """Who is who in a journal: every name of every order, and its family."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._parents: dict[str, str] = {}
        self._plans: dict[str, str] = {}

    def hear(self, event: e.Event) -> None:
        """Learn what `event` tells of names."""
        match event:
            case e.OrderIntended(terms=terms):
                self._meet(terms)
            case e.ChildListed(terms=terms, broker_order_id=broker_id):
                self._meet(terms)
                self._ids.setdefault(broker_id, terms.order_id)
            case e.OrderAcknowledged() | e.OrderReplaced():
                self._ids.setdefault(event.broker_order_id, event.order_id)
            case _:
                return

    def _meet(self, terms: OrderTerms) -> None:
        self._ids[terms.order_id] = terms.order_id
        self._plans[terms.order_id] = terms.plan_id
        if terms.client_order_id:
            self._ids.setdefault(terms.client_order_id, terms.order_id)
        if terms.parent_order_id is not None:
            self._parents[terms.order_id] = terms.parent_order_id

    def order_id(self, any_id: str) -> str | None:
        """Our id of the order with this id (ours, the client's or the broker's)."""
        return self._ids.get(any_id)

    def plan_id(self, order_id: str) -> str:
        """The plan, or the roll, that the order belongs to."""
        return self._plans.get(order_id, "")

    def root(self, order_id: str) -> str:
        """The first of the family."""
        while order_id in self._parents:
            order_id = self._parents[order_id]
        return order_id


def story(read: Callable[[], Iterable[e.Record]], any_id: str) -> Story | None:
    """The story of the order with this id; None where the records know none.

    `read` is called twice, since a name may be told long after the story has begun; a journal of
    any length is read with the memory of its names.
    """
    cast = Cast()
    for record in read():
        cast.hear(record.event)
    order_id = cast.order_id(any_id)
    if order_id is None:
        return None
    root = cast.root(order_id)
    own: list[e.Record] = []
    weather: list[e.Record] = []
    for record in read():
        if _is_about(record.event, root, cast):
            own.append(record)
        elif _is_weather(record.event):
            weather.append(record)
    family = _family(own)
    began = next((one.event.at for one in own if isinstance(one.event, e.OrderIntended)), None)
    first, last = own[0].sequence, own[-1].sequence
    among = [one for one in weather if first <= one.sequence <= last]
    scenes = [_scene(one, began) for one in sorted([*own, *among], key=lambda one: one.sequence)]
    return Story(order_id=order_id, family=tuple(family.values()), scenes=tuple(scenes))


def _is_about(event: e.Event, root: str, cast: Cast) -> bool:
    match event:
        case e.PlanJudged(order_ids=order_ids):
            return any(cast.root(one) == root for one in order_ids)
        case o.RollOwed(roll_id=roll_id) | o.RollSettled(roll_id=roll_id):
            return cast.plan_id(root) == roll_id
        case e.ProtectionTriggered(exit_order_id=exit_id):
            return cast.root(exit_id) == root
        case e.OrderIntended(terms=terms):
            return cast.root(terms.order_id) == root
        case _:
            return any(cast.root(one) == root for one in orders_of(event))


def _is_weather(event: e.Event) -> bool:
    """Whether the event is about no order, but may be why something happened to one."""
    return isinstance(
        event,
        e.RunStarted
        | e.RunStopped
        | e.TradingRestricted
        | e.RestrictionLifted
        | e.MassCancelOwed
        | e.MassCancelConfirmed,
    )


def _family(records: Iterable[e.Record]) -> dict[str, OrderTerms]:
    found: dict[str, OrderTerms] = {}
    for record in records:
        if isinstance(record.event, e.OrderIntended | e.ChildListed):
            found.setdefault(record.event.terms.order_id, record.event.terms)
    return found


def _scene(record: e.Record, began: datetime | None) -> Scene:
    event = record.event
    what, details = _told(event)
    about = orders_of(event)
    order_id = event.terms.order_id if isinstance(event, e.OrderIntended) else ""
    return Scene(
        sequence=record.sequence,
        at=event.at,
        after=None if began is None or event.at < began else event.at - began,
        order_id=order_id or (about[0] if about else ""),
        what=what,
        details=tuple(details),
        broker_time=getattr(event, "broker_updated_at", None),
    )


def _told(event: e.Event) -> tuple[str, Iterable[str]]:
    """The event in words, and its particulars."""
    match event:
        case e.PlanJudged():
            return f"plan {event.plan_id} was judged", _verdict(event)
        case e.OrderIntended():
            told = (_terms(event.terms), *map(_leg, event.terms.legs))
            return "intended", (*told, f"because of {event.reason}")
        case e.ChildListed():
            listed = f"the broker lists it as {event.broker_order_id}: {event.status.value}"
            return listed, (_terms(event.terms), *map(_leg, event.terms.legs))
        case e.OrderAcknowledged():
            return f"the broker has it as {event.broker_order_id}: {event.status.value}", ()
        case e.OrderRefused():
            return f"refused: {event.code}", (event.message,)
        case e.SubmitUnknown():
            return "sent, outcome unknown", (event.why,)
        case e.OrderProgressed():
            return event.status.value, (event.reason,) if event.reason else ()
        case e.OrderFilled():
            return "filled", (_fill(event.fill),)
        case e.FillInferred():
            return "filled, as the broker's figures show", (_fill(event.fill),)
        case e.SpreadFilled():
            whole = f"{event.quantity} spreads at {event.net_price} net ({event.execution_id})"
            return "filled", (whole, *map(_fill, event.legs))
        case _:
            return _told_rarely(event)


def _told_rarely(event: e.Event) -> tuple[str, Iterable[str]]:
    match event:
        case e.FillCorrected():
            before = [f"instead of {_fill(one)}" for one in event.before]
            after = [] if event.after is None else [f"now {_fill(event.after)}"]
            return "a fill was corrected", (*before, *after, event.reason)
        case e.OrderReplaced():
            prices = f"limit {event.limit_price}, stop {event.stop_price}"
            replaced = f"replaced {event.replaces} by {event.broker_order_id}"
            return replaced, (f"{event.quantity} in all, {prices}",)
        case e.CancelRequested():
            return f"{event.actor} wants it cancelled", (event.reason,)
        case e.CancelRefused():
            return "the broker would not cancel", (event.reason,)
        case e.ProtectionTriggered():
            return f"{event.kind} reached", (f"level {event.level}, price {event.price}",)
        case o.RollOwed():
            asked = f", asked for by {event.actor}" if event.actor else ""
            return "a roll was owed", (f"because of {', '.join(event.reasons)}{asked}",)
        case o.RollSettled():
            return f"the roll is over: {event.outcome}", (event.message,)
        case e.TradingRestricted():
            what = f"trading became {event.state.value} ({event.cause.value})"
            return what, (f"{event.reason} ({event.actor})",)
        case e.RestrictionLifted():
            return f"{event.cause.value} was lifted", (f"{event.reason} ({event.actor})",)
        case e.MassCancelOwed():
            return "everything was to be cancelled", (event.reason,)
        case e.MassCancelConfirmed():
            return "everything was cancelled", ()
        case e.RunStarted():
            return f"Cream {event.version} started", ()
        case e.RunStopped():
            return "Cream stopped in order", ()
        case _:
            return type(event).__name__, ()


def _verdict(judged: e.PlanJudged) -> Iterator[str]:
    yield f"{'approved' if judged.ok else 'refused'} under policy {judged.policy_version}"
    if judged.rationale:
        yield f"rationale: {judged.rationale}"
    for asked in judged.asked:
        name = f"{asked.decision_id}: " if asked.decision_id else ""
        size = f"{asked.size} {asked.unit} {asked.symbol}"
        yield f"asked: {name}{asked.action} {size}{_levels(asked)}"
        if asked.rationale:
            yield f"  because: {asked.rationale}"
    for check in judged.checks:
        sign = "" if check.result is CheckResult.PASS else f"{check.result.value} "
        numbers = f"{_number(check.observed)} of {_number(check.limit)} {check.unit.value}"
        yield f"check: {sign}{check.code} {numbers}".rstrip()
    for violation in judged.violations:
        where = f" ({violation.instrument_id})" if violation.instrument_id else ""
        yield f"{violation.severity.value.lower()}: {violation.code}{where}: {violation.message}"
    if judged.left_out:
        yield f"left out: {', '.join(judged.left_out)}"


def _levels(asked: e.Asked) -> str:
    levels = (
        ("limit", asked.limit_price),
        ("stop", asked.stop_loss),
        ("target", asked.take_profit),
        ("confidence", asked.confidence),
    )
    return "".join(f", {name} {value}" for name, value in levels if value is not None)


def _terms(terms: OrderTerms) -> str:
    """The order in a line: what it was sized to, and its prices."""
    prices = (
        ("limit", terms.limit_price),
        ("stop", terms.stop_price),
        ("target level", terms.take_profit),
        ("stop level", terms.stop_loss),
    )
    told = "".join(f", {name} {value}" for name, value in prices if value is not None)
    return (
        f"{terms.purpose.value}: {terms.side.value} {terms.quantity} {terms.instrument.symbol} "
        f"{terms.order_type.value} {terms.order_class.value} {terms.time_in_force.value}{told}"
    )


def _leg(leg: OrderLeg) -> str:
    return f"leg: {leg.intent.value} {abs(leg.ratio)} {leg.contract.symbol}"


def _fill(fill: Fill) -> str:
    return (
        f"{fill.side.value} {fill.quantity} {fill.instrument.symbol} at {fill.price}, "
        f"commission {fill.charges} ({fill.execution_id})"
    )


def _number(value: Decimal | None) -> str:
    return "-" if value is None else f"{value.normalize():f}"
