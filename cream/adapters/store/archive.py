"""Where are the orders that left memory? In tables beside the journal, found by any of their ids.

A row is an order as it was at one sequence. One that came back and changed gets another row when
it leaves again; the older one is what a start from an older snapshot needs.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from attrs import frozen
from sqlalchemy import Connection, Select, and_, bindparam, delete, func, insert, select

from cream.adapters.store import codec
from cream.adapters.store.schema import ARCHIVED_NAME, ARCHIVED_ORDER, ARCHIVED_PLAN, of_account
from cream.core.execution import events as e
from cream.core.execution.memory import Archived, ArchivedOrder, BookState, orders_of
from cream.core.model.order import Order, OrderStatus
from cream.core.model.plan import Environment

# Ids in one query: SQLite takes 32,766 values, and a query for more gains nothing.
IDS_A_QUERY: Final = 500


@frozen
class Place:
    """How far all names have been read: first those of plans, then those of orders."""

    of_plans: bool = True
    after: str = ""


def keep(
    connection: Connection,
    environment: Environment,
    account_id: str,
    archived: Archived,
    sequence: int,
) -> None:
    """Put orders and plans in, as they are at `sequence`. Again is the same as once."""
    key = {"environment": environment.value, "account": account_id}
    orders = [{**key, **_order_row(one, sequence)} for one in archived.orders]
    names = [
        {**key, "name": name, "order_id": one.order.order_id}
        for one in archived.orders
        for name in names_of(one)
    ]
    plans = [{**key, "plan_id": one.plan_id, "body": codec.encode(one)} for one in archived.plans]
    for table, rows, columns in (
        (ARCHIVED_ORDER, orders, ("order_id", "sequence")),
        (ARCHIVED_NAME, names, ("name", "order_id")),
        (ARCHIVED_PLAN, plans, ("plan_id",)),
    ):
        if not rows:
            continue
        whole = ("environment", "account", *columns)
        same = and_(*(table.c[name] == bindparam(f"_{name}") for name in whole))
        old = [{f"_{name}": row[name] for name in whole} for row in rows]
        connection.execute(delete(table).where(same), old)
        connection.execute(insert(table), rows)


def names_of(archived: ArchivedOrder) -> Sequence[str]:
    """Every id that the order goes by."""
    terms = archived.order.terms
    names = (terms.order_id, terms.client_order_id, *archived.broker_ids)
    return tuple(dict.fromkeys(name for name in names if name))


def _order_row(archived: ArchivedOrder, sequence: int) -> dict[str, Any]:
    order = archived.order
    return {
        "order_id": order.order_id,
        "sequence": sequence,
        "root_id": archived.root_id,
        "intended_ns": codec.nanoseconds(order.intended_at),
        "status": order.status.value,
        "body": codec.encode_value(archived),
    }


def find(
    connection: Connection, environment: Environment, account_id: str, names: Iterable[str]
) -> Archived:
    """The families of the orders that have one of these ids, as they are now."""
    order_ids: dict[str, None] = {}
    mine = of_account(ARCHIVED_NAME, environment, account_id)
    for some in _chunks(names):
        query = select(ARCHIVED_NAME.c.order_id).where(mine & ARCHIVED_NAME.c.name.in_(some))
        order_ids.update(dict.fromkeys(connection.execute(query).scalars()))
    return Archived(orders=_families(connection, environment, account_id, order_ids, None))


def plan(
    connection: Connection, environment: Environment, account_id: str, plan_id: str
) -> Archived:
    """The plan and the families of its orders; nothing where no such plan was archived."""
    mine = of_account(ARCHIVED_PLAN, environment, account_id)
    query = select(ARCHIVED_PLAN.c.body).where(mine & (ARCHIVED_PLAN.c.plan_id == plan_id))
    body = connection.execute(query).scalar_one_or_none()
    if body is None:
        return Archived()
    judged = codec.decode(str(body))
    assert isinstance(judged, e.PlanJudged)
    orders = _families(connection, environment, account_id, judged.order_ids, None)
    return Archived(orders=orders, plans=(judged,))


def names_after(
    connection: Connection, environment: Environment, account_id: str, place: Place, most: int
) -> Sequence[str]:
    """At most so many names of what was archived, those past `place`, in order."""
    table = ARCHIVED_PLAN if place.of_plans else ARCHIVED_NAME
    column = table.c.plan_id if place.of_plans else table.c.name
    mine = of_account(table, environment, account_id) & (column > place.after)
    query = select(column).where(mine).distinct().order_by(column).limit(most)
    return connection.execute(query).scalars().all()


def orders(
    connection: Connection,
    environment: Environment,
    account_id: str,
    status: OrderStatus | None,
    limit: int | None,
) -> Sequence[Order]:
    """Archived orders, oldest first: those with `status`, the newest `limit` of them."""
    chosen = _latest(environment, account_id, None)
    if status is not None:
        chosen = chosen.where(ARCHIVED_ORDER.c.status == status.value)
    newest = chosen.order_by(
        ARCHIVED_ORDER.c.intended_ns.desc(),
        (ARCHIVED_ORDER.c.order_id == ARCHIVED_ORDER.c.root_id).asc(),
        ARCHIVED_ORDER.c.order_id.desc(),
    )
    bodies = connection.execute(newest.limit(limit)).scalars().all()
    return [_archived(body).order for body in reversed(bodies)]


def needed_by(
    connection: Connection,
    environment: Environment,
    account_id: str,
    state: BookState,
    records: Iterable[e.Record],
) -> tuple[ArchivedOrder, ...]:
    """Archived orders that `records` are about, as they were at the state or before.

    Such an order came back into memory after the state was taken, and changed.
    """
    known = {order.order_id for order in state.orders}
    wanted: dict[str, None] = {}
    for record in records:
        if isinstance(record.event, e.OrderIntended):
            known.add(record.event.terms.order_id)
        wanted.update((one, None) for one in orders_of(record.event) if one not in known)
    if not wanted:
        return ()
    return _families(connection, environment, account_id, wanted, state.sequence)


def _families(
    connection: Connection,
    environment: Environment,
    account_id: str,
    order_ids: Iterable[str],
    as_of: int | None,
) -> tuple[ArchivedOrder, ...]:
    """The archived families of these orders, parents first."""
    mine = of_account(ARCHIVED_ORDER, environment, account_id)
    roots: dict[str, None] = {}
    for some in _chunks(order_ids):
        query = select(ARCHIVED_ORDER.c.root_id).where(mine & ARCHIVED_ORDER.c.order_id.in_(some))
        roots.update(dict.fromkeys(connection.execute(query).scalars()))
    found: list[ArchivedOrder] = []
    for some in _chunks(roots):
        query = _latest(environment, account_id, as_of).where(ARCHIVED_ORDER.c.root_id.in_(some))
        found.extend(_archived(body) for body in connection.execute(query).scalars())
    found.sort(key=lambda one: (one.order.intended_at, one.order.order_id != one.root_id))
    return tuple(found)


def _latest(environment: Environment, account_id: str, as_of: int | None) -> Select[str]:
    """The query for the newest row of each order, not newer than `as_of`."""
    mine = of_account(ARCHIVED_ORDER, environment, account_id)
    other = ARCHIVED_ORDER.alias()
    last = select(func.max(other.c.sequence)).where(
        other.c.environment == ARCHIVED_ORDER.c.environment,
        other.c.account == ARCHIVED_ORDER.c.account,
        other.c.order_id == ARCHIVED_ORDER.c.order_id,
    )
    if as_of is not None:
        last = last.where(other.c.sequence <= as_of)
    newest = ARCHIVED_ORDER.c.sequence == last.correlate(ARCHIVED_ORDER).scalar_subquery()
    return select(ARCHIVED_ORDER.c.body).where(mine & newest)


def _archived(body: str) -> ArchivedOrder:
    return codec.decode_value(body, ArchivedOrder)


def _chunks(values: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """The values, each once, as many at a time as fit into a query."""
    upcoming = iter(dict.fromkeys(values))
    while chunk := tuple(islice(upcoming, IDS_A_QUERY)):
        yield chunk
