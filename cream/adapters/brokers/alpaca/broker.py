"""How does Alpaca look through the Broker port?

Commands are sent once and answered with what is known to have happened. Questions are asked to the
last page. What Alpaca's listings leave out, exits that wait for their trigger above all, is fetched
another way, so that the daemon sees every order that can still trade.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import structlog
import trio
from attrs import define, evolve, field

from cream.adapters.brokers.alpaca.activities import activity
from cream.adapters.brokers.alpaca.breakers import Breakers
from cream.adapters.brokers.alpaca.document import SchemaMismatch
from cream.adapters.brokers.alpaca.endpoints import (
    Endpoints,
    WrongAccount,
    account_problem,
    endpoints,
)
from cream.adapters.brokers.alpaca.errors import (
    Failure,
    cancel_outcome,
    submit_outcome,
)
from cream.adapters.brokers.alpaca.fees import with_fees
from cream.adapters.brokers.alpaca.groups import SpreadLegs, open_in_groups
from cream.adapters.brokers.alpaca.mapping import (
    account_figures,
    broker_order,
    broker_position,
    execution,
)
from cream.adapters.brokers.alpaca.models import AlpacaOrder
from cream.adapters.brokers.alpaca.open_groups import OpenGroups
from cream.adapters.brokers.alpaca.reconnect import Reconnects
from cream.adapters.brokers.alpaca.releases import is_released, lacks_quantity
from cream.adapters.brokers.alpaca.requests import (
    Replacement,
    new_order,
    order_body,
    replace_body,
)
from cream.adapters.brokers.alpaca.rest import AlpacaRest, http_client
from cream.adapters.brokers.alpaca.settings import AlpacaSettings
from cream.adapters.brokers.alpaca.stream import OrderStream
from cream.adapters.brokers.alpaca.trading import TradingApi
from cream.adapters.brokers.alpaca.turnstile import Turnstile
from cream.core.exchange.alpaca_rules import violations_of
from cream.core.model.account import Account
from cream.core.model.activity import Activity
from cream.core.model.broker import (
    Accepted,
    BrokerOrder,
    BrokerPosition,
    CancelOutcome,
    CancelTaken,
    Execution,
    ExerciseOutcome,
    InstructionTaken,
    OrderIds,
    OrderUpdate,
    OutcomeUnknown,
    Refused,
    SubmitOutcome,
    Unavailable,
)
from cream.core.model.errors import BrokerUnavailable
from cream.core.model.instrument import OptionContract
from cream.core.model.order import OrderPurpose, OrderStatus, OrderTerms
from cream.core.model.plan import Environment
from cream.core.options.occ import NEW_YORK, compact
from cream.core.ports import Clock, StillWanted, always_wanted
from cream.core.resilience.backoff import Backoff
from cream.core.resilience.breaker import Breaker, BreakerLimits
from cream.core.resilience.budget import Priority, RateBudget

log = structlog.get_logger(__name__)

_MINUTE = 60.0
# The history is asked for from a little before: its filter is by when a row was written.
_HISTORY_MARGIN = timedelta(seconds=5)

# What Alpaca shows of a new order before it works or is rejected, and the pauses between looks.
_ON_ITS_WAY = frozenset(("pending_new", "pending_replace", "accepted"))
_SETTLES_WITHIN = (0.25, 0.5, 1.0, 2.0)

_BREAKERS = BreakerLimits()

_PRIORITIES = {
    OrderPurpose.ENTRY: Priority.OPEN,
    OrderPurpose.ROLL: Priority.OPEN,
    OrderPurpose.EXIT: Priority.CLOSE,
    OrderPurpose.STOP_LOSS: Priority.PROTECTIVE,
    OrderPurpose.TAKE_PROFIT: Priority.PROTECTIVE,
    OrderPurpose.EXTERNAL: Priority.OPEN,
}


@define
class AlpacaBroker:
    """The Broker port over one account at Alpaca. Made by `open_alpaca`."""

    api: TradingApi
    stream: OrderStream
    clock: Clock
    settings: AlpacaSettings
    legs: SpreadLegs = field(factory=SpreadLegs)
    groups: OpenGroups = field(factory=OpenGroups)

    @property
    def name(self) -> str:
        """What logs and people call it."""
        return "Alpaca"

    @property
    def breakers(self) -> Sequence[Breaker]:
        """The circuit breakers of its endpoints."""
        return self.api.rest.breakers.all()

    # Commands -----------------------------------------------------------------------------------

    async def submit(
        self,
        terms: OrderTerms,
        still_wanted: StillWanted = always_wanted,
        *,
        extended_hours: bool = False,
    ) -> SubmitOutcome:
        """Send a new order under `terms.client_order_id`, once.

        What Alpaca is known to refuse is not sent. An exit that it refuses for shares which a
        cancelled order still holds is sent again once they are free: nothing was made of the first.

        Cancellation: it may have been placed.
        """
        for breach in violations_of(terms):
            await trio.lowlevel.checkpoint()
            return Refused(breach.code, breach.message)
        body = order_body(new_order(terms, extended_hours=extended_hours))
        priority = _PRIORITIES[terms.purpose]
        answer = await self.api.post_order(body, priority, still_wanted)
        if lacks_quantity(answer) and await is_released(self.api, terms):
            answer = await self.api.post_order(body, priority, still_wanted)
        return self._made(answer) if isinstance(answer, AlpacaOrder) else submit_outcome(answer)

    async def replace(self, broker_order_id: str, replacement: Replacement) -> SubmitOutcome:
        """Replace an order; the answer shows the one that takes its place once it works.

        Alpaca says yes first and may reject the new order a moment later: that is a refusal. After
        an `OutcomeUnknown`, ask for the old order: one that was replaced names the new one.

        Cancellation: it may have been replaced.
        """
        answer = await self.api.patch_order(broker_order_id, replace_body(replacement))
        if not isinstance(answer, AlpacaOrder):
            return submit_outcome(answer)
        made = self._made(answer)
        return await self._settled(made) if isinstance(made, Accepted) else made

    async def _settled(self, made: Accepted) -> SubmitOutcome:
        """What has become of a replacement, as soon as that can be told, or as it looked last."""
        order = made.order
        for pause in _SETTLES_WITHIN:
            await trio.sleep(pause)
            try:
                shown = await self.order(order.broker_order_id)
            except BrokerUnavailable as error:
                log.warning("alpaca.replacement_not_followed", error=str(error))
                continue
            order = shown or order
            if shown is not None and shown.raw_status not in _ON_ITS_WAY:
                break
        if order.status is OrderStatus.REJECTED:
            return Refused("REPLACEMENT_REJECTED", "Alpaca took the replacement and rejected it")
        return Accepted(order)

    async def cancel(self, broker_order_id: str) -> CancelOutcome:
        """Ask for an order to be cancelled.   Cancellation: it may have been taken."""
        failure = await self.api.delete_order(broker_order_id)
        return CancelTaken() if failure is None else cancel_outcome(failure)

    async def exercise(self, contract: OptionContract, quantity: Decimal) -> ExerciseOutcome:
        """Exercise all that is held of the contract: Alpaca knows no part of it.

        Cancellation: it may have been taken.
        """
        try:
            shown = await self.positions()
        except BrokerUnavailable as error:
            return Unavailable(str(error))
        held = [one.quantity for one in shown if one.instrument == contract]
        if held != [quantity]:
            words = f"{held[0] if held else 0} are held: all of them are exercised, or none"
            return Refused("WHOLE_POSITION_ONLY", words)
        return self._taken(await self.api.instruct(compact(contract), "exercise"))

    async def do_not_exercise(self, contract: OptionContract) -> ExerciseOutcome:
        """Have the contract expire.   Cancellation: it may have been taken."""
        return self._taken(await self.api.instruct(compact(contract), "do-not-exercise"))

    def _taken(self, failure: Failure | None) -> ExerciseOutcome:
        return InstructionTaken() if failure is None else submit_outcome(failure)

    def _made(self, order: AlpacaOrder) -> SubmitOutcome:
        self.legs.learn(order)
        self.groups.learn(order)
        try:
            return Accepted(broker_order(order))
        except SchemaMismatch as error:
            log.error("alpaca.answer_unreadable", order=order.id, error=str(error))
            return OutcomeUnknown(f"taken, but the answer cannot be read: {error}")

    # Questions ----------------------------------------------------------------------------------

    async def order_by_client_id(self, client_order_id: str) -> BrokerOrder | None:
        """The order with this client id, or None.   Raises: BrokerUnavailable."""
        return self._found(await self.api.order_by_client_id(client_order_id))

    async def order(self, broker_order_id: str) -> BrokerOrder | None:
        """The order with this broker id and its legs, or None.   Raises: BrokerUnavailable."""
        return self._found(await self.api.order(broker_order_id))

    async def open_orders(self) -> Sequence[BrokerOrder]:
        """Every open order, exits that wait included.   Raises: BrokerUnavailable.

        Alpaca's list of open orders lacks what is held: the groups of which something is listed are
        seen to be whole.
        """
        listed = await self.api.orders("open", nested=False)
        if all(one.order_class in ("", "simple") for one in listed):
            return self._shown(listed)
        parents = await self.api.orders("open", nested=True)
        groups = await self.groups.whole(self.api, listed, parents, trio.current_time())
        return self._shown(open_in_groups(listed, groups))

    async def order_ids_since(self, moment: datetime) -> Sequence[OrderIds]:
        """Of every order that was submitted at `moment` or later.   Raises: BrokerUnavailable."""
        return await self.api.order_ids(moment)

    async def executions_since(self, moment: datetime) -> Sequence[Execution]:
        """Every execution at `moment` or later, oldest first.   Raises: BrokerUnavailable."""
        rows = await self.api.fills(moment - _HISTORY_MARGIN)
        if any(self.legs.may_be_leg(row.symbol, row.order_id) for row in rows):
            # Executions of spreads are told under their legs; who these belong to must be learnt.
            oldest = moment - timedelta(days=self.settings.order_lookback_days)
            self.legs.learn_all(await self.api.orders("all", nested=True, since=oldest))
            self.legs.settle(row.order_id for row in rows)
        try:
            found = [execution(row, self.legs.parent_of(row.order_id)) for row in rows]
        except SchemaMismatch as error:
            raise BrokerUnavailable(f"the history cannot be read: {error}") from error
        if self.settings.fees == "estimate":
            found = [with_fees(one) for one in found]
        recent = [one for one in found if one.executed_at >= moment]
        return sorted(recent, key=lambda one: one.executed_at)

    async def activities_since(self, day: date) -> Sequence[Activity]:
        """Every row that is no fill, of `day` or later, oldest first.   Raises: BrokerUnavailable.

        One that cannot be read is reported and left out.
        """
        midnight = datetime.combine(day, time(), NEW_YORK)
        found: list[Activity] = []
        for row in await self.api.non_trades(midnight - _HISTORY_MARGIN):
            try:
                found.append(activity(row))
            except SchemaMismatch as error:
                log.error("alpaca.activity_unreadable", activity=row.id, error=str(error))
        return found

    async def positions(self) -> Sequence[BrokerPosition]:
        """Everything held.   Raises: BrokerUnavailable."""
        return [broker_position(one) for one in await self.api.positions()]

    async def account(self) -> Account:
        """The account's figures.   Raises: BrokerUnavailable."""
        return account_figures(await self.api.account(), self.clock.now())

    async def ping(self) -> None:
        """Return if Alpaca answers.   Raises: BrokerUnavailable."""
        await self.api.clock()

    def updates(self) -> AbstractAsyncContextManager[AsyncIterator[OrderUpdate]]:
        """The order stream, live once entered. Raises BrokerUnavailable when it drops."""
        return self.stream.connected()

    def _found(self, order: AlpacaOrder | None) -> BrokerOrder | None:
        if order is None:
            return None
        self.groups.learn(order)
        return self._shown([order])[0]

    def _shown(self, orders: Sequence[AlpacaOrder]) -> list[BrokerOrder]:
        self.legs.learn_all(orders)
        try:
            return [broker_order(order) for order in orders]
        except SchemaMismatch as error:
            log.error("alpaca.answer_unreadable", error=str(error))
            raise BrokerUnavailable(f"an order cannot be read: {error}") from error


def charging_as(settings: AlpacaSettings, environment: Environment) -> AlpacaSettings:
    """The settings with `auto` decided: paper charges no fees."""
    if settings.fees != "auto":
        return settings
    return evolve(settings, fees="estimate" if environment is Environment.LIVE else "none")


@asynccontextmanager
async def open_alpaca(
    settings: AlpacaSettings,
    environment: Environment,
    clock: Clock,
    draw: Callable[[], float],
    breakers: BreakerLimits = _BREAKERS,
) -> AsyncIterator[AlpacaBroker]:
    """The broker, once the account has answered and is of the right kind. Nothing was traded yet.

    `breakers` are the limits of the breaker of each class of endpoint.

    Raises: WrongAccount, BrokerUnavailable.
    """
    where = endpoints(settings, environment)
    settings = charging_as(settings, environment)
    async with http_client(settings, where.trading) as client:
        broker = _broker(
            settings,
            where,
            AlpacaRest(
                client=client,
                turnstile=Turnstile(
                    RateBudget(limit=settings.requests_per_minute, period_seconds=_MINUTE)
                ),
                clock=clock,
                settings=settings,
                breakers=Breakers(breakers),
            ),
            draw,
        )
        account = await broker.api.account()
        problem = account_problem(account.account_number, environment, where.trading)
        if problem is not None:
            raise WrongAccount(problem)
        log.info("alpaca.account_found", account=account.account_number, host=where.trading)
        yield broker


def _broker(
    settings: AlpacaSettings, where: Endpoints, rest: AlpacaRest, draw: Callable[[], float]
) -> AlpacaBroker:
    backoff = Backoff(base=settings.reconnect_base_seconds, cap=settings.reconnect_cap_seconds)
    reconnects = Reconnects(backoff, settings.ghost_session_seconds, draw)
    return AlpacaBroker(
        api=TradingApi(rest),
        stream=OrderStream(where.stream, settings, reconnects),
        clock=rest.clock,
        settings=settings,
    )
