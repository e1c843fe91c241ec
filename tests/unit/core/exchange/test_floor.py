"""Matching on the simulated floor: prices, displayed sizes, triggers, and the fate of groups."""

from decimal import Decimal

import pytest

from cream.core.exchange.calendar import SessionMode
from cream.core.model.broker import BrokerOrder, OrderUpdate
from cream.core.model.order import OrderClass, OrderPurpose, OrderStatus, OrderType, Side
from cream.core.model.plan import TimeInForce
from tests.fakes.venue_lab import Lab, bracket, call, leg, oco, put, spread, terms

IOC, FOK, GTC = TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTC


def events(updates: list[OrderUpdate]) -> list[str]:
    return [update.event for update in updates]


def fills(lab: Lab) -> list[tuple[str, str]]:
    return [(str(one.quantity), str(one.price)) for one in lab.executions()]


def legs_of(lab: Lab, order: BrokerOrder) -> tuple[BrokerOrder, BrokerOrder]:
    target, stop = lab.order(order).legs
    return target, stop


# Prices and sizes -----------------------------------------------------------------------------


def test_a_market_buy_pays_the_ask_and_a_market_sale_gets_the_bid() -> None:
    lab = Lab()
    lab.accepted(terms(Side.BUY, "10"))
    lab.accepted(terms(Side.SELL, "4"))
    assert fills(lab) == [("10", "238.41"), ("4", "238.39")]
    assert lab.held("AAPL") == 6
    assert lab.cash() == Decimal("100000") - Decimal("2384.10") + Decimal("953.56")


def test_the_answer_shows_the_order_before_it_works_and_the_stream_what_follows() -> None:
    lab = Lab()
    order = lab.accepted(terms(Side.BUY, "10"))
    assert (order.raw_status, order.status, order.filled) == (
        "pending_new",
        OrderStatus.ACCEPTED,
        0,
    )
    assert events(lab.updates) == ["new", "fill"]
    fill = lab.updates[1]
    assert fill.order.raw_status == "filled"
    assert fill.executions == tuple(lab.executions())
    assert fill.order.average_price == Decimal("238.41")


def test_a_marketable_limit_order_gets_the_better_price() -> None:
    lab = Lab()
    lab.accepted(terms(Side.BUY, "10", "240"))
    lab.accepted(terms(Side.SELL, "10", "230"))
    assert fills(lab) == [("10", "238.41"), ("10", "238.39")]


@pytest.mark.parametrize(
    ("side", "limit", "away", "at"),
    [
        (Side.BUY, "237.00", ("237.00", "237.01"), ("236.98", "237.00")),
        (Side.SELL, "240.00", ("239.99", "240.01"), ("240.00", "240.02")),
    ],
)
def test_a_limit_order_rests_until_the_far_side_reaches_it(
    side: Side, limit: str, away: tuple[str, str], at: tuple[str, str]
) -> None:
    lab = Lab()
    order = lab.accepted(terms(side, "10", limit))
    assert not lab.quote("AAPL", *away)
    assert lab.order(order).raw_status == "new"
    assert events(list(lab.quote("AAPL", *at))) == ["fill"]
    assert lab.order(order).average_price == Decimal(limit)


def test_an_order_takes_no_more_than_is_displayed() -> None:
    lab = Lab()
    lab.quote("AAPL", "238.39", "238.41", 300, 40)
    order = lab.accepted(terms(Side.BUY, "100"))
    assert lab.order(order).status is OrderStatus.PARTIALLY_FILLED
    assert lab.order(order).filled == 40
    lab.quote("AAPL", "238.40", "238.42", 300, 50)
    lab.quote("AAPL", "238.41", "238.43", 300, 50)
    assert fills(lab) == [("40", "238.41"), ("50", "238.42"), ("10", "238.43")]
    assert events(lab.updates) == ["new", "partial_fill", "partial_fill", "fill"]
    shown = lab.order(order)
    assert shown.average_price == Decimal("238.417")


def test_what_one_order_took_the_next_does_not_get_until_a_new_quote() -> None:
    lab = Lab()
    lab.quote("AAPL", "238.39", "238.41", 300, 40)
    lab.accepted(terms(Side.BUY, "30"))
    second = lab.accepted(terms(Side.BUY, "30"))
    assert lab.order(second).filled == 10
    lab.venue.on_quote("AAPL", lab.now)
    assert lab.order(second).filled == 10
    lab.quote("AAPL", "238.39", "238.41", 300, 40)
    assert lab.order(second).status is OrderStatus.FILLED


def test_buyers_and_sellers_do_not_take_from_each_other() -> None:
    lab = Lab()
    lab.quote("AAPL", "238.39", "238.41", 10, 10)
    lab.accepted(terms(Side.BUY, "10"))
    lab.accepted(terms(Side.SELL, "10"))
    assert lab.held("AAPL") == 0


def test_the_better_limit_trades_first_and_of_equal_ones_the_earlier() -> None:
    lab = Lab()
    low = lab.accepted(terms(Side.BUY, "10", "237.00"))
    early = lab.accepted(terms(Side.BUY, "10", "238.00"))
    late = lab.accepted(terms(Side.BUY, "10", "238.00"))
    lab.quote("AAPL", "236.00", "236.50", 100, 15)
    assert [lab.order(order).filled for order in (low, early, late)] == [0, 10, 5]


def test_a_crossed_quote_trades_nothing_and_triggers_nothing() -> None:
    lab = Lab()
    lab.accepted(terms(Side.BUY, "10"))
    lab.accepted(terms(Side.SELL, "5", stop="238.00"))
    lab.accepted(terms(Side.SELL, "5", "238.40"))
    assert not lab.quote("AAPL", "239.00", "230.00")


@pytest.mark.parametrize(("bid", "ask"), [("0", "238.41"), ("238.39", "0")])
def test_a_side_that_is_not_there_cannot_be_traded_with(bid: str, ask: str) -> None:
    lab = Lab()
    lab.accepted(terms(Side.BUY, "10"))
    lab.market.set("AAPL", bid, ask)
    side = Side.SELL if bid == "0" else Side.BUY
    order = lab.accepted(terms(side, "5"))
    assert lab.order(order).filled == 0


def test_fractions_of_a_share_trade() -> None:
    lab = Lab()
    lab.accepted(terms(Side.BUY, "0.123456789"))
    assert lab.held("AAPL") == Decimal("0.123456789")


# Times in force -------------------------------------------------------------------------------


def test_immediate_or_cancel_takes_what_is_there_and_cancels_the_rest() -> None:
    lab = Lab()
    lab.quote("AAPL", "238.39", "238.41", 300, 40)
    order = lab.accepted(terms(Side.BUY, "100", "238.41", tif=IOC))
    assert events(lab.updates) == ["new", "partial_fill", "canceled"]
    assert lab.order(order).raw_status == "canceled"
    assert lab.order(order).filled == 40
    assert lab.order(order).reason == "immediate or cancel"


def test_fill_or_kill_takes_all_or_nothing() -> None:
    lab = Lab()
    lab.quote("AAPL", "238.39", "238.41", 300, 40)
    killed = lab.accepted(terms(Side.BUY, "41", "238.41", tif=FOK))
    filled = lab.accepted(terms(Side.BUY, "40", "238.41", tif=FOK))
    assert (lab.order(killed).raw_status, lab.order(killed).filled) == ("canceled", 0)
    assert lab.order(filled).raw_status == "filled"


# Stops ----------------------------------------------------------------------------------------


def test_a_sell_stop_is_elected_by_the_bid_and_sells_at_the_market() -> None:
    lab = Lab()
    lab.accepted(terms(Side.BUY, "10"))
    stop = lab.accepted(terms(Side.SELL, "10", stop="235.00", purpose=OrderPurpose.STOP_LOSS))
    assert not lab.quote("AAPL", "235.01", "235.03")
    lab.quote("AAPL", "234.50", "234.60")
    assert lab.order(stop).average_price == Decimal("234.50")


def test_a_buy_stop_is_elected_by_the_ask() -> None:
    lab = Lab()
    stop = lab.accepted(terms(Side.BUY, "10", stop="240.00"))
    assert not lab.quote("AAPL", "239.98", "239.99")
    lab.quote("AAPL", "239.99", "240.00")
    assert lab.order(stop).average_price == Decimal("240.00")


def test_a_stop_limit_order_works_at_its_limit_once_elected() -> None:
    lab = Lab()
    lab.accepted(terms(Side.BUY, "10"))
    order = lab.accepted(terms(Side.SELL, "10", "234.90", stop="235.00"))
    assert not lab.quote("AAPL", "234.50", "234.60")
    assert not lab.quote("AAPL", "234.89", "234.91")
    lab.quote("AAPL", "235.50", "235.60")
    assert lab.order(order).average_price == Decimal("235.50")


@pytest.mark.parametrize(
    ("price", "percent", "exits_at"), [("2.00", None, "239.50"), (None, "1", "239.08")]
)
def test_a_trailing_stop_follows_the_best_bid_and_never_goes_back(
    price: str | None, percent: str | None, exits_at: str
) -> None:
    lab = Lab()
    lab.accepted(terms(Side.BUY, "10"))
    order = lab.accepted(
        terms(
            Side.SELL,
            "10",
            order_type=OrderType.TRAILING_STOP,
            trail_price=price,
            trail_percent=percent,
        )
    )
    lab.quote("AAPL", "241.50", "241.52")
    assert lab.order(order).stop_price == Decimal(exits_at)
    assert not lab.quote("AAPL", "239.60", "239.62")
    assert lab.order(order).stop_price == Decimal(exits_at)
    lab.quote("AAPL", "239.00", "239.02")
    assert lab.order(order).average_price == Decimal("239.00")


def test_a_trailing_stop_of_a_short_position_follows_the_best_ask() -> None:
    lab = Lab()
    lab.accepted(terms(Side.SELL, "10"))
    order = lab.accepted(
        terms(Side.BUY, "10", order_type=OrderType.TRAILING_STOP, trail_price="1.00")
    )
    lab.quote("AAPL", "235.00", "235.02")
    assert lab.order(order).stop_price == Decimal("236.02")
    lab.quote("AAPL", "236.10", "236.12")
    assert lab.held("AAPL") == 0


# Brackets -------------------------------------------------------------------------------------


def test_the_exits_of_a_bracket_are_held_until_the_entry_is_completely_filled() -> None:
    lab = Lab()
    lab.quote("AAPL", "238.39", "238.41", 300, 4)
    order = lab.accepted(bracket("10"))
    assert [one.raw_status for one in order.legs] == ["held", "held"]
    assert [one.status for one in legs_of(lab, order)] == [OrderStatus.HELD, OrderStatus.HELD]
    lab.quote("AAPL", "228.00", "238.42", 300, 4)
    assert lab.held("AAPL") == 8, "the stop was reached, but the entry is not complete"
    lab.quote("AAPL", "238.41", "238.43", 300, 4)
    target, stop = legs_of(lab, order)
    assert (target.raw_status, stop.raw_status) == ("new", "held")
    assert (target.order_type, stop.order_type) == (OrderType.LIMIT, OrderType.STOP)
    assert (target.side, target.quantity, stop.stop_price) == (Side.SELL, 10, Decimal("228.50"))


def test_the_target_of_a_bracket_fills_and_its_stop_is_cancelled() -> None:
    lab = Lab()
    order = lab.accepted(bracket())
    lab.updates.clear()
    lab.quote("AAPL", "253.60", "253.62")
    assert events(lab.updates) == ["fill", "canceled"]
    target, stop = legs_of(lab, order)
    assert (target.average_price, stop.raw_status) == (Decimal("253.60"), "canceled")
    assert lab.held("AAPL") == 0


def test_a_target_that_fills_in_part_leaves_the_stop_the_rest() -> None:
    lab = Lab()
    order = lab.accepted(bracket())
    lab.updates.clear()
    lab.quote("AAPL", "253.60", "253.62", bid_size=3)
    assert events(lab.updates) == ["partial_fill", "restated"]
    assert legs_of(lab, order)[1].quantity == 7
    lab.quote("AAPL", "228.40", "228.42")
    target, stop = legs_of(lab, order)
    assert (target.raw_status, target.filled) == ("canceled", 3)
    assert (stop.raw_status, stop.filled) == ("filled", 7)
    assert lab.held("AAPL") == 0


def test_the_stop_of_a_bracket_is_triggered_inside_and_its_target_gives_way() -> None:
    lab = Lab()
    order = lab.accepted(bracket())
    lab.updates.clear()
    lab.quote("AAPL", "228.40", "228.42", bid_size=6)
    assert events(lab.updates) == ["canceled", "new", "partial_fill"]
    lab.quote("AAPL", "229.40", "229.42")
    target, stop = legs_of(lab, order)
    assert target.raw_status == "canceled"
    assert stop.filled == 10, "a stop that was elected stays so when the price comes back"
    assert lab.held("AAPL") == 0


def test_the_exits_of_a_short_sale_buy_back() -> None:
    lab = Lab()
    order = lab.accepted(bracket("10", "238.30", "220.00", "245.00", side=Side.SELL))
    assert lab.held("AAPL") == -10
    lab.quote("AAPL", "244.98", "245.00")
    target, stop = legs_of(lab, order)
    assert (target.raw_status, stop.average_price) == ("canceled", Decimal("245.00"))
    assert lab.held("AAPL") == 0


def test_an_exit_that_can_trade_at_once_does_when_it_wakes() -> None:
    """The market jumps past the target while the entry still fills."""
    lab = Lab()
    lab.quote("AAPL", "238.39", "238.41", 300, 4)
    order = lab.accepted(bracket(limit=None))
    lab.updates.clear()
    lab.quote("AAPL", "254.00", "254.02", 300, 6)
    assert events(lab.updates) == ["fill", "new", "fill", "canceled"]
    assert legs_of(lab, order)[0].average_price == Decimal("254.00")
    assert lab.held("AAPL") == 0


@pytest.mark.parametrize("member", [0, 1])
def test_cancelling_one_exit_cancels_the_other(member: int) -> None:
    lab = Lab()
    order = lab.accepted(bracket())
    lab.cancel(legs_of(lab, order)[member])
    assert [one.raw_status for one in legs_of(lab, order)] == ["canceled", "canceled"]


@pytest.mark.parametrize("member", [0, 1, 2])
def test_cancelling_any_member_of_a_waiting_bracket_cancels_all(member: int) -> None:
    lab = Lab()
    order = lab.accepted(bracket(limit="230.00"))
    lab.cancel((order, *legs_of(lab, order))[member])
    shown = lab.order(order)
    assert [one.raw_status for one in (shown, *shown.legs)] == ["canceled"] * 3
    told = lab.updates[1].order
    assert [one.raw_status for one in told.legs] == ["canceled", "canceled"]


def test_cancelling_a_partly_filled_entry_leaves_the_filled_part_without_exits() -> None:
    lab = Lab()
    lab.quote("AAPL", "238.39", "238.41", 300, 4)
    order = lab.accepted(bracket("10"))
    lab.cancel(order)
    assert lab.held("AAPL") == 4
    assert [one.raw_status for one in legs_of(lab, order)] == ["canceled", "canceled"]


def test_exits_get_no_more_than_is_left_when_the_entry_is_filled() -> None:
    """Part of a half-filled entry was sold by another order before the rest came in."""
    lab = Lab()
    lab.quote("AAPL", "238.39", "238.41", 300, 8)
    order = lab.accepted(bracket("10"))
    lab.accepted(terms(Side.SELL, "3", stop="238.00"))
    lab.accepted(terms(Side.SELL, "2", "250.00"))
    lab.quote("AAPL", "237.00", "238.42", 300, 8)
    assert [one.quantity for one in legs_of(lab, order)] == [5, 5]
    lab.quote("AAPL", "228.00", "228.02")
    assert lab.held("AAPL") == 2


# One triggers other, one cancels other --------------------------------------------------------


@pytest.mark.parametrize(
    ("take_profit", "stop_loss", "exit_quote"),
    [("253.50", None, ("253.60", "253.62")), (None, "228.50", ("228.40", "228.42"))],
)
def test_the_one_exit_of_an_oto_goes_to_work_when_the_entry_is_filled(
    take_profit: str | None, stop_loss: str | None, exit_quote: tuple[str, str]
) -> None:
    lab = Lab()
    order = lab.accepted(
        terms(
            Side.BUY,
            "10",
            "238.50",
            order_class=OrderClass.OTO,
            take_profit=take_profit,
            stop_loss=stop_loss,
        )
    )
    assert [one.raw_status for one in order.legs] == ["held"]
    assert [one.raw_status for one in lab.order(order).legs] == ["new"]
    lab.quote("AAPL", *exit_quote)
    assert lab.held("AAPL") == 0


def test_an_oco_is_a_target_with_a_held_stop_for_what_is_there() -> None:
    lab = Lab()
    lab.accepted(terms(Side.BUY, "10"))
    order = lab.accepted(oco())
    shown = lab.order(order)
    assert (shown.raw_status, [one.raw_status for one in shown.legs]) == ("new", ["held"])
    lab.quote("AAPL", "253.60", "253.62", bid_size=4)
    assert lab.order(order).legs[0].quantity == 6
    lab.quote("AAPL", "228.40", "228.42")
    shown = lab.order(order)
    assert (shown.raw_status, shown.filled) == ("canceled", 4)
    assert (shown.legs[0].raw_status, shown.legs[0].filled) == ("filled", 6)


def test_an_oco_whose_target_fills_cancels_its_stop() -> None:
    lab = Lab()
    lab.accepted(terms(Side.BUY, "10"))
    order = lab.accepted(oco())
    lab.quote("AAPL", "253.60", "253.62")
    assert lab.order(order).legs[0].raw_status == "canceled"
    assert lab.held("AAPL") == 0


# Options and spreads --------------------------------------------------------------------------


def quoted_spread(lab: Lab, size: int = 500) -> None:
    lab.quote(call("240").symbol, "4.30", "4.31", size, size)
    lab.quote(call("250").symbol, "1.23", "1.24", size, size)


def test_a_spread_fills_as_a_unit_at_the_net_of_its_far_sides() -> None:
    lab = Lab()
    quoted_spread(lab)
    order = lab.accepted(spread((leg(call("240"), 1), leg(call("250"), -1)), "5", "3.10"))
    shown = lab.order(order)
    assert (shown.raw_status, shown.average_price) == ("filled", Decimal("3.08"))
    assert [one.ratio for one in shown.legs] == [1, -1]
    assert [one.average_price for one in shown.legs] == [Decimal("4.31"), Decimal("1.23")]
    fill = lab.updates[-1]
    assert [(one.broker_order_id, one.side, one.quantity) for one in fill.executions] == [
        (order.broker_order_id, Side.BUY, 5),
        (order.broker_order_id, Side.SELL, 5),
    ]
    assert lab.cash() == Decimal(100_000) - Decimal("3.08") * 500
    assert (lab.held(call("240").symbol), lab.held(call("250").symbol)) == (5, -5)


def test_a_spread_waits_for_its_net_limit_whichever_leg_moves() -> None:
    lab = Lab()
    quoted_spread(lab)
    order = lab.accepted(spread((leg(call("240"), 1), leg(call("250"), -1)), "5", "3.00"))
    assert lab.order(order).raw_status == "new"
    lab.quote(call("250").symbol, "1.31", "1.32")
    assert lab.order(order).average_price == Decimal("3.00")


def test_a_ratio_spread_takes_as_many_units_as_its_scarcest_leg_allows() -> None:
    lab = Lab()
    lab.quote(call("240").symbol, "4.30", "4.31", 500, 500)
    lab.quote(call("250").symbol, "1.23", "1.24", 500, 5)
    order = lab.accepted(spread((leg(call("240"), 1), leg(call("250"), 2)), "4", "7.00"))
    shown = lab.order(order)
    assert (shown.raw_status, shown.filled) == ("partially_filled", 2)
    assert [one.filled for one in shown.legs] == [2, 4]
    lab.quote(call("250").symbol, "1.23", "1.24", 500, 5)
    assert lab.order(order).raw_status == "filled"


def test_a_spread_does_not_fill_while_a_leg_has_no_market() -> None:
    lab = Lab()
    quoted_spread(lab)
    lab.quote(call("250").symbol, "0", "0.01", 0, 500)
    order = lab.accepted(spread((leg(call("240"), 1), leg(call("250"), -1)), "5", "9.00"))
    assert lab.order(order).filled == 0


def test_a_spread_for_a_credit_brings_cash_in() -> None:
    lab = Lab()
    lab.quote(put("230").symbol, "1.50", "1.52")
    lab.quote(put("225").symbol, "0.80", "0.82")
    order = lab.accepted(spread((leg(put("225"), 1), leg(put("230"), -1)), "2", "-0.60"))
    assert lab.order(order).average_price == Decimal("-0.68")
    assert lab.cash() == Decimal("100136.00")


def test_an_option_trades_a_hundred_shares() -> None:
    lab = Lab()
    lab.quote(call("240").symbol, "4.30", "4.31")
    lab.accepted(terms(Side.BUY, "3", "4.40", symbol=call("240").symbol))
    assert lab.cash() == Decimal(100_000) - Decimal("4.31") * 300


def test_a_quote_of_the_underlying_makes_its_options_trade() -> None:
    lab = Lab()
    lab.quote(call("240").symbol, "4.30", "4.31")
    order = lab.accepted(terms(Side.BUY, "3", "4.00", symbol=call("240").symbol))
    lab.market.set(call("240").symbol, "3.95", "3.96")
    lab.quote("AAPL", "237.00", "237.02")
    assert lab.order(order).average_price == Decimal("3.96")


# Sessions -------------------------------------------------------------------------------------


def test_an_order_given_at_night_waits_for_the_session() -> None:
    lab = Lab(mode=SessionMode.CALENDAR)
    close = lab.sessions.close_of(lab.now.date())
    assert close is not None
    lab.advance(close)
    order = lab.accepted(terms(Side.BUY, "10"))
    assert lab.order(order).raw_status == "accepted"
    assert not lab.quote("AAPL", "238.00", "238.02"), "the market is closed"
    lab.now = lab.sessions.next_open(lab.now)
    lab.quote("AAPL", "239.00", "239.02")
    assert lab.order(order).raw_status == "accepted", "it has not been put to work yet"
    assert events(list(lab.advance(lab.now))) == ["new", "fill"]
    assert lab.order(order).average_price == Decimal("239.02")


def test_nothing_trades_in_a_halt_and_everything_after_it() -> None:
    lab = Lab()
    lab.venue.halt("AAPL")
    order = lab.accepted(terms())
    assert lab.order(order).filled == 0
    lab.quote("AAPL", "230.00", "230.02")
    assert lab.order(order).filled == 0
    assert [one.event for one in lab.venue.resume("AAPL", lab.now)] == ["fill"]


def test_all_or_nothing_is_nothing_in_a_halt() -> None:
    lab = Lab()
    lab.venue.halt("AAPL")
    order = lab.accepted(terms(tif=TimeInForce.FOK, limit="240"))
    assert lab.order(order).raw_status == "canceled"
