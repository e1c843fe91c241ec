from attrs import evolve

from cream.core.risk.greeks import SHARE_GREEKS, Greeks
from cream.core.risk.lean import NO_LEAN, Lean, lean_of_line, leans_of
from cream.core.risk.line import Line
from cream.core.risk.prices import Prices
from tests.unit.core.risk.scenes import VERTICAL, d, equity, view

CALL = VERTICAL[0].contract
SHARES = Line(instrument=equity("AAPL"), held=d(-30), buying=d(10), selling=d(5))


def test_shares_lean_by_themselves() -> None:
    found = lean_of_line(SHARES, SHARE_GREEKS)

    assert found == Lean(Greeks(d(-30)), Greeks(d(10)), Greeks(d(-5)))
    assert lean_of_line(evolve(SHARES, buying=d(0), selling=d(0)), SHARE_GREEKS).up == Greeks()


def test_what_works_leans_to_its_own_side() -> None:
    call = Line(instrument=CALL, buying=d(2), selling=d(1))

    found = lean_of_line(call, Greeks(d("0.5"), d("0.1"), d("0.2"), d("-0.1")))

    assert found.up == Greeks(d(100), d(20), d(40), d(10))
    assert found.down == Greeks(d(-50), d(-10), d(-20), d(-20))


def test_shares_count_where_there_are_options_and_nowhere_else() -> None:
    prices = Prices(view().quote)
    call = Line(instrument=CALL, held=d(1))

    alone, none = leans_of({"AAPL": SHARES}, prices)
    together, _ = leans_of({"AAPL": SHARES, CALL.symbol: call}, prices)
    only, _ = leans_of({CALL.symbol: call}, prices)

    assert (alone, none) == ({}, ())
    assert together["AAPL"].held.delta == only["AAPL"].held.delta - 30


def test_an_option_without_a_market_is_named() -> None:
    prices = Prices(view(market={}).quote)

    leans, unvalued = leans_of({CALL.symbol: Line(instrument=CALL, held=d(1))}, prices)

    assert (leans, unvalued) == ({"AAPL": NO_LEAN}, (CALL.symbol,))


def test_a_part_can_be_taken_out_again() -> None:
    one = lean_of_line(SHARES, SHARE_GREEKS)

    assert one.plus(one).minus(one) == one
