"""How does a test have a roll sent, with nobody there who decides about rolls?"""

from datetime import datetime
from decimal import Decimal
from typing import Any

import trio
from attrs import evolve

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.model.account import Account
from cream.core.model.instrument import Equity, OptionContract
from cream.core.model.market import Datum, Known
from cream.core.model.order import (
    OrderClass,
    OrderLeg,
    OrderPurpose,
    OrderTerms,
    OrderType,
    Side,
)
from cream.core.model.plan import PositionIntent, TimeInForce
from cream.core.model.verdict import Verdict
from cream.core.risk.decisions import Decided
from cream.core.risk.gate import Approved
from tests.fakes.world import Life


def roll_terms(
    *legs: tuple[OptionContract, int, bool],
    quantity: int = 1,
    net: str | None = None,
    order_id: str = "o-roll",
    **changes: Any,
) -> OrderTerms:
    """An order that rolls. Of each leg: the contract, its signed ratio, and whether it opens."""
    parts = tuple(
        OrderLeg(contract, ratio, PositionIntent(_word(ratio, opens)))
        for contract, ratio, opens in legs
    )
    terms = OrderTerms(
        order_id=order_id,
        client_order_id=f"cream-{order_id}",
        plan_id="",
        cycle_id="",
        decision_id="",
        instrument=Equity(parts[0].contract.underlying),
        side=Side.BUY,
        order_type=OrderType.MARKET if net is None else OrderType.LIMIT,
        order_class=OrderClass.MLEG,
        time_in_force=TimeInForce.DAY,
        quantity=Decimal(quantity),
        purpose=OrderPurpose.ROLL,
        limit_price=None if net is None else Decimal(net),
        legs=parts,
    )
    return evolve(terms, **changes)


def _word(ratio: int, opens: bool) -> str:
    return f"{'buy' if ratio > 0 else 'sell'}_to_{'open' if opens else 'close'}"


def next_month(contract: OptionContract) -> OptionContract:
    """The same contract, four weeks later."""
    return evolve(contract, expiration=contract.expiration.replace(year=2027, month=1, day=15))


async def send(life: Life, terms: OrderTerms) -> Approved | Verdict:
    """Have the gate judge the roll and, if it lets it through, the daemon send it.

    Once the account is known again that the last fill has changed.
    """
    keeper, desk = life.tree.option_keeper, life.tree.desk

    def account() -> Datum[Account]:
        return keeper.view_of(desk.book, desk.clock.now()).account

    with trio.fail_after(60):
        while not isinstance(account(), Known):  # noqa: ASYNC110 - no event says so
            await trio.sleep(0.1)

    def decide(book: Book, now: datetime) -> Decided[Approved | Verdict]:
        answer = keeper.gate.approve_roll(terms, keeper.view_of(book, now), now)
        if isinstance(answer, Verdict):
            return Decided(answer)
        intended = e.OrderIntended(at=now, terms=terms, reason="a test rolls")
        sends = () if terms.is_tactic else (answer,)
        return Decided(answer, (intended,), sends)

    return await desk.do(decide)
