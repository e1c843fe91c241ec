"""What can be asked of Alpaca's trading API, and in which types does it answer?

Commands answer with what they made or with a `Failure`. Questions raise `BrokerUnavailable` for
everything but an answer, and are asked page by page to the end.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

import structlog
from attrs import frozen

from cream.adapters.brokers.alpaca.document import SchemaMismatch, read, read_list
from cream.adapters.brokers.alpaca.errors import (
    Ambiguous,
    CredentialsRefused,
    Failure,
    NotFound,
    NothingSent,
    Unreadable,
    failure_of,
)
from cream.adapters.brokers.alpaca.listed_ids import read_page
from cream.adapters.brokers.alpaca.models import (
    AlpacaAccount,
    AlpacaActivity,
    AlpacaClock,
    AlpacaNonTrade,
    AlpacaOrder,
    AlpacaPosition,
    AlpacaRow,
)
from cream.adapters.brokers.alpaca.requests import Body
from cream.adapters.brokers.alpaca.rest import (
    AlpacaRest,
    HeldBack,
    NoAnswer,
    NotSent,
    Params,
    Reply,
)
from cream.core.model.broker import OrderIds
from cream.core.model.errors import BrokerUnavailable
from cream.core.ports import StillWanted, always_wanted
from cream.core.resilience.budget import Priority

log = structlog.get_logger(__name__)

M = TypeVar("M")

ORDERS_A_PAGE, ACTIVITIES_A_PAGE = 500, 100
# No account has so many that more pages would be an answer; a listing that does not end is a fault.
MAX_PAGES = 200

# Sees each page of a listing; whether there shall be another.
OnPage = Callable[[Sequence[AlpacaOrder]], bool]


@frozen
class TradingApi:
    """The trading API of one account."""

    rest: AlpacaRest

    # Commands -----------------------------------------------------------------------------------

    async def post_order(
        self, body: Body, priority: Priority, still_wanted: StillWanted = always_wanted
    ) -> AlpacaOrder | Failure:
        """Place an order. Sent once.   Cancellation: it may have been placed."""
        return await self._command("POST", "/v2/orders", priority, body, still_wanted)

    async def patch_order(self, order_id: str, body: Body) -> AlpacaOrder | Failure:
        """Replace an order: the answer is the one that takes its place.

        Cancellation: it may have been replaced.
        """
        return await self._command("PATCH", _order_path(order_id), Priority.PROTECTIVE, body)

    async def delete_order(self, order_id: str) -> Failure | None:
        """Ask for an order to be cancelled. None: the request was taken.

        Cancellation: the order may have been cancelled.
        """
        reply = await self._tried("DELETE", _order_path(order_id), Priority.CANCEL)
        if not isinstance(reply, Reply):
            return reply
        return None if reply.succeeded else _failure(reply)

    async def instruct(self, symbol: str, instruction: str) -> Failure | None:
        """Instruct about all that is held of an option. None: it was taken.

        Cancellation: it may have been taken.
        """
        path = f"/v2/positions/{quote(symbol, safe='')}/{instruction}"
        reply = await self._tried("POST", path, Priority.PROTECTIVE)
        if not isinstance(reply, Reply):
            return reply
        return None if reply.succeeded else _failure(reply)

    async def _command(
        self,
        method: str,
        path: str,
        priority: Priority,
        body: Body,
        still_wanted: StillWanted = always_wanted,
    ) -> AlpacaOrder | Failure:
        reply = await self._tried(method, path, priority, body, still_wanted)
        if not isinstance(reply, Reply):
            return reply
        if not reply.succeeded:
            return _failure(reply)
        try:
            return read(AlpacaOrder, reply.document())
        except SchemaMismatch as error:
            log.error("alpaca.answer_unreadable", path=path, error=str(error))
            return Unreadable(f"taken, but the answer cannot be read: {error}")

    async def _tried(
        self,
        method: str,
        path: str,
        priority: Priority,
        body: Body | None = None,
        still_wanted: StillWanted = always_wanted,
    ) -> Reply | NothingSent | Ambiguous:
        try:
            return await self.rest.call(
                method, path, priority, body=body, still_wanted=still_wanted
            )
        except NotSent as error:
            return NothingSent(str(error), held_back=isinstance(error, HeldBack))
        except NoAnswer as error:
            return Ambiguous(str(error))

    # Questions ----------------------------------------------------------------------------------

    async def order(self, order_id: str) -> AlpacaOrder | None:
        """The order with its legs, or None.   Raises: BrokerUnavailable."""
        return await self._one(_order_path(order_id), {"nested": "true"})

    async def order_by_client_id(self, client_order_id: str) -> AlpacaOrder | None:
        """The order with this client id, or None.   Raises: BrokerUnavailable."""
        params = {"client_order_id": client_order_id, "nested": "true"}
        return await self._one("/v2/orders:by_client_order_id", params)

    async def orders(
        self,
        status: str,
        *,
        nested: bool,
        since: datetime | None = None,
    ) -> list[AlpacaOrder]:
        """Orders of this `status` (open, closed, all), newest first, back to `since`.

        Raises: BrokerUnavailable.
        """
        found: dict[str, AlpacaOrder] = {}

        def take(page: Sequence[AlpacaOrder]) -> bool:
            young = {order.id: order for order in page if not _is_before(order, since)}
            found.update(young)
            return len(young) == len(page)

        await self.go_through(status, nested=nested, on_page=take)
        return list(found.values())

    async def go_through(self, status: str, *, nested: bool, on_page: OnPage) -> None:
        """Show `on_page` orders of this `status`, newest first, until it has seen enough.

        Raises: BrokerUnavailable.
        """
        params = _newest_first(status, nested=nested)
        for _ in range(MAX_PAGES):
            page = self._list(AlpacaOrder, await self._get("/v2/orders", params))
            if not on_page(page) or _rows_of(page) < ORDERS_A_PAGE:
                return
            params["before_order_id"] = page[-1].id
        raise BrokerUnavailable(f"the list of {status} orders does not end")

    async def order_ids(self, since: datetime) -> list[OrderIds]:
        """Of all orders and legs that were submitted at `since` or later.

        A leg may be younger than its order: where it was replaced.   Raises: BrokerUnavailable.
        """
        found: dict[str, OrderIds] = {}
        params = _newest_first("all", nested=True)
        for _ in range(MAX_PAGES):
            reply = _successful(await self._asked("/v2/orders", params))
            try:
                page = read_page(reply.body)
                every = [one for order in page for one in order.family()]
                found |= {one.id: one.ids for one in every if not one.is_before(since)}
                if len(every) < ORDERS_A_PAGE or any(one.is_before(since) for one in page):
                    return list(found.values())
            except SchemaMismatch as error:
                raise _unreadable(error) from error
            params["before_order_id"] = page[-1].id
        raise BrokerUnavailable("the list of all orders does not end")

    async def fills(self, since: datetime) -> list[AlpacaActivity]:
        """Every FILL row from `since` on, oldest first.   Raises: BrokerUnavailable."""
        found: dict[str, AlpacaActivity] = {}
        params = {
            "after": since.isoformat(),
            "direction": "asc",
            "page_size": str(ACTIVITIES_A_PAGE),
        }
        for _ in range(MAX_PAGES):
            path = "/v2/account/activities/FILL"
            page = self._list(AlpacaActivity, await self._get(path, params))
            found |= {row.id: row for row in page}
            if len(page) < ACTIVITIES_A_PAGE:
                return list(found.values())
            params["page_token"] = page[-1].id
        raise BrokerUnavailable("the list of fills does not end")

    async def non_trades(self, since: datetime) -> list[AlpacaNonTrade]:
        """Every row that is no FILL from `since` on, oldest first.

        A row that cannot be read is reported and left out: the others are not to blame.

        Raises: BrokerUnavailable.
        """
        found: dict[str, AlpacaNonTrade] = {}
        params = {
            "category": "non_trade_activity",
            "after": since.isoformat(),
            "direction": "asc",
            "page_size": str(ACTIVITIES_A_PAGE),
        }
        for _ in range(MAX_PAGES):
            page = self._list(AlpacaRow, await self._get("/v2/account/activities", params))
            found |= {row.id: row for row in map(_non_trade, page) if row is not None}
            if len(page) < ACTIVITIES_A_PAGE:
                return list(found.values())
            params["page_token"] = page[-1].id
        raise BrokerUnavailable("the list of activities does not end")

    async def positions(self) -> tuple[AlpacaPosition, ...]:
        """Everything held.   Raises: BrokerUnavailable."""
        return self._list(AlpacaPosition, await self._get("/v2/positions"))

    async def account(self) -> AlpacaAccount:
        """The account.   Raises: BrokerUnavailable."""
        return self._read(AlpacaAccount, await self._get("/v2/account"))

    async def clock(self) -> AlpacaClock:
        """The exchange's clock.   Raises: BrokerUnavailable."""
        return self._read(AlpacaClock, await self._get("/v2/clock"))

    async def _one(self, path: str, params: Mapping[str, str]) -> AlpacaOrder | None:
        reply = await self._asked(path, params)
        if reply.status == 404 and isinstance(_failure(reply), NotFound):
            return None
        return self._read(AlpacaOrder, _answer(reply))

    async def _get(self, path: str, params: Params | None = None) -> object:
        return _answer(await self._asked(path, params))

    async def _asked(self, path: str, params: Params | None) -> Reply:
        try:
            return await self.rest.call("GET", path, Priority.QUERY, params=params)
        except (NotSent, NoAnswer) as error:
            raise BrokerUnavailable(str(error)) from error

    def _read(self, model: type[M], document: object) -> M:
        try:
            return read(model, document)
        except SchemaMismatch as error:
            raise _unreadable(error) from error

    def _list(self, model: type[M], document: object) -> tuple[M, ...]:
        try:
            return read_list(model, document)
        except SchemaMismatch as error:
            raise _unreadable(error) from error


def _rows_of(page: Sequence[AlpacaOrder]) -> int:
    """How many orders a page holds, legs among them: nobody says whether Alpaca's limit counts
    those. If it does, a page with fewer entries than the limit is full all the same.
    """
    return sum(1 + len(order.legs) for order in page)


def _newest_first(status: str, *, nested: bool) -> dict[str, str]:
    return {
        "status": status,
        "limit": str(ORDERS_A_PAGE),
        "direction": "desc",
        "nested": "true" if nested else "false",
    }


def _non_trade(row: AlpacaRow) -> AlpacaNonTrade | None:
    """The row, unless it is a fill after all, or cannot be read."""
    if row.activity_type == "FILL":
        return None
    try:
        return read(AlpacaNonTrade, {"id": row.id, "activity_type": row.activity_type, **row.extra})
    except SchemaMismatch as error:
        log.error("alpaca.activity_unreadable", activity=row.id, error=str(error))
        return None


def _order_path(order_id: str) -> str:
    return f"/v2/orders/{quote(order_id, safe='')}"


def _answer(reply: Reply) -> Any:
    """The document of a success.   Raises: BrokerUnavailable for anything else."""
    try:
        return _successful(reply).document()
    except SchemaMismatch as error:
        raise _unreadable(error) from error


def _successful(reply: Reply) -> Reply:
    if not reply.succeeded:
        raise BrokerUnavailable(f"Alpaca answered {reply.status}: {_failure(reply)}")
    return reply


def _failure(reply: Reply) -> Failure:
    failure = failure_of(reply.status, reply.body)
    if isinstance(failure, CredentialsRefused):
        log.critical(
            "alpaca.credentials_refused", message=failure.message, request_id=reply.request_id
        )
    return failure


def _unreadable(error: SchemaMismatch) -> BrokerUnavailable:
    log.error("alpaca.answer_unreadable", error=str(error))
    return BrokerUnavailable(f"the answer cannot be read: {error}")


def _is_before(order: AlpacaOrder, moment: datetime | None) -> bool:
    stamp = order.submitted_at or order.created_at
    return moment is not None and stamp is not None and stamp.at < moment
