"""What does the measured peer's pre-trade check cost, where it is installed beside us?

Its risk engine with the five checks of a cash account, on one instrument with a quote. It judges
single orders and knows no limits on a portfolio, so that its figure is a floor, not a rival.
"""

import time
from importlib import metadata
from typing import Any

PEER = "nautilus_trader"
# The release that the comparison is with; another one is measured too, and named.
VERSION = "1.221.0"
_PASSES, _IS_DENIED = 1, 1_000_000


def run(rounds: int) -> list[dict[str, Any]]:
    """Its figures for an order that passes and one that is denied, or why there are none."""
    try:
        version = metadata.version(PEER)
    except metadata.PackageNotFoundError:
        return [{"what": f"NautilusTrader {VERSION}", "skipped": "not installed here"}]
    judge = _judge()
    return [
        {
            "what": f"NautilusTrader {version}, cash account",
            "us": round(judge(_PASSES, rounds), 1),
            "denial_us": round(judge(_IS_DENIED, rounds), 1),
        }
    ]


def _judge() -> Any:
    """A function of (shares, rounds) that gives the CPU of the median judgement."""
    from nautilus_trader.common.component import MessageBus, TestClock
    from nautilus_trader.common.factories import OrderFactory
    from nautilus_trader.config import RiskEngineConfig
    from nautilus_trader.core.uuid import UUID4
    from nautilus_trader.execution.messages import SubmitOrder
    from nautilus_trader.model.enums import OrderSide
    from nautilus_trader.model.identifiers import AccountId, StrategyId, TraderId
    from nautilus_trader.model.objects import Price, Quantity
    from nautilus_trader.portfolio.portfolio import Portfolio
    from nautilus_trader.risk.engine import RiskEngine
    from nautilus_trader.test_kit.providers import TestInstrumentProvider
    from nautilus_trader.test_kit.stubs.component import TestComponentStubs
    from nautilus_trader.test_kit.stubs.data import TestDataStubs
    from nautilus_trader.test_kit.stubs.events import TestEventStubs

    clock, trader = TestClock(), TraderId("TESTER-000")
    bus, cache = MessageBus(trader_id=trader, clock=clock), TestComponentStubs.cache()
    portfolio = Portfolio(msgbus=bus, cache=cache, clock=clock)
    # Its rate limit would deny most of what a benchmark sends.
    config = RiskEngineConfig(max_order_submit_rate="100000000/00:00:01")
    engine = RiskEngine(portfolio=portfolio, msgbus=bus, cache=cache, clock=clock, config=config)
    share = TestInstrumentProvider.equity(symbol="AAPL", venue="XNAS")
    cache.add_instrument(share)
    portfolio.update_account(TestEventStubs.cash_account_state(account_id=AccountId("XNAS-001")))
    quote = TestDataStubs.quote_tick(instrument=share, bid_price=99.99, ask_price=100.01)
    cache.add_quote_tick(quote)
    for endpoint in ("ExecEngine.execute", "ExecEngine.process"):
        bus.register(endpoint, lambda _message: None)
    orders = OrderFactory(trader_id=trader, strategy_id=StrategyId("S-001"), clock=clock)

    def judge(shares: int, rounds: int) -> float:
        taken = []
        for _ in range(rounds):
            order = orders.limit(
                share.id, OrderSide.BUY, Quantity.from_int(shares), Price.from_str("100.00")
            )
            cache.add_order(order)
            command = SubmitOrder(
                trader_id=trader,
                strategy_id=order.strategy_id,
                order=order,
                command_id=UUID4(),
                ts_init=0,
            )
            began = time.process_time_ns()
            engine.execute(command)
            taken.append(time.process_time_ns() - began)
        taken.sort()
        return taken[rounds // 2] / 1000

    return judge
