"""What is asked for, whether a plan or a single order asks?

The gate knows one kind of request. A single order becomes a decision whose side is given and whose
intent follows from what is held, plus what only single orders can say.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from attrs import define, field

from cream.core.model.ids import framed
from cream.core.model.instrument import OptionContract
from cream.core.model.order import OrderType, Side
from cream.core.model.plan import (
    Action,
    Decision,
    DecisionPlan,
    Direction,
    Environment,
    RiskDenomination,
    Size,
    SizeUnit,
)
from cream.core.model.request import SingleOrder

# Names of the fields where a decision and an order differ; `SubmitOrderRequest` has the latter.
_ORDER_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "action": "side",
        "instrument_id": "instrument",
        "size": "quantity",
        "size.quantity": "quantity",
        "size.unit": "quantity",
        "stop_loss_level": "stop_loss_price",
        "take_profit_level": "take_profit_price",
    }
)


@define(kw_only=True)
class Origin:
    """Who asks, and where: everything that an order's id follows from, but for the decision.

    Not changed after it was made; `frame` is what ids of its orders begin with.
    """

    environment: Environment
    account_id: str
    plan_id: str
    cycle_id: str
    frame: str = field(init=False, eq=False)

    def __attrs_post_init__(self) -> None:
        self.frame = framed(self.environment.value, self.account_id, self.plan_id)


@define(kw_only=True)
class Ask:
    """One decision, at its place in the plan, with what only a single order can say.

    Not changed after it was made.
    `order_type` None: LIMIT where there is a limit price, otherwise MARKET. `client_order_id` None:
    ours.
    """

    index: int
    decision: Decision
    order_type: OrderType | None = None
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    client_order_id: str | None = None
    names: Mapping[str, str] | None = field(default=None, eq=False)

    def path(self, name: str) -> str:
        """Where the caller finds the field that a decision calls `name`."""
        if self.names is None:
            return f"decisions[{self.index}].{name}"
        return self.names.get(name, name)


def asks_of(plan: DecisionPlan) -> tuple[Ask, ...]:
    """Every decision that can lead to an order, in plan order."""
    return tuple(
        [
            Ask(index=index, decision=decision)
            for index, decision in enumerate(plan.decisions)
            if decision.action.trades
        ]
    )


def single_plan_id(client_order_id: str) -> str:
    """The plan id under which a single order is known."""
    return f"order:{client_order_id}"


def plan_of(order: SingleOrder, environment: Environment, held: Decimal) -> DecisionPlan:
    """The plan of one decision that `order` amounts to. A single order needs no approval.

    `held` is the signed quantity held: what reduces it is an exit.
    """
    covers = order.side is Side.BUY and held < 0
    trims = order.side is Side.SELL and held > 0
    long_meant = trims or (order.side is Side.BUY and not covers)
    of_option = isinstance(order.instrument, OptionContract)
    decision = Decision(
        decision_id=order.client_order_id,
        instrument=order.instrument,
        action=Action.BUY if order.side is Side.BUY else Action.SELL,
        direction=Direction.LONG if long_meant else Direction.SHORT,
        size=Size(order.quantity, SizeUnit.CONTRACTS if of_option else SizeUnit.SHARES),
        limit_price=order.limit_price,
        stop_loss=order.stop_loss,
        take_profit=order.take_profit,
        denomination=(
            RiskDenomination.OPTION_PRICE if of_option else RiskDenomination.UNDERLYING_PRICE
        ),
        time_in_force=order.time_in_force,
    )
    return DecisionPlan(
        plan_id=single_plan_id(order.client_order_id),
        cycle_id=order.cycle_id,
        environment=environment,
        decisions=(decision,),
        risk_manager_approved=True,
        critic_approved=True,
    )


def ask_of(order: SingleOrder, plan: DecisionPlan) -> Ask:
    """The ask of the one decision in `plan`, which `plan_of` made of `order`."""
    return Ask(
        index=0,
        decision=plan.decisions[0],
        order_type=order.order_type,
        stop_price=order.stop_price,
        trail_price=order.trail_price,
        trail_percent=order.trail_percent,
        client_order_id=order.client_order_id,
        names=_ORDER_FIELDS,
    )
