from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.instrument import OptionRight
from cream.core.model.market import Known, Stale, Unknown
from cream.core.model.order import Order, OrderPurpose, OrderStatus, OrderType, Side
from cream.core.model.position import Position
from cream.core.risk.exposure import Exposure, exposure_of, group_value
from cream.core.risk.line import Line, is_occupied
from cream.core.risk.prices import Prices
from tests.unit.core.risk.scenes import (
    MARKET,
    VERTICAL,
    VERTICAL_CLOSING,
    d,
    equity,
    held,
    leg,
    order,
    quote,
    twap_parent,
    view,
    working_spread,
)

LOW, HIGH = (one.contract.symbol for one in VERTICAL)


def total(*positions: Position, working: Sequence[Order] = (), **market: object) -> Exposure:
    of = view(**market)  # type: ignore[arg-type]
    return exposure_of(positions, working, Prices(of.quote))


def line(exposure: Exposure, symbol: str) -> Line:
    return exposure.lines[symbol]


def test_nothing_held_and_nothing_working_is_nothing_at_stake() -> None:
    exposure = total()

    assert exposure == Exposure(lines={})
    assert exposure.line(equity("AAPL")) == Line(instrument=equity("AAPL"))


def test_holdings_count_at_their_marks() -> None:
    exposure = total(held("AAPL", 10, price=100), held("TSLA", -5, price=100))

    assert exposure.gross == d("2384.00") + d("2150.00")
    assert exposure.net_held == d("2384.00") - d("2150.00")
    assert exposure.occupied == 2
    assert exposure.doubts == ()


def test_what_is_flat_does_not_count() -> None:
    assert total(held("AAPL", 0)).occupied == 0


def test_the_worst_case_is_taken_per_side() -> None:
    """Entries that buy fill and entries that sell do not, or the other way round."""
    working = (
        order("AAPL", 10, Side.BUY, limit="200"),
        order("AAPL", 4, Side.SELL, limit="300", order_id="o-2"),
        order("AAPL", 7, Side.BUY, limit="100", order_id="o-3", filled=2),
    )

    exposure = total(working=working)

    found = line(exposure, "AAPL")
    assert (found.long_units, found.short_units) == (15, 4)
    assert (found.long_value, found.short_value) == (2500, 1200)
    assert exposure.gross == 2500
    assert (exposure.long_working, exposure.short_working) == (2500, 1200)
    assert exposure.open_orders == 3
    assert exposure.reserved == (2500 + 1200) / 2


def test_working_exits_are_not_counted_on() -> None:
    sale = order("AAPL", 6, Side.SELL, OrderPurpose.EXIT, limit="240")

    exposure = total(held("AAPL", 10), working=(sale,))

    assert exposure.gross == d("2384.00")
    assert line(exposure, "AAPL").exiting == 6
    assert line(exposure, "AAPL").available == 4
    assert exposure.reserved == 0
    assert line(exposure, "AAPL").short_units == 0


@pytest.mark.parametrize("purpose", [OrderPurpose.STOP_LOSS, OrderPurpose.TAKE_PROFIT])
def test_protection_neither_adds_nor_takes(purpose: OrderPurpose) -> None:
    exposure = total(held("AAPL", 10), working=(order("AAPL", 10, Side.SELL, purpose),))

    assert line(exposure, "AAPL").available == 10
    assert line(exposure, "AAPL").orders == ()


@pytest.mark.parametrize("purpose", [OrderPurpose.EXTERNAL, OrderPurpose.ENTRY])
def test_an_order_that_crosses_zero_counts_as_an_exit_and_an_entry(purpose: OrderPurpose) -> None:
    sale = order("AAPL", 30, Side.SELL, purpose, limit="200")

    found = line(total(held("AAPL", 20), working=(sale,)), "AAPL")

    assert (found.exiting, found.selling, found.selling_value) == (20, 10, 2000)
    assert found.available == 0


def test_a_slice_is_part_of_what_its_parent_has_left() -> None:
    parent = twap_parent(3, 3, 3)
    child = order("MSFT", 3, limit="512.50", order_id="o-slice", parent_order_id=parent.order_id)

    exposure = total(working=(evolve(parent, filled=d(3)), child))

    assert line(exposure, "MSFT").buying == 6
    assert exposure.open_orders == 1


def test_a_market_order_counts_at_the_far_side() -> None:
    exposure = total(working=(order("AAPL", 10, limit=None),))

    assert exposure.gross == d("2384.10")


def test_a_stop_order_counts_at_its_trigger() -> None:
    stop = order("AAPL", 10, limit=None, stop_price=d(250), order_type=OrderType.STOP)

    assert total(working=(stop,)).gross == 2500


def test_a_closed_order_has_nothing_left() -> None:
    gone = order("AAPL", 10, status=OrderStatus.CANCELED)

    assert total(working=(gone,)).gross == 0


def test_a_missing_mark_is_a_doubt_and_the_entry_price_stands_in() -> None:
    exposure = total(held("AAPL", 10, price=100), data={"AAPL": Unknown("no feed")})

    assert exposure.gross == 1000
    assert exposure.doubts == ("no quote of AAPL: no feed",)


def test_a_stale_mark_is_a_doubt_and_a_price() -> None:
    stale = Stale(quote("AAPL", "199", "201"), 99.0)

    exposure = total(held("AAPL", 10), data={"AAPL": stale})

    assert exposure.gross == 2000
    assert exposure.doubts == ("the quote of AAPL is 99.0 s old",)


def test_a_market_order_without_a_market_is_a_doubt() -> None:
    exposure = total(working=(order("AAPL", 10, limit=None),), data={"AAPL": Unknown("no feed")})

    assert exposure.doubts == ("no quote of AAPL: no feed",)


# Options --------------------------------------------------------------------------------------


def test_long_options_count_at_their_premium() -> None:
    exposure = total(held(LOW, 3, price=4))

    assert exposure.gross == d("4.20") * 300
    assert exposure.net_held == d("4.20") * 300
    assert exposure.contracts == {"AAPL": 3}
    assert exposure.held_options == {"AAPL": (LOW,)}


def test_a_held_spread_counts_at_what_it_can_lose() -> None:
    """Bought for 3.10: that is all it can lose, whatever its legs are worth apart."""
    exposure = total(held(LOW, 5, price="4.20"), held(HIGH, -5, price="1.10"))

    assert exposure.spread_value == {"AAPL": 1550}
    assert exposure.gross == 1550
    assert exposure.net_held == 0
    assert exposure.contracts == {"AAPL": 10}
    assert line(exposure, LOW).grouped


def test_a_short_option_counts_at_what_it_can_have_to_deliver_or_to_pay() -> None:
    """Of a put, the dollar that the sale has brought is there already."""
    call = total(held(HIGH, -2, price=1))
    put = total(held("AAPL  261218P00230000", -2, price=1))

    assert call.gross == 250 * 200
    assert put.gross == 229 * 200


def test_a_call_that_shares_cover_adds_nothing_to_what_they_can_lose() -> None:
    covered = total(held("AAPL", 200, price=200), held(HIGH, -2, price=1))
    half = total(held("AAPL", 100, price=200), held(HIGH, -2, price=1))

    assert covered.gross == d("238.40") * 200
    assert half.gross == d("238.40") * 100 + d("1.10") * 0 + 250 * 200


def test_what_works_is_covered_by_what_the_held_calls_leave() -> None:
    working = tuple(order(HIGH, 1, Side.SELL, limit="1.10", order_id=f"o-{n}") for n in range(2))

    exposure = total(held("AAPL", 200, price=200), held(HIGH, -1, price=1), working=working)

    assert exposure.gross == d("238.40") * 200 + 250 * 100
    assert exposure.reserved == 250 * 100


def test_a_put_that_works_counts_at_its_strike_less_what_it_brings() -> None:
    put = order("AAPL  261218P00230000", 1, Side.SELL, limit="1.80")

    assert total(working=(put,)).gross == d("228.20") * 100


def test_a_short_call_in_the_money_counts_at_the_shares() -> None:
    market = {"AAPL": ("299", "301")}

    assert total(held(HIGH, -1, price=1), market=market).gross == 300 * 100


def test_what_is_long_beside_a_naked_short_counts_at_its_premium() -> None:
    exposure = total(held(LOW, 1, price=4), held(HIGH, -2, price=1))

    assert exposure.gross == d("4.20") * 100 + 250 * 200


def test_a_working_spread_counts_at_what_it_can_lose() -> None:
    exposure = total(working=(working_spread(5),))

    assert exposure.spread_value == {"AAPL": 1550}
    assert (exposure.gross, exposure.reserved) == (1550, 1550)
    assert (line(exposure, LOW).buying, line(exposure, HIGH).selling) == (5, 5)
    assert exposure.contracts == {"AAPL": 10}
    assert exposure.occupied == 2


def test_a_working_spread_at_the_market_counts_at_its_far_side() -> None:
    assert total(working=(working_spread(5, net=None),)).gross == d("3.20") * 500


def test_a_working_spread_without_a_price_is_a_doubt() -> None:
    exposure = total(working=(working_spread(net=None),), data={LOW: Unknown("no feed")})

    assert exposure.doubts == ("no price of the spread on AAPL that works",)


def test_a_stranger_s_naked_spread_counts_at_its_strikes() -> None:
    naked = evolve(working_spread(2), terms=evolve(working_spread(2).terms, legs=()))
    legs = working_spread(2).terms.legs[1:]

    exposure = total(working=(evolve(naked, terms=evolve(naked.terms, legs=legs)),))

    assert exposure.gross == 250 * 200


def test_a_stranger_s_sale_of_an_option_counts_at_its_strike() -> None:
    sale = order(HIGH, 2, Side.SELL, OrderPurpose.EXTERNAL, limit="1.10")

    assert total(working=(sale,)).gross == 250 * 200


def test_a_working_exit_of_a_spread_is_not_counted_on() -> None:
    both = held(LOW, 5, price="4.20"), held(HIGH, -5, price="1.10")
    closing = working_spread(3, VERTICAL_CLOSING, net="-3.00", purpose=OrderPurpose.EXIT)

    exposure = total(*both, working=(closing,))

    assert exposure.gross == 1550
    assert (line(exposure, LOW).available, line(exposure, HIGH).available) == (2, 2)
    assert exposure.reserved == 0


LATER = (leg("AAPL  270115C00240000", 1), leg("AAPL  270115C00250000", -1))
LATER_MARKET = {
    **MARKET,
    LATER[0].contract.symbol: ("6.90", "7.00"),
    LATER[1].contract.symbol: ("3.00", "3.10"),
}


def test_a_working_roll_closes_and_opens() -> None:
    """Until it fills everything is held that was, and what it opens counts on top of it.

    Closing brings 4.15 - 1.15 = 3.00 at once; what the limit leaves for the new legs is 4.10.
    """
    both = held(LOW, 5, price="4.20"), held(HIGH, -5, price="1.10")
    roll = working_spread(
        3, (*VERTICAL_CLOSING, *LATER), net="1.10", purpose=OrderPurpose.ROLL, filled=1
    )

    exposure = total(*both, working=(roll,), market=LATER_MARKET)

    assert (line(exposure, LOW).available, line(exposure, HIGH).available) == (3, 3)
    assert (line(exposure, LOW).exiting, line(exposure, LOW).buying) == (2, 0)
    later = [line(exposure, one.contract.symbol) for one in LATER]
    assert [(one.buying, one.selling, one.exiting) for one in later] == [(2, 0, 0), (0, 2, 0)]
    assert exposure.spread_value == {"AAPL": 1550 + 820}
    assert exposure.reserved == 820
    assert exposure.contracts == {"AAPL": 14}
    assert exposure.open_orders == 1


@pytest.mark.parametrize("net", ["1.10", None])
def test_a_working_roll_whose_price_nobody_knows_is_a_doubt(net: str | None) -> None:
    legs = (*VERTICAL_CLOSING, *LATER)
    roll = working_spread(3, legs, net=net, purpose=OrderPurpose.ROLL)
    unknown = LOW if net else LATER[0].contract.symbol

    exposure = total(working=(roll,), market=LATER_MARKET, data={unknown: Unknown("no feed")})

    assert "no price of the spread on AAPL that works" in exposure.doubts


def test_the_value_of_no_options_is_nothing() -> None:
    assert group_value((), Prices(view().quote)) == 0


def test_a_line_is_occupied_by_what_is_held_or_being_entered() -> None:
    empty = Line(instrument=equity("AAPL"))

    assert not is_occupied(empty)
    assert is_occupied(evolve(empty, held=d(-1)))
    assert is_occupied(evolve(empty, buying=d(1)))
    assert is_occupied(evolve(empty, selling=d(1)))
    assert not is_occupied(evolve(empty, exiting=d(1)))


shares = st.sampled_from(["AAPL", "MSFT", "TSLA", LOW])
quantities = st.integers(-20, 20)
entries = st.builds(
    order,
    shares,
    st.integers(1, 20),
    st.sampled_from((Side.BUY, Side.SELL)),
    st.sampled_from((OrderPurpose.ENTRY, OrderPurpose.EXTERNAL)),
    st.sampled_from(("100", "400", None)),
)


@given(st.dictionaries(shares, quantities, max_size=4), st.lists(entries, max_size=6))
def test_more_working_entries_never_put_less_at_stake(
    holdings: dict[str, int], working: list[Order]
) -> None:
    positions = [held(symbol, quantity) for symbol, quantity in holdings.items()]

    exposures = [total(*positions, working=working[:count]) for count in range(len(working) + 1)]

    for fewer, more in pairwise(exposures):
        assert more.gross >= fewer.gross
        assert more.reserved >= fewer.reserved
        assert more.occupied >= fewer.occupied


@given(st.dictionaries(shares, quantities, max_size=4), st.lists(entries, max_size=6))
def test_the_net_value_lies_within_the_gross_value(
    holdings: dict[str, int], working: list[Order]
) -> None:
    positions = [held(symbol, quantity) for symbol, quantity in holdings.items()]

    exposure = total(*positions, working=working)

    assert exposure.net_held + exposure.long_working <= exposure.gross
    assert exposure.net_held - exposure.short_working >= -exposure.gross


def test_an_option_is_worth_a_hundred_shares() -> None:
    call = Line(instrument=held(LOW, 1).instrument, held=d(2), mark=d("4.20"))

    assert call.held_value == 840
    assert call.gross() == 840
    assert evolve(call, grouped=True).gross(more_long=Decimal(5)) == 5
    assert OptionRight.CALL.value in str(call.instrument)


def test_a_known_quote_is_no_doubt() -> None:
    exposure = total(held("AAPL", 1), data={"AAPL": Known(quote("AAPL", "1", "3"))})

    assert (exposure.gross, exposure.doubts) == (2, ())
