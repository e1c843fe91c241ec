"""Options and spreads for tests of the whole daemon: what is quoted, and how it is bought."""

from datetime import date
from decimal import Decimal
from typing import Any

from attrs import evolve

from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.plan import (
    Action,
    Decision,
    Direction,
    OptionLeg,
    PositionIntent,
    RiskDenomination,
    Size,
    SizeUnit,
    StrategyFamily,
)
from tests.fakes.world import Life, buy, close

EXPIRY = date(2026, 12, 18)
LOW = OptionContract("AAPL", EXPIRY, OptionRight.CALL, Decimal("240.00"))
HIGH = OptionContract("AAPL", EXPIRY, OptionRight.CALL, Decimal("245.00"))
PUT = OptionContract("AAPL", EXPIRY, OptionRight.PUT, Decimal("235.00"))


def spread(
    quantity: str = "5",
    net: str | None = "3.20",
    *,
    opens: bool = True,
    long: OptionContract = LOW,
    short: OptionContract = HIGH,
    **changes: Any,
) -> Decision:
    """A call vertical: bought for a debit, or closed for a credit."""
    buy_word, sell_word = PositionIntent.BUY_TO_OPEN, PositionIntent.SELL_TO_OPEN
    if not opens:
        buy_word, sell_word = PositionIntent.BUY_TO_CLOSE, PositionIntent.SELL_TO_CLOSE
    bought, sold = (long, short) if opens else (short, long)
    plain = buy(
        limit=None,
        stop=changes.pop("stop", None),
        target=changes.pop("target", None),
        legs=(OptionLeg(bought, 1, buy_word), OptionLeg(sold, -1, sell_word)),
        net_limit_price=None if net is None else Decimal(net),
        strategy_family=StrategyFamily.VERTICAL_SPREAD,
        denomination=RiskDenomination.OPTION_PRICE,
        action=Action.BUY if opens else Action.CLOSE,
        direction=Direction.LONG if opens else Direction.FLAT,
        **{"decision_id": "s", **changes},
    )
    return evolve(plain, size=Size(Decimal(quantity), SizeUnit.CONTRACTS))


def option(
    contract: OptionContract, quantity: str = "2", *, short: bool = False, **changes: Any
) -> Decision:
    """A single option, bought or sold."""
    decision = buy(
        quantity,
        instrument=contract,
        action=Action.SELL if short else Action.BUY,
        direction=Direction.SHORT if short else Direction.LONG,
        **changes,
    )
    return evolve(decision, size=Size(Decimal(quantity), SizeUnit.CONTRACTS))


def leave(contract: OptionContract, quantity: str = "2", **changes: Any) -> Decision:
    """An exit from a single option."""
    return evolve(
        close(quantity, instrument=contract, **changes),
        size=Size(Decimal(quantity), SizeUnit.CONTRACTS),
    )


def quote(life: Life, contract: OptionContract, bid: str, ask: str, size: int = 100) -> None:
    """Quote an option by hand; it holds until its underlying moves."""
    life.quote(contract.symbol, bid, ask, size)
