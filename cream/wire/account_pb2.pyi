import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Activity(_message.Message):
    __slots__ = ("activity_id", "type", "word", "sub_word", "date", "status", "symbol", "quantity", "price", "net_amount", "description", "group_id", "noted_at")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    WORD_FIELD_NUMBER: _ClassVar[int]
    SUB_WORD_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    NET_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    NOTED_AT_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    type: str
    word: str
    sub_word: str
    date: str
    status: str
    symbol: str
    quantity: str
    price: str
    net_amount: str
    description: str
    group_id: str
    noted_at: _timestamp_pb2.Timestamp
    def __init__(self, activity_id: _Optional[str] = ..., type: _Optional[str] = ..., word: _Optional[str] = ..., sub_word: _Optional[str] = ..., date: _Optional[str] = ..., status: _Optional[str] = ..., symbol: _Optional[str] = ..., quantity: _Optional[str] = ..., price: _Optional[str] = ..., net_amount: _Optional[str] = ..., description: _Optional[str] = ..., group_id: _Optional[str] = ..., noted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListActivitiesRequest(_message.Message):
    __slots__ = ("types", "since", "until", "limit", "cursor")
    TYPES_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    types: _containers.RepeatedScalarFieldContainer[str]
    since: str
    until: str
    limit: int
    cursor: str
    def __init__(self, types: _Optional[_Iterable[str]] = ..., since: _Optional[str] = ..., until: _Optional[str] = ..., limit: _Optional[int] = ..., cursor: _Optional[str] = ...) -> None: ...

class ListActivitiesResponse(_message.Message):
    __slots__ = ("activities", "next_cursor", "kept_days")
    ACTIVITIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    KEPT_DAYS_FIELD_NUMBER: _ClassVar[int]
    activities: _containers.RepeatedCompositeFieldContainer[Activity]
    next_cursor: str
    kept_days: int
    def __init__(self, activities: _Optional[_Iterable[_Union[Activity, _Mapping]]] = ..., next_cursor: _Optional[str] = ..., kept_days: _Optional[int] = ...) -> None: ...

class DayOfFees(_message.Message):
    __slots__ = ("date", "kind", "estimated", "charged", "differs")
    DATE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_FIELD_NUMBER: _ClassVar[int]
    CHARGED_FIELD_NUMBER: _ClassVar[int]
    DIFFERS_FIELD_NUMBER: _ClassVar[int]
    date: str
    kind: str
    estimated: str
    charged: str
    differs: bool
    def __init__(self, date: _Optional[str] = ..., kind: _Optional[str] = ..., estimated: _Optional[str] = ..., charged: _Optional[str] = ..., differs: _Optional[bool] = ...) -> None: ...

class GetFeesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetFeesResponse(_message.Message):
    __slots__ = ("fees",)
    FEES_FIELD_NUMBER: _ClassVar[int]
    fees: _containers.RepeatedCompositeFieldContainer[DayOfFees]
    def __init__(self, fees: _Optional[_Iterable[_Union[DayOfFees, _Mapping]]] = ...) -> None: ...
