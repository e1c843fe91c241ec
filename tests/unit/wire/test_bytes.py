"""Are the bytes on the wire those that an agent of the older contract sends and reads?"""

import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from cream.wire import (
    common_pb2,
    control_pb2,
    decision_pb2,
    execution_pb2,
    market_snapshot_pb2,
    status_pb2,
)

# Written by hand from the encoding rules: tag is number * 8 + wire type (0 varint, 1 eight bytes,
# 2 length and bytes), doubles are little endian, negative numbers are ten bytes of varint.
GOLDEN: dict[str, tuple[str, Message]] = {
    "a limit order of the first contract": (
        "0a 08"  # instrument, 8 bytes
        "   0a 04 41 41 50 4c"  # instrument_id AAPL
        "   10 01"  # EQUITY
        "10 01"  # side BUY
        "18 14"  # quantity 20
        "20 01"  # LIMIT
        "29 00 00 00 00 00 d0 6d 40"  # limit_price 238.5
        "30 01"  # DAY
        "3a 03 63 2d 31"  # client_order_id c-1
        "42 02 79 31",  # cycle_id y1
        execution_pb2.SubmitOrderRequest(
            instrument=common_pb2.Instrument(
                instrument_id="AAPL", instrument_type=common_pb2.INSTRUMENT_TYPE_EQUITY
            ),
            side=execution_pb2.ORDER_SIDE_BUY,
            quantity=20,
            order_type=common_pb2.ORDER_TYPE_LIMIT,
            limit_price=238.5,
            time_in_force=common_pb2.TIME_IN_FORCE_DAY,
            client_order_id="c-1",
            cycle_id="y1",
        ),
    ),
    "a price of zero that is there": (
        "29 00 00 00 00 00 00 00 00",
        execution_pb2.SubmitOrderRequest(limit_price=0.0),
    ),
    "protection under a new number": (
        "a2 06 06 32 32 38 2e 35 30",  # 100 * 8 + 2 = 802
        execution_pb2.SubmitOrderRequest(stop_loss_price="228.50"),
    ),
    "a short position": (
        "10 fd ff ff ff ff ff ff ff ff 01",  # quantity -3
        execution_pb2.Position(quantity=-3),
    ),
    "a leg that sells": (
        "0a 03 41 42 43 10 ff ff ff ff ff ff ff ff ff 01 18 03 22 03 0a 01 41",
        common_pb2.OptionLeg(
            symbol="ABC",
            ratio_qty=-1,
            position_intent=common_pb2.POSITION_INTENT_SELL_TO_OPEN,
            contract=common_pb2.OptionContract(underlying="A"),
        ),
    ),
    "numbers in a row are packed": (
        "0a 01 41 0a 01 42 1a 03 01 3c 05",
        market_snapshot_pb2.GetSnapshotRequest(symbols=["A", "B"], bar_timeframes=[1, 60, 5]),
    ),
    "one of four kinds of news": (
        "12 04 0a 02 53 50",
        market_snapshot_pb2.SubscribeMarketDataResponse(bar=market_snapshot_pb2.Bar(symbol="SP")),
    ),
    "a plan with a decision of the later version": (
        "0a 02 79 31"  # cycle_id y1
        "12 04 08 01 10 02"  # as_of_timestamp, 1 s and 2 ns
        "18 02"  # PAPER
        "22 28"  # a decision, 40 bytes
        "   10 07"  # CLOSE
        "   1a 04 08 05 10 04"  # size 5 PCT_EQUITY
        "   22 06 2a 04 54 57 41 50"  # order_plan.execution_tactic TWAP
        "   50 01"  # LONG
        "   6a 01 78"  # a bullish factor, x
        "   7a 03 0a 01 4c"  # a leg, L
        "   81 01 00 00 00 00 00 00 f8 bf"  # net_limit_price -1.5
        "   a2 06 01 64"  # decision_id d
        "a2 06 01 70"  # plan_id p
        "b0 06 00",  # critic_approved false, and said
        decision_pb2.DecisionPlan(
            cycle_id="y1",
            as_of_timestamp=Timestamp(seconds=1, nanos=2),
            environment=common_pb2.ENVIRONMENT_PAPER,
            decisions=[
                decision_pb2.Decision(
                    action=common_pb2.ACTION_CLOSE,
                    size=common_pb2.Size(quantity=5, unit=common_pb2.SIZE_UNIT_PCT_EQUITY),
                    order_plan=decision_pb2.OrderPlan(execution_tactic="TWAP"),
                    direction=common_pb2.DIRECTION_LONG,
                    bullish_factors=["x"],
                    legs=[common_pb2.OptionLeg(symbol="L")],
                    net_limit_price=-1.5,
                    decision_id="d",
                )
            ],
            plan_id="p",
            critic_approved=False,
        ),
    ),
}

FILES = [
    module.DESCRIPTOR
    for module in (
        common_pb2,
        decision_pb2,
        control_pb2,
        status_pb2,
        execution_pb2,
        market_snapshot_pb2,
    )
]

FIRST_NUMBER_OF_OURS = 100


def without_ours(message: DescriptorProto) -> None:
    """Take the fields from 100 up out of a message, and their presence with them."""
    kept = [field for field in message.field if field.number < FIRST_NUMBER_OF_OURS]
    oneofs = [list(message.oneof_decl)[f.oneof_index] for f in kept if f.HasField("oneof_index")]
    names = list(dict.fromkeys(oneof.name for oneof in oneofs))
    for field in kept:
        if field.HasField("oneof_index"):
            field.oneof_index = names.index(message.oneof_decl[field.oneof_index].name)
    del message.field[:]
    message.field.extend(kept)
    del message.oneof_decl[:]
    for name in names:
        message.oneof_decl.add(name=name)


def class_of_the_field(name: str) -> type[Message]:
    """A message as an agent compiled it that never heard of numbers from 100 up."""
    pool = DescriptorPool()
    for known in (Struct.DESCRIPTOR.file, Timestamp.DESCRIPTOR.file):
        pool.AddSerializedFile(known.serialized_pb)
    for file in FILES:
        proto = FileDescriptorProto.FromString(file.serialized_pb)
        for message in proto.message_type:
            without_ours(message)
        pool.Add(proto)
    return GetMessageClass(pool.FindMessageTypeByName(f"cream.v1.{name}"))


@pytest.mark.parametrize("case", GOLDEN)
def test_the_golden_bytes_are_written_and_read(case: str) -> None:
    text, message = GOLDEN[case]
    data = bytes.fromhex(text)

    assert message.SerializeToString(deterministic=True) == data
    assert type(message).FromString(data) == message


def test_an_agent_of_the_contract_reads_our_order_and_sends_it_back_whole() -> None:
    """What is new rides along as unknown fields: nothing old moves, nothing new is lost."""
    ours = execution_pb2.OrderState(
        order_id="o",
        status=execution_pb2.ORDER_STATUS_ACCEPTED,
        limit_price=238.5,
        requested_quantity=20,
        status_detail="PENDING_CANCEL",
        purpose=execution_pb2.ORDER_PURPOSE_ENTRY,
        exact_limit_price="238.50",
    )

    theirs = class_of_the_field("OrderState").FromString(ours.SerializeToString())

    shown = {field.name: value for field, value in theirs.ListFields()}
    assert shown == {"order_id": "o", "status": 3, "limit_price": 238.5, "requested_quantity": 20}
    assert execution_pb2.OrderState.FromString(theirs.SerializeToString()) == ours


def test_a_message_that_breaks_off_is_an_error() -> None:
    """The daemon's parser is strict: half a plan is never taken for a plan."""
    text, message = GOLDEN["a plan with a decision of the later version"]

    with pytest.raises(DecodeError):
        type(message).FromString(bytes.fromhex(text)[:-12])
