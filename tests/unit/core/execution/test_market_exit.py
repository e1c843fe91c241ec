"""The order that closes a holding at once."""

from decimal import Decimal

import pytest

from cream.core.execution.market_exit import market_exit
from cream.core.model.order import OrderPurpose, OrderType, Side
from cream.core.model.plan import PositionIntent
from cream.core.options.occ import parse_occ
from tests.fakes.builders import AAPL, order_terms
from tests.fakes.ledger import Ledger

CALL = parse_occ("AAPL261218C00200000")


@pytest.mark.parametrize(
    ("held", "side", "intent"),
    [("5", Side.SELL, PositionIntent.SELL_TO_CLOSE), ("-5", Side.BUY, PositionIntent.BUY_TO_CLOSE)],
)
def test_it_is_on_the_other_side_and_says_that_it_closes(
    held: str, side: Side, intent: PositionIntent
) -> None:
    book = Ledger().book
    of_option = market_exit(book, "flatten", CALL, Decimal(held), Decimal(3))
    of_shares = market_exit(book, "flatten", AAPL, Decimal(held), Decimal(3))

    for terms in (of_option, of_shares):
        assert (terms.side, terms.quantity, terms.position_intent) == (side, 3, intent)
        assert (terms.purpose, terms.order_type) == (OrderPurpose.EXIT, OrderType.MARKET)


def test_its_id_is_another_for_each_attempt_cause_and_symbol_and_the_same_in_a_replay() -> None:
    ledger = Ledger()

    def attempt(cause: str = "flatten") -> str:
        return market_exit(ledger.book, cause, AAPL, Decimal(5), Decimal(5)).order_id

    first = attempt()
    assert attempt() == first
    other = market_exit(ledger.book, "flatten", CALL, Decimal(5), Decimal(5)).order_id
    assert len({first, attempt("taking back"), other}) == 3
    ledger.enter(order_terms())
    assert attempt() != first
