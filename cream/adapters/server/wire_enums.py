"""Which word of the model is which number on the wire?

The contract names its values as the model does, with the enum's own prefix; a member of the model
that the wire does not have is found when this module is imported. Only order status differs.
"""

from collections.abc import Callable
from enum import Enum
from typing import Generic, TypeVar

from cream.adapters.server.problems import Problems
from cream.core.model.instrument import OptionRight
from cream.core.model.market import MarketStatus
from cream.core.model.order import Order, OrderClass, OrderPurpose, OrderStatus, OrderType, Side
from cream.core.model.order_state import statuses
from cream.core.model.plan import (
    Action,
    Direction,
    Environment,
    PositionIntent,
    RiskDenomination,
    SizeUnit,
    StrategyFamily,
    ThesisState,
    TimeHorizon,
    TimeInForce,
)
from cream.core.model.promise import OnLoss
from cream.core.model.state import TradingState
from cream.core.model.verdict import CheckResult, Severity
from cream.wire import common_pb2, control_pb2, execution_pb2

E = TypeVar("E", bound=Enum)

UNSPECIFIED = 0


class WireEnum(Generic[E]):
    """The two directions of one enum."""

    def __init__(self, number_of: Callable[[str], int], prefix: str, model: type[E]) -> None:
        self._names = {member: prefix + member.name for member in model}
        self._members = {number_of(name): member for member, name in self._names.items()}

    def name(self, member: E) -> str:
        """The wire's name, which constructors of messages take."""
        return self._names[member]

    def read(self, number: int, path: str, problems: Problems) -> E | None:
        """The member, or None with a note for a number that has no meaning."""
        member = self._members.get(number)
        if member is None:
            words = ", ".join(member.name for member in self._names)
            was = "unspecified" if number == UNSPECIFIED else f"the number {number}"
            problems.add(path, f"must be one of {words}; was {was}")
        return member

    def read_optional(self, number: int, path: str, problems: Problems) -> E | None:
        """As `read`, but unspecified is None without a note."""
        return None if number == UNSPECIFIED else self.read(number, path, problems)


ENVIRONMENT = WireEnum(common_pb2.Environment.Value, "ENVIRONMENT_", Environment)
ACTION = WireEnum(common_pb2.Action.Value, "ACTION_", Action)
DIRECTION = WireEnum(common_pb2.Direction.Value, "DIRECTION_", Direction)
OPTION_TYPE = WireEnum(common_pb2.OptionType.Value, "OPTION_TYPE_", OptionRight)
SIZE_UNIT = WireEnum(common_pb2.SizeUnit.Value, "SIZE_UNIT_", SizeUnit)
ORDER_TYPE = WireEnum(common_pb2.OrderType.Value, "ORDER_TYPE_", OrderType)
TIME_IN_FORCE = WireEnum(common_pb2.TimeInForce.Value, "TIME_IN_FORCE_", TimeInForce)
DENOMINATION = WireEnum(common_pb2.RiskDenomination.Value, "RISK_DENOMINATION_", RiskDenomination)
STRATEGY_FAMILY = WireEnum(common_pb2.StrategyFamily.Value, "STRATEGY_FAMILY_", StrategyFamily)
TIME_HORIZON = WireEnum(common_pb2.TimeHorizon.Value, "TIME_HORIZON_", TimeHorizon)
THESIS_STATE = WireEnum(common_pb2.ThesisState.Value, "THESIS_STATE_", ThesisState)
POSITION_INTENT = WireEnum(common_pb2.PositionIntent.Value, "POSITION_INTENT_", PositionIntent)
ORDER_SIDE = WireEnum(execution_pb2.OrderSide.Value, "ORDER_SIDE_", Side)
ORDER_CLASS = WireEnum(execution_pb2.OrderClass.Value, "ORDER_CLASS_", OrderClass)
ORDER_PURPOSE = WireEnum(execution_pb2.OrderPurpose.Value, "ORDER_PURPOSE_", OrderPurpose)
MARKET_STATUS = WireEnum(common_pb2.MarketStatus.Value, "MARKET_STATUS_", MarketStatus)
SEVERITY = WireEnum(execution_pb2.ViolationSeverity.Value, "VIOLATION_SEVERITY_", Severity)
CHECK_RESULT = WireEnum(execution_pb2.ConstraintResult.Value, "CONSTRAINT_RESULT_", CheckResult)
ON_CLIENT_LOSS = WireEnum(control_pb2.OnClientLoss.Value, "ON_CLIENT_LOSS_", OnLoss)
TRADING_STATE = WireEnum(control_pb2.TradingStateValue.Value, "TRADING_STATE_", TradingState)

# The two pending words are those before them, see `wire_status`.
_STATUS = {
    OrderStatus.PENDING_NEW: "ORDER_STATUS_NEW",
    OrderStatus.UNKNOWN_SUBMIT: "ORDER_STATUS_PENDING",
    OrderStatus.ACCEPTED: "ORDER_STATUS_ACCEPTED",
    OrderStatus.HELD: "ORDER_STATUS_ACCEPTED",
    OrderStatus.DONE_FOR_DAY: "ORDER_STATUS_ACCEPTED",
    OrderStatus.PARTIALLY_FILLED: "ORDER_STATUS_PARTIAL_FILL",
    OrderStatus.FILLED: "ORDER_STATUS_FILLED",
    OrderStatus.CANCELED: "ORDER_STATUS_CANCELLED",
    OrderStatus.REJECTED: "ORDER_STATUS_REJECTED",
    OrderStatus.EXPIRED: "ORDER_STATUS_EXPIRED",
}


def wire_status(order: Order) -> str:
    """The contract's word for where `order` stands."""
    return _STATUS[statuses(order.state)[-1]]
