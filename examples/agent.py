"""How does an agent trade through Cream? One plan, from the question to the working bracket.

    make run                                   # in one shell: the daemon with its synthetic market
    .venv/bin/python examples/agent.py AAPL    # in another

It looks at the market, has a plan checked, follows the executions, submits the plan and waits until
the entry is filled and stop and target both work. Every trade wants a `--cycle` of its own, for it
names the plan: the same name with the same content is the same plan and is not sent twice, with
other content (the price has moved) it is refused as a DuplicateId.

With tokens configured, pass `--token` or set CREAM_TOKEN.
"""

import argparse
import asyncio
import os
from collections.abc import Callable, Iterable
from decimal import Decimal

from cream.client import CallError, CreamClient, OutcomeUnknown, v1

CENT = Decimal("0.01")

# The entry may pay this much over the offer, so that a quote that moves on does not strand it.
ENTRY_ROOM = Decimal("1.0005")

# Where the position is given up: as part of the entry price, for worse and for better.
STOP_LEVEL = Decimal("0.96")
TARGET_LEVEL = Decimal("1.06")

# Of two exits that end each other, the broker may hold one back until it is needed.
GUARDING = ("ACCEPTED", "PARTIALLY_FILLED", "HELD")

# How an order can end without having traded.
CLOSED = ("CANCELED", "REJECTED", "EXPIRED")

Show = Callable[[str], None]


async def main(arguments: argparse.Namespace, show: Show = print) -> bool:
    """Whether the bracket works in the end."""
    async with CreamClient(arguments.host, arguments.port, token=arguments.token) as client:
        try:
            async with asyncio.timeout(arguments.patience):
                ask = await offer(client, arguments.symbol)
                show(f"{arguments.symbol} is offered at {ask}")
                plan = bracket_plan(arguments.symbol, arguments.dollars, ask, arguments.cycle)
                return await trade(client, plan, show)
        except OutcomeUnknown as error:
            # The one case that must not be answered by another plan: ask first, or submit the
            # same plan again, which under the same id is the same plan.
            show(f"no answer, so ask before doing anything else: {error}")
        except CallError as error:
            show(f"nothing was done: {error}")
        except TimeoutError:
            show(f"not working after {arguments.patience:g} s; the daemon goes on without us")
    return False


async def offer(client: CreamClient, symbol: str) -> Decimal:
    """The best price at which the symbol is offered.   Units: dollars per share."""
    reply = await client.get_snapshot([symbol])
    snapshots = reply.snapshot.symbols if reply.snapshot else []
    quote = next((s.quote for s in snapshots if s.symbol == symbol and s.quote), None)
    if quote is None or quote.ask <= 0:
        raise SystemExit(f"there is no quote for {symbol}")
    # A price is a double on the wire. Its shortest text is what was meant.
    return Decimal(repr(quote.ask))


def bracket_plan(symbol: str, dollars: int, ask: Decimal, cycle: str) -> v1.DecisionPlan:
    """One decision: buy for so many dollars, with a stop and a target."""
    entry = (ask * ENTRY_ROOM).quantize(CENT)
    decision = v1.Decision(
        decision_id=f"{cycle}-{symbol.lower()}",
        instrument=v1.Instrument(instrument_id=symbol, instrument_type=v1.InstrumentType.EQUITY),
        action=v1.Action.BUY,
        direction=v1.Direction.LONG,
        size=v1.Size(quantity=dollars, unit=v1.SizeUnit.DOLLARS),
        order_plan=v1.OrderPlan(
            entry_order_type=v1.OrderType.LIMIT,
            entry_limit_price=float(entry),
            time_in_force=v1.TimeInForce.DAY,
        ),
        risk_levels=v1.RiskLevels(
            stop_loss_level=float((entry * STOP_LEVEL).quantize(CENT)),
            take_profit_level=float((entry * TARGET_LEVEL).quantize(CENT)),
            denomination=v1.RiskDenomination.UNDERLYING_PRICE,
        ),
        strategy_family=v1.StrategyFamily.EQUITY_LONG,
        time_horizon=v1.TimeHorizon.SWING,
        confidence=0.7,
        rationale="an example",
    )
    return v1.DecisionPlan(
        plan_id=cycle,
        cycle_id=cycle,
        environment=v1.Environment.PAPER,
        decisions=[decision],
        risk_manager_approved=True,
        critic_approved=True,
    )


async def trade(client: CreamClient, plan: v1.DecisionPlan, show: Show) -> bool:
    """Check, submit, and follow until the bracket works."""
    verdict = await client.check_constraints(plan)
    for violation in verdict.violations:
        show(f"the gate says {violation.code}: {violation.message}")
    for planned in verdict.orders:
        show(f"it would send {planned.side.name} {planned.quantity} {planned.symbol}")
    if not verdict.approved:
        return False
    # Followed before it is submitted: whatever happens from now on is seen, however fast.
    async with client.stream_executions(cycle_id=plan.cycle_id) as updates:
        ack = await client.submit_orders(plan)
        if not ack.ok:
            show(f"refused: {', '.join(v.code for v in ack.violations)}")
            return False
        orders = {order.order_id: order for order in ack.orders}
        async for update in updates:
            for order in update.execution.orders if update.execution else []:
                orders[order.order_id] = order
                show(line(order))
            if bracket_works(orders.values()):
                show("the bracket works")
                return True
            if entry_failed(orders.values()):
                show("the entry is closed and nothing is filled")
                return False
    return False


def line(order: v1.OrderState) -> str:
    """One order in one line."""
    filled = order.exact_filled_quantity or order.filled_quantity
    wanted = order.exact_requested_quantity or order.requested_quantity
    symbol = order.instrument.instrument_id if order.instrument else "?"
    return (
        f"{order.purpose.name:<12} {order.side.name:<4} {symbol} {filled}/{wanted}"
        f" {order.status_detail} {order.status_message}".rstrip()
    )


def bracket_works(orders: Iterable[v1.OrderState]) -> bool:
    """Whether the entry is filled and both exits stand guard."""
    by_purpose = {order.purpose: order.status_detail for order in orders}
    return (
        by_purpose.get(v1.OrderPurpose.ENTRY) == "FILLED"
        and by_purpose.get(v1.OrderPurpose.STOP_LOSS) in GUARDING
        and by_purpose.get(v1.OrderPurpose.TAKE_PROFIT) in GUARDING
    )


def entry_failed(orders: Iterable[v1.OrderState]) -> bool:
    """Whether the entry can fill no more and never did."""
    return any(
        order.purpose is v1.OrderPurpose.ENTRY
        and order.status_detail in CLOSED
        and order.filled_quantity == 0
        for order in orders
    )


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description="Buy with a stop and a target.")
    parser.add_argument("symbol", nargs="?", default="AAPL")
    parser.add_argument("--dollars", type=int, default=5000)
    parser.add_argument("--cycle", default="example-1", help="names the plan")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=50053)
    parser.add_argument("--token", default=os.environ.get("CREAM_TOKEN"))
    parser.add_argument("--patience", type=float, default=60, help="seconds")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(0 if asyncio.run(main(parse())) else 1)
