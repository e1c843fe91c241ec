"""One order that closes and opens, over Alpaca's adapter and from Alpaca's own SDK.

The daemon runs over loopback at the sandbox, as it would at Alpaca; the SDK sends what a roll is
there, so that the sandbox is known to take what Alpaca documents.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import trio
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderClass, OrderStatus, PositionIntent, TimeInForce
from alpaca.trading.models import Order
from alpaca.trading.requests import GetOrderByIdRequest, LimitOrderRequest, OptionLegRequest
from attrs import evolve
from trio.testing import MockClock

from cream.core.model import order as model
from cream.core.model.broker import Refused
from cream.core.model.plan import RiskDenomination
from cream.core.model.state import TradingState
from cream.core.model.verdict import Verdict
from cream.core.options.occ import compact
from cream.core.risk.gate import Approved
from cream.daemon.tree import TreeSettings
from tests.conformance.alpaca_world import AlpacaLife, life, quick
from tests.conformance.sandbox_process import Sandbox, sandbox
from tests.fakes.roll_orders import next_month, roll_terms, send
from tests.unit.daemon.option_lab import HIGH, LOW, option, quote, spread

NEXT_LOW, NEXT_HIGH = next_month(LOW), next_month(HIGH)
FOUR_LEGS = ((LOW, -1, False), (HIGH, 1, False), (NEXT_LOW, 1, True), (NEXT_HIGH, -1, True))


def calm(settings: TreeSettings) -> TreeSettings:
    """Greeks that are nobody's concern here."""
    wide = evolve(
        settings.constraints.options,
        max_portfolio_theta=Decimal(-100_000),
        max_portfolio_gamma=Decimal(100_000),
    )
    return evolve(quick(settings), constraints=evolve(settings.constraints, options=wide))


def quote_all(one: AlpacaLife) -> None:
    for contract, bid, ask in (
        (LOW, "5.00", "5.10"),
        (HIGH, "3.10", "3.20"),
        (NEXT_LOW, "8.00", "8.10"),
        (NEXT_HIGH, "5.70", "5.80"),
    ):
        quote(one, contract, bid, ask)


def at_venue(one: AlpacaLife) -> dict[str, Decimal]:
    rows = one.sandbox.exchange.book()["positions"]
    return {row["symbol"]: Decimal(row["qty"]) for row in rows}


def here(one: AlpacaLife) -> dict[str, Decimal]:
    held = one.tree.desk.book.positions.values()
    return {compact(each.instrument): each.quantity for each in held if not each.is_flat}


async def test_a_vertical_is_rolled_with_four_legs(autojump_clock: MockClock) -> None:
    """Both sides agree about what is held, about the cash, and that no order is left."""
    async with life(calm) as one:
        quote_all(one)
        assert (await one.submit(spread("3", "2.10"))).verdict.ok
        await one.until(lambda: one.held(HIGH.symbol) == -3)
        before = (await one.broker.account()).cash

        answer = await send(one, roll_terms(*FOUR_LEGS, quantity=3, net="0.6"))

        assert isinstance(answer, Approved), answer
        book = one.tree.desk.book
        await one.until(lambda: book.order("o-roll").status is model.OrderStatus.FILLED)
        assert at_venue(one) == here(one) == {compact(NEXT_LOW): 3, compact(NEXT_HIGH): -3}
        (row,) = (each for each in one.at_venue() if len(each["legs"] or ()) == 4)
        assert [each["position_intent"] for each in row["legs"]] == [
            "sell_to_close",
            "buy_to_close",
            "buy_to_open",
            "sell_to_open",
        ]
        assert (await one.broker.account()).cash == before - 180
        assert book.position(LOW).realized_pnl == -30
        assert [each.quantity for each in book.options.spreads.values()] == [3]
        # A long look at both sides finds nothing to correct, and nobody alone.
        await trio.sleep(120)
        assert book.trading_state is TradingState.ACTIVE
        assert book.last_reconciliation is not None
        assert book.last_reconciliation.differences == ()
        assert not book.options.alarms


async def test_a_long_call_is_rolled_with_two_legs(autojump_clock: MockClock) -> None:
    stop = {"stop": "4.00", "target": "9.00", "denomination": RiskDenomination.OPTION_PRICE}
    async with life(calm) as one:
        quote_all(one)
        assert (await one.submit(option(LOW, "2", limit="5.10", **stop))).verdict.ok
        await one.until(lambda: one.held(LOW.symbol) == 2)
        own: Any = {"stop_loss": Decimal("6.00"), "denomination": RiskDenomination.OPTION_PRICE}
        terms = roll_terms(FOUR_LEGS[0], FOUR_LEGS[2], quantity=2, net="3.10", **own)

        answer = await send(one, terms)

        assert isinstance(answer, Approved), answer
        await one.until(lambda: one.held(NEXT_LOW.symbol) == 2)
        assert at_venue(one) == here(one) == {compact(NEXT_LOW): 2}
        assert list(one.tree.desk.book.protections) == [NEXT_LOW.symbol]


async def test_what_the_sandbox_would_refuse_the_gate_refuses_before(
    autojump_clock: MockClock,
) -> None:
    """A single short option is closed and opened again with two orders: nothing covers it here."""
    async with life(calm) as one:
        quote_all(one)
        assert (await one.submit(spread("3", "2.10"))).verdict.ok
        await one.until(lambda: one.held(HIGH.symbol) == -3)
        terms = roll_terms((HIGH, 1, False), (NEXT_HIGH, -1, True), quantity=3, net="-2.50")

        answer = await send(one, terms)

        assert isinstance(answer, Verdict)
        assert [each.code for each in answer.violations] == ["UNCOVERED_LEG"]
        refused = await one.broker.submit(terms)
        assert isinstance(refused, Refused), refused
        assert at_venue(one) == {compact(LOW): 3, compact(HIGH): -3}


# From the SDK ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def venue() -> Iterator[Sandbox]:
    with sandbox("--requests-per-minute", "100000", "--cash", "1000000") as one:
        yield one


def legs(*parts: tuple[str, PositionIntent]) -> list[OptionLegRequest]:
    return [
        OptionLegRequest(symbol=symbol, ratio_qty=1, position_intent=intent)
        for symbol, intent in parts
    ]


def submit(client: TradingClient, price: float, parts: list[OptionLegRequest]) -> Order:
    request = LimitOrderRequest(
        qty=2,
        limit_price=price,
        time_in_force=TimeInForce.DAY,
        order_class=OrderClass.MLEG,
        legs=parts,
    )
    order = client.submit_order(request)
    assert isinstance(order, Order)
    found = client.get_order_by_id(order.id, GetOrderByIdRequest(nested=True))
    assert isinstance(found, Order)
    return found


def test_alpacas_own_sdk_rolls_a_vertical(venue: Sandbox) -> None:
    client = TradingClient("PK-test", "secret", paper=True, url_override=venue.url)
    low, high, later_low, later_high = map(compact, (LOW, HIGH, NEXT_LOW, NEXT_HIGH))
    venue.quote(low, "5.00", "5.10")
    venue.quote(high, "3.10", "3.20")
    venue.quote(later_low, "8.00", "8.10")
    venue.quote(later_high, "5.70", "5.80")
    opened = submit(
        client,
        2.10,
        legs((low, PositionIntent.BUY_TO_OPEN), (high, PositionIntent.SELL_TO_OPEN)),
    )
    assert opened.status is OrderStatus.FILLED
    out = ((low, PositionIntent.SELL_TO_CLOSE), (high, PositionIntent.BUY_TO_CLOSE))
    into = (
        (later_low, PositionIntent.BUY_TO_OPEN),
        (later_high, PositionIntent.SELL_TO_OPEN),
    )

    rolled = submit(client, 0.60, legs(*out, *into))

    assert (rolled.status, rolled.filled_avg_price) == (OrderStatus.FILLED, "0.6")
    shown = [(each.symbol, each.position_intent) for each in rolled.legs or []]
    assert shown == [*out, *into]
    positions: Any = client.get_all_positions()
    assert {each.symbol: each.qty for each in positions} == {later_low: "2", later_high: "-2"}
    with pytest.raises(APIError) as refused:
        submit(
            client,
            -2.00,
            legs(
                (later_high, PositionIntent.BUY_TO_CLOSE),
                (high, PositionIntent.SELL_TO_OPEN),
            ),
        )
    assert refused.value.status_code in (403, 422)
