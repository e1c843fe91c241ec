"""How positions are read off a chain."""

from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.options.exercise_risk import RiskLevel
from cream.core.options.roll_legs import RollLeg
from cream.core.options.roll_market import OpenSpread, Unread, held_of, read, spot_of, unknown_of
from cream.core.options.rolling import RollPolicy
from tests.unit.core.options.test_roll_choice import FAR, call, market, put, row

D = Decimal
# A call vertical that was sold, and a put that it has nothing to do with.
SOLD = (RollLeg(call("245"), 1), RollLeg(call("240"), -1))
ROWS = (row(call("240"), "2.90", "3.10", 0.48), row(call("245"), "1.10", "1.20", 0.25))


def test_a_spread_is_known_by_what_it_owes() -> None:
    spread = OpenSpread(legs=SOLD, units=D(3), entry=D("-1.50"))

    assert (spread.contract, spread.quantity) == (call("240"), -3)
    assert spread.levels is None


def test_a_spread_is_judged_as_a_whole() -> None:
    """Sold for 1.50; to buy it back costs 3.10 less 1.10; at most all of it is gained."""
    there = market(*ROWS)

    held = held_of(read(SOLD, there.chain), D(3), D("-1.50"), there)

    assert (held.entry, held.value, held.max_profit) == (D("-1.50"), D("-2.00"), D("1.50"))
    assert (held.days, held.short_delta) == (6, D("0.48"))
    assert held.exercise_risk < RiskLevel.CRITICAL
    assert not held.in_the_money


def test_of_what_ends_on_several_days_nobody_knows_the_most() -> None:
    calendar = (RollLeg(call("240"), -1), RollLeg(call("240", FAR), 1))
    there = market(ROWS[0], row(call("240", FAR), "5", "5.2"))

    held = held_of(read(calendar, there.chain), D(1), D("2.00"), there)

    assert (held.max_profit, held.days) == (None, 6)


def test_a_share_that_nobody_bids_for_has_no_price() -> None:
    there = market(*ROWS)
    quote = there.chain.underlying
    assert quote is not None
    with pytest.raises(Unread, match="price of AAPL is not known"):
        spot_of(evolve(there.chain, underlying=evolve(quote, bid=D(0))))


def test_what_has_no_known_cost_has_neither_gained_nor_lost() -> None:
    there = market(*ROWS)
    reading = read(SOLD, there.chain)

    held = held_of(reading, D(3), None, there)

    assert (held.entry, held.profit, held.max_profit) == (0, 0, None)
    assert list(unknown_of(reading, None, RollPolicy())) == ["what it was opened at"]


def test_one_delta_that_is_missing_hides_none_of_the_others() -> None:
    legs = (RollLeg(call("240"), -1), RollLeg(put("230"), -1))
    there = market(ROWS[0], row(put("230"), "1", "1.1", None))
    reading = read(legs, there.chain)

    assert held_of(reading, D(1), D(-4), there).short_delta == D("0.48")
    assert list(unknown_of(reading, D(-4), RollPolicy())) == ["its delta"]
    assert list(unknown_of(reading, D(-4), RollPolicy(most_short_delta=None))) == []


def test_what_a_spread_owns_may_be_worth_nothing_and_a_single_option_may_not() -> None:
    there = market(ROWS[0], row(call("245"), "0", "0.05"))

    assert read(SOLD, there.chain, closes=True).quotes[call("245").symbol].bid == 0
    with pytest.raises(Unread, match="NO_BID"):
        read(SOLD, there.chain)
    with pytest.raises(Unread, match="NO_BID"):
        read(SOLD[:1], there.chain, closes=True)
