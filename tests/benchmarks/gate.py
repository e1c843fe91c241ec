"""What does a judgement of the gate cost, and does that depend on how much is held?

CPU time at the median of many judgements of a decoded plan. PASS rows are built when a reply is
encoded, so that they are printed apart. Aims: one order against 200 positions and 1,000 working
orders at most 100 microseconds (better 50), within 20 % of the cost at 2 positions and no orders; a
plan of ten decisions at most 400 microseconds.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.model.account import Account
from cream.core.model.instrument import Equity
from cream.core.model.market import Known, Quote
from cream.core.model.order import OrderClass, OrderPurpose, OrderTerms, OrderType, Side
from cream.core.model.plan import (
    Action,
    Decision,
    DecisionPlan,
    Direction,
    Environment,
    Size,
    SizeUnit,
    TimeInForce,
)
from cream.core.model.verdict import Verdict
from cream.core.risk.gate import Gate
from cream.core.risk.ledger import Ledger
from cream.core.risk.limits import Constraints, Orders, Portfolio
from cream.core.risk.view import PortfolioView
from tests.benchmarks import nautilus

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
MANY_POSITIONS, MANY_ORDERS = 200, 1_000
AIM_ONE_US, AIM_TEN_US, AIM_RATIO = 100, 400, 1.2
ROUNDS = 3_000
# The account is large enough for everything to pass: a denial stops nothing short, and costs more.
EQUITY = Decimal(10_000_000)
LIMITS = Constraints(
    portfolio=Portfolio(max_net_notional=Decimal(500_000)),
    orders=Orders(max_open=2 * MANY_ORDERS, max_positions=2 * MANY_POSITIONS),
)


def run(quick: bool = False) -> list[dict[str, Any]]:
    """Rows: small and large portfolio, a plan of ten, the rows of a reply, a denial, the peer."""
    rounds = 200 if quick else ROUNDS
    gate = Gate(LIMITS, Environment.PAPER, "PA-BENCH")
    few, many = _view(2, 0), _view(MANY_POSITIONS, MANY_ORDERS)
    one, ten = _plan(1), _plan(10)
    refused = _plan(1, shares=100_000)
    for plan, view, ok in ((one, few, True), (one, many, True), (ten, many, True)):
        verdict = gate.judge(plan, view(), NOW)
        assert verdict.ok is ok, verdict.violations
    small = _microseconds(lambda: gate.judge(one, few(), NOW), rounds)
    large = _microseconds(lambda: gate.judge(one, many(), NOW), rounds)
    plan = _microseconds(lambda: gate.judge(ten, many(), NOW), rounds)
    rows = _microseconds(lambda: len(gate.judge(one, many(), NOW).checks), rounds)
    denial = _microseconds(lambda: gate.judge(refused, many(), NOW), max(20, rounds // 20))
    where = f"{MANY_POSITIONS} positions, {MANY_ORDERS} orders"
    return [
        {"what": "one order, 2 positions, 0 orders", "us": round(small, 1)},
        {
            "what": f"one order, {where}",
            "us": round(large, 1),
            "limit_us": AIM_ONE_US,
            "of_small": round(large / small, 2),
            "limit_of_small": AIM_RATIO,
        },
        {"what": f"ten decisions, {where}", "us": round(plan, 1), "limit_us": AIM_TEN_US},
        {"what": "PASS rows of a reply", "us": round(rows - large, 1)},
        {"what": "a denial with suggestions", "us": round(denial, 1)},
        *nautilus.run(rounds),
    ]


def _microseconds(work: Callable[[], Verdict | int], rounds: int) -> float:
    """CPU of the median call."""
    taken = []
    for _ in range(rounds):
        began = time.process_time_ns()
        work()
        taken.append(time.process_time_ns() - began)
    taken.sort()
    return taken[rounds // 2] / 1000


def _symbol(index: int) -> str:
    letters = [chr(ord("A") + index // 26**place % 26) for place in (2, 1, 0)]
    return "Q" + "".join(letters)


def _view(positions: int, orders: int) -> Callable[[], PortfolioView]:
    """The portfolio as the daemon builds a view of it: from a book and its ledger."""
    book = Book()
    symbols = [_symbol(index) for index in range(max(positions, 20))]
    quotes = {
        symbol: Quote(
            symbol=symbol,
            bid=Decimal("99.99"),
            ask=Decimal("100.01"),
            bid_size=1000,
            ask_size=1000,
            at=NOW,
        )
        for symbol in symbols
    }
    for symbol in symbols[:positions]:
        _record(
            book,
            e.PositionAdjusted(
                at=NOW,
                instrument=Equity(symbol),
                quantity=Decimal(10),
                average_price=Decimal(100),
                reason="bench",
            ),
        )
    for number in range(orders):
        terms = _working(number, symbols[number % len(symbols)])
        _record(book, e.OrderIntended(at=NOW, terms=terms, reason="bench"))
    ledger = Ledger(book, quotes.get, 5.0)
    account = Known(
        Account(
            account_id="PA-BENCH",
            equity=EQUITY,
            cash=EQUITY,
            buying_power=2 * EQUITY,
            margin_used=Decimal(0),
            last_equity=EQUITY,
            as_of=NOW,
        )
    )

    def view() -> PortfolioView:
        return PortfolioView(
            account=account,
            positions=book.positions,
            working=(),
            quote=lambda symbol: Known(quotes[symbol]),
            knows=lambda one: one.symbol in quotes,
            exposure=ledger.exposure(NOW),
            history=book.history,
            valuer=ledger.valuer,
        )

    return view


def _record(book: Book, event: e.Event) -> None:
    book.apply(e.Record(book.sequence + 1, event))


def _working(number: int, symbol: str) -> OrderTerms:
    return OrderTerms(
        order_id=f"o-{number}",
        client_order_id=f"cream-o-{number}",
        plan_id="plan-0",
        cycle_id="cycle-0",
        decision_id=f"decision-{number}",
        instrument=Equity(symbol),
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        order_class=OrderClass.SIMPLE,
        time_in_force=TimeInForce.DAY,
        quantity=Decimal(1),
        purpose=OrderPurpose.ENTRY,
        limit_price=Decimal("95.00"),
    )


def _plan(decisions: int, shares: int = 10) -> DecisionPlan:
    return DecisionPlan(
        plan_id="plan-1",
        cycle_id="cycle-1",
        environment=Environment.PAPER,
        decisions=tuple(_decision(index, shares) for index in range(decisions)),
        risk_manager_approved=True,
        critic_approved=True,
    )


def _decision(index: int, shares: int) -> Decision:
    return Decision(
        decision_id=f"decision-{index}",
        instrument=Equity(_symbol(index)),
        action=Action.BUY,
        direction=Direction.LONG,
        size=Size(Decimal(shares), SizeUnit.SHARES),
        limit_price=Decimal("100.00"),
        stop_loss=Decimal("95.00"),
        take_profit=Decimal("110.00"),
    )
