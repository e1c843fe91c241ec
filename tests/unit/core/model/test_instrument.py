"""Shares and contracts say what they are."""

from datetime import date
from decimal import Decimal

from cream.core.model.instrument import Equity, OptionContract, OptionRight


def test_a_contract_has_its_osi_symbol() -> None:
    call = OptionContract("AAPL", date(2026, 12, 18), OptionRight.CALL, Decimal("240"))
    put = OptionContract("F", date(2027, 1, 15), OptionRight.PUT, Decimal("12.5"))

    assert call.symbol == "AAPL  261218C00240000"
    assert put.symbol == "F     270115P00012500"


def test_a_contract_is_a_hundred_shares_and_a_share_is_one() -> None:
    call = OptionContract("AAPL", date(2026, 12, 18), OptionRight.CALL, Decimal("240"))

    assert (call.multiplier, call.underlying) == (100, "AAPL")
    assert (Equity("AAPL").multiplier, Equity("AAPL").underlying) == (1, "AAPL")
