"""Which rolls are let through, and by which rules is each half of one judged?"""

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from cream.core.model.instrument import OptionContract
from cream.core.model.order import (
    OrderClass,
    OrderLeg,
    OrderPurpose,
    OrderTerms,
)
from cream.core.model.plan import PositionIntent
from cream.core.model.position import Position
from cream.core.model.verdict import Verdict
from cream.core.risk.gate import Approved
from cream.core.risk.limits import Constraints
from cream.core.risk.view import PortfolioView
from tests.unit.core.risk.scenes import (
    LIMITS,
    MARKET,
    NOW,
    codes,
    gate,
    held,
    instrument,
    order,
    view,
)

# A call spread sold for 3.00 a share, and the same a month later.
LOW, HIGH = "AAPL  261218C00240000", "AAPL  261218C00250000"
LATER_LOW, LATER_HIGH = "AAPL  270115C00240000", "AAPL  270115C00250000"
LATER: Mapping[str, tuple[str, str]] = {
    **MARKET,
    LATER_LOW: ("6.90", "7.00"),
    LATER_HIGH: ("3.00", "3.10"),
}
CREDIT = (held(LOW, -3, "4.20"), held(HIGH, 3, "1.10"))
OUT_IN = ((LOW, 1, False), (HIGH, -1, False), (LATER_LOW, -1, True), (LATER_HIGH, 1, True))


def legs_of(*legs: tuple[str, int, bool]) -> tuple[OrderLeg, ...]:
    """Symbol, signed ratio, and whether it opens."""
    found = []
    for symbol, ratio, opens in legs:
        contract = instrument(symbol)
        assert isinstance(contract, OptionContract)
        word = f"{'buy' if ratio > 0 else 'sell'}_to_{'open' if opens else 'close'}"
        found.append(OrderLeg(contract, ratio, PositionIntent(word)))
    return tuple(found)


def roll(
    *legs: tuple[str, int, bool], quantity: int = 3, net: str | None = "-0.60", **changes: Any
) -> OrderTerms:
    terms = order(
        "AAPL",
        quantity,
        purpose=OrderPurpose.ROLL,
        limit=net,
        order_class=OrderClass.MLEG,
        order_id="o-roll",
        legs=legs_of(*(legs or OUT_IN)),
    ).terms
    return evolve(terms, **changes)


def asked(terms: OrderTerms, on: PortfolioView, by: Constraints = LIMITS) -> Approved | Verdict:
    return gate(by).approve_roll(terms, on, NOW)


def refused(terms: OrderTerms, on: PortfolioView, by: Constraints = LIMITS) -> list[str]:
    """The codes that refuse it."""
    answer = asked(terms, on, by)
    assert isinstance(answer, Verdict), "it was let through"
    assert not answer.ok
    return codes(answer)


def later(*positions: Position, **changes: Any) -> PortfolioView:
    return view(*(positions or CREDIT), market=LATER, **changes)


def test_a_spread_is_rolled_out_in_one_order() -> None:
    terms = roll()

    answer = asked(terms, later())

    assert isinstance(answer, Approved), answer
    assert answer.terms is terms
