"""An event comes back from its record exactly as it was, and a strange record is refused."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import get_args, get_type_hints

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.adapters.store import codec
from cream.core.execution import events as e
from cream.core.model.fill import Fee
from cream.core.model.order import Order
from cream.core.model.order_state import (
    ACCEPTED,
    INTENDED,
    PARTIALLY_FILLED,
    CancelPending,
    Closed,
    OrderState,
    OrderStatus,
    ReplacePending,
    Working,
)
from tests.unit.adapters.store.examples import AT, ENTRY, EXAMPLES, judged

GOLDEN = Path(__file__).with_name("golden_events.jsonl")

EVENT_TYPES = get_args(e.Event)

NOT_A_NUMBER = attrs.evolve(judged().violations[0], limit=Decimal("NaN"))


def _built(cls: type) -> st.SearchStrategy[object]:
    """Values of an attrs class with every field drawn, those with defaults too."""
    hints = get_type_hints(cls)
    fields = {field.name: _drawn(hints[field.name]) for field in attrs.fields(cls)}
    return st.builds(cls, **fields)


def _drawn(hint: object) -> st.SearchStrategy[object]:
    arguments = get_args(hint)
    if hint is Decimal:
        return st.decimals(allow_nan=False, allow_infinity=False)
    if hint is datetime:
        # In UTC no hour comes twice, so there is nothing for `fold` to tell apart.
        return st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(fold=0))
    if hint is int:
        return st.integers(-(2**63), 2**63 - 1)
    if isinstance(hint, type) and attrs.has(hint):
        return _built(hint)
    if arguments and arguments[-1] is Ellipsis:
        return st.lists(_drawn(arguments[0]), max_size=3).map(tuple)
    if arguments:
        return st.one_of(*(_drawn(argument) for argument in arguments))
    return st.from_type(hint)  # type: ignore[arg-type]


@pytest.mark.parametrize("event_type", EVENT_TYPES, ids=lambda cls: cls.__name__)
def test_every_event_comes_back_as_it_was(event_type: type) -> None:
    """Equal, and equal digit by digit: 1.50 does not come back as 1.5."""

    @settings(deadline=None)
    @given(_built(event_type))
    def comes_back(event: e.Event) -> None:
        read = codec.decode(codec.encode(event))

        assert read == event
        assert repr(read) == repr(event)

    comes_back()


def _golden_lines() -> list[str]:
    # Not splitlines: a record may hold characters that it takes for the end of a line.
    return GOLDEN.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def test_there_is_an_example_of_every_event() -> None:
    assert {type(example) for example in EXAMPLES} == set(EVENT_TYPES)


@pytest.mark.parametrize("example", EXAMPLES, ids=codec.kind_of)
def test_the_format_on_disk_is_the_golden_one(example: e.Event) -> None:
    """Journals of earlier versions must stay readable, so the text of an old event never changes.

    A new kind of event gets an example and a line in the golden file, made with `encode`; a line
    that is there is not edited.
    """
    line = codec.encode(example)

    assert line in _golden_lines()
    assert codec.decode(line) == example


@pytest.mark.parametrize("event_type", EVENT_TYPES, ids=lambda cls: cls.__name__)
def test_no_field_of_an_event_has_the_name_of_a_key_of_the_record(event_type: type) -> None:
    names = {field.name for field in attrs.fields(event_type)}

    assert not names & {codec.VERSION_KEY, codec.KIND_KEY}


def test_an_instant_of_another_zone_is_written_in_utc() -> None:
    new_york = timezone(timedelta(hours=-5))

    text = codec.encode(e.RunStopped(at=datetime(2026, 1, 5, 9, 30, tzinfo=new_york)))

    assert json.loads(text)["at"] == "2026-01-05T14:30:00.000000Z"


@pytest.mark.parametrize(
    ("event", "complaint"),
    [
        (e.RunStopped(at=datetime(2026, 1, 5, 9, 30)), "zone"),  # noqa: DTZ001 - the point
        (e.MassCancelOwed(at=AT, reason="\ud800"), "surrogates"),
        (attrs.evolve(judged(), violations=(NOT_A_NUMBER,)), "finite"),
    ],
)
def test_what_has_no_place_in_a_journal_is_not_written(event: e.Event, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        codec.encode(event)


def test_a_key_of_a_later_version_is_passed_over() -> None:
    record = json.loads(codec.encode(e.MassCancelOwed(at=AT, reason="x")))

    read = codec.decode(json.dumps({**record, "asked_by": {"name": "someone"}}))

    assert read == e.MassCancelOwed(at=AT, reason="x")


def test_a_field_that_came_later_has_its_default_in_an_old_record() -> None:
    record = json.loads(codec.encode(next(x for x in EXAMPLES if isinstance(x, e.OrderProgressed))))
    del record["broker_updated_at"]

    read = codec.decode(json.dumps(record))

    assert isinstance(read, e.OrderProgressed)
    assert read.broker_updated_at is None


def _with(key: str, value: object) -> str:
    record = json.loads(codec.encode(next(x for x in EXAMPLES if isinstance(x, e.OrderFilled))))
    target = record if key in record else record["fill"]
    target[key] = value
    return json.dumps(record)


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("v", 2, "format 2"),
        ("event", "OrderVanished", "OrderVanished"),
        ("event", ["OrderFilled"], "OrderFilled"),
        ("at", 12, "instant"),
        ("at", "2026-01-05T14:30:00", "instant"),
        ("quantity", 10, "decimal"),
        ("quantity", "ten", "decimal"),
        ("quantity", "Infinity", "finite"),
        ("order_id", 7, "str"),
        ("side", "HOLD", "HOLD"),
        ("instrument", {"type": "Bond", "symbol": "AAPL"}, "Bond"),
        (
            "instrument",
            {
                "type": "OptionContract",
                "underlying": "AAPL",
                "expiration": 20261218,
                "right": "CALL",
                "strike": "1",
            },
            "day",
        ),
    ],
)
def test_a_record_that_does_not_fit_is_refused(key: str, value: object, complaint: str) -> None:
    with pytest.raises(codec.UnreadableRecord, match=complaint):
        codec.decode(_with(key, value))


@pytest.mark.parametrize("body", ["", "{", "[]", '{"event": "RunStopped"}', b"\xff"])
def test_what_is_no_record_at_all_is_refused(body: str | bytes) -> None:
    with pytest.raises(codec.UnreadableRecord):
        codec.decode(body)


def test_true_is_not_taken_for_a_number() -> None:
    """A flag where a count belongs is a mistake somewhere, not a one."""
    record = json.loads(codec.encode(next(x for x in EXAMPLES if isinstance(x, e.OrderIntended))))
    record["terms"]["twap"]["interval_seconds"] = True

    with pytest.raises(codec.UnreadableRecord, match="int"):
        codec.decode(json.dumps(record))


@settings(deadline=None)
@given(st.datetimes(timezones=st.just(UTC)))
def test_nanoseconds_are_exact(moment: datetime) -> None:
    """Also where a float of seconds would be rounded."""
    seconds, nanoseconds = divmod(codec.nanoseconds(moment), 10**9)

    rebuilt = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
        seconds=seconds, microseconds=nanoseconds // 1000
    )
    assert rebuilt == moment
    assert nanoseconds % 1000 == 0


def test_the_text_of_an_instant_sorts_like_the_instant() -> None:
    texts = [codec.instant_text(AT + timedelta(microseconds=step)) for step in range(-3, 3)]

    assert texts == sorted(texts)
    assert codec.instant_text(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01T00:00:00.000000Z"


def test_a_day_is_written_as_a_day() -> None:
    adjusted = next(x for x in EXAMPLES if isinstance(x, e.PositionAdjusted))

    assert (
        json.loads(codec.encode(adjusted))["instrument"]["expiration"]
        == date(2026, 12, 18).isoformat()
    )


def order_at(state: OrderState) -> Order:
    return Order(terms=ENTRY, state=state, intended_at=AT, updated_at=AT)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (Working(OrderStatus.HELD), ["HELD"]),
        (Closed(OrderStatus.EXPIRED), ["EXPIRED"]),
        (CancelPending(INTENDED), ["PENDING_CANCEL", "PENDING_NEW"]),
        (ReplacePending(ACCEPTED), ["PENDING_REPLACE", "ACCEPTED"]),
        (
            CancelPending(ReplacePending(PARTIALLY_FILLED)),
            ["PENDING_CANCEL", "PENDING_REPLACE", "PARTIALLY_FILLED"],
        ),
    ],
)
def test_an_order_is_written_with_the_words_of_its_state(
    state: OrderState, words: list[str]
) -> None:
    body = codec.encode_value(order_at(state))

    record = json.loads(body)
    keys = ("status", "status_before_pending", "status_before_replace")
    assert [record[key] for key in keys if key in record] == words
    assert "state" not in record
    assert codec.decode_value(body, Order) == order_at(state)


def test_an_order_of_before_there_were_states_is_read() -> None:
    record = json.loads(codec.encode_value(order_at(Closed(OrderStatus.CANCELED))))
    record["status_before_pending"] = None

    assert codec.decode_value(json.dumps(record), Order).status is OrderStatus.CANCELED


def test_a_fill_without_fees_is_written_as_before_and_one_with_them_keeps_them() -> None:
    plain = next(one for one in EXAMPLES if isinstance(one, e.OrderFilled))
    fill = attrs.evolve(plain.fill, fees=(Fee("TAF", Decimal("0.0195")),))
    charged = attrs.evolve(plain, fill=fill)

    assert "fees" not in codec.encode(plain)
    assert codec.decode(codec.encode(charged)) == charged
