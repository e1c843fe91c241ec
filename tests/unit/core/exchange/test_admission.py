"""What the venue refuses because of what the account holds, what works already, and the time."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from cream.core.exchange.admission import (
    INSUFFICIENT_BUYING_POWER,
    INSUFFICIENT_QTY,
    WASH_TRADE,
    reserved_margin,
)
from cream.core.exchange.calendar import SessionMode
from cream.core.model.order import OrderClass, OrderPurpose, OrderTerms, OrderType, Side
from cream.core.model.plan import PositionIntent
from cream.core.options.occ import expires_at
from tests.fakes.venue_lab import Lab, bracket, call, leg, oco, put, spread, terms

BUY, SELL = Side.BUY, Side.SELL


def with_options(cash: str = "100000") -> Lab:
    lab = Lab(cash)
    for contract, bid, ask in (
        (call("240"), "4.30", "4.31"),
        (call("250"), "1.23", "1.24"),
        (put("230"), "1.50", "1.52"),
        (put("225"), "0.80", "0.82"),
    ):
        lab.quote(contract.symbol, bid, ask)
    return lab


# What there is --------------------------------------------------------------------------------


def test_a_broken_rule_refuses_the_order_in_the_rules_words() -> None:
    refusal = Lab().refused(terms(BUY, "10", "238.505"))
    assert refusal.code == "SUB_PENNY_PRICE"
    assert "minimum pricing criteria" in refusal.message


def test_what_is_not_listed_is_refused() -> None:
    lab = with_options()
    assert lab.refused(terms(symbol="ZZZZ")).code == "ASSET_NOT_FOUND"
    unlisted = terms(limit="1.00", symbol=call("999").symbol)
    assert lab.refused(unlisted).code == "CONTRACT_NOT_FOUND"


def test_an_expired_contract_is_refused_as_expired() -> None:
    lab = with_options()
    lab.now = expires_at(call("240"))
    refusal = lab.refused(terms(limit="1.00", symbol=call("240").symbol))
    assert refusal.code == "CONTRACT_EXPIRED"


def test_a_listed_symbol_without_a_quote_is_refused() -> None:
    lab = Lab()
    lab.market.knows = lambda instrument, now: True  # type: ignore[method-assign]
    assert lab.refused(terms(symbol="IPO")).code == "NO_QUOTE"


# When -----------------------------------------------------------------------------------------


def test_options_trade_at_the_market_only_while_it_is_open() -> None:
    lab = with_options()
    lab.sessions = type(lab.sessions)(SessionMode.CALENDAR)
    lab.venue._sessions = lab.sessions
    lab.now = datetime.combine(date(2026, 11, 22), lab.now.timetz())
    assert lab.refused(terms(symbol=call("240").symbol)).code == "MARKET_CLOSED"
    lab.accepted(terms(limit="1.00", symbol=call("240").symbol))


def test_in_its_last_half_hour_a_contract_can_only_be_closed() -> None:
    lab = with_options()
    lab.accepted(terms(BUY, "1", "4.40", symbol=call("240").symbol))
    lab.now = expires_at(call("240")) - timedelta(minutes=30)
    opening = terms(BUY, "1", "4.40", symbol=call("240").symbol)
    assert lab.refused(opening).code == "CONTRACT_EXPIRES_SOON"
    lab.accepted(terms(SELL, "1", "4.20", symbol=call("240").symbol))


# How much -------------------------------------------------------------------------------------


def test_no_more_can_be_sold_than_is_held_and_free() -> None:
    lab = Lab()
    lab.accepted(terms(BUY, "10"))
    lab.accepted(terms(SELL, "4", "250"))
    refusal = lab.refused(terms(SELL, "7", "251"))
    assert refusal.code == INSUFFICIENT_QTY
    assert refusal.message.endswith("(requested: 7, available: 6)")
    lab.accepted(terms(SELL, "6", "251"))


def test_a_position_cannot_be_turned_round_in_one_order() -> None:
    lab = Lab()
    lab.accepted(terms(BUY, "10"))
    assert lab.refused(terms(SELL, "11")).code == INSUFFICIENT_QTY
    lab.accepted(terms(SELL, "10"))
    lab.accepted(terms(SELL, "11"))
    assert lab.refused(terms(BUY, "12")).code == INSUFFICIENT_QTY
    assert lab.held("AAPL") == -11


def test_the_exits_of_a_filled_bracket_hold_its_shares_once() -> None:
    lab = Lab()
    order = lab.accepted(bracket())
    assert lab.refused(terms(SELL, "1")).message.endswith("available: 0)")
    lab.accepted(terms(BUY, "3"))
    lab.accepted(terms(SELL, "3"))
    lab.cancel(order.legs[0])
    lab.accepted(terms(SELL, "10"))
    assert lab.held("AAPL") == 0


def test_the_exits_of_a_waiting_bracket_hold_nothing() -> None:
    lab = Lab()
    lab.accepted(terms(BUY, "10"))
    lab.accepted(bracket(limit="200", stop_loss="190"))
    lab.accepted(terms(SELL, "10"))


def test_a_triggered_stop_holds_what_it_has_not_sold() -> None:
    lab = Lab()
    lab.accepted(bracket())
    lab.quote("AAPL", "228.00", "228.02", bid_size=4)
    assert lab.refused(terms(SELL, "1")).message.endswith("available: 0)")


def test_a_spread_that_closes_holds_its_legs() -> None:
    lab = with_options()
    lab.accepted(spread((leg(call("240"), 1), leg(call("250"), -1)), "5", "3.10"))
    closing = (leg(call("240"), -1, closes=True), leg(call("250"), 1, closes=True))
    lab.accepted(spread(closing, "3", "-4.00"))
    assert lab.refused(spread(closing, "3", "-4.00")).code == INSUFFICIENT_QTY
    lab.accepted(spread(closing, "2", "-4.00"))


def test_an_intent_that_the_position_does_not_bear_out_is_refused() -> None:
    lab = with_options()
    symbol = call("240").symbol
    closing = terms(SELL, "1", "4.20", symbol=symbol, intent=PositionIntent.SELL_TO_CLOSE)
    refusal = lab.refused(closing)
    assert refusal.code == "POSITION_INTENT_MISMATCH"
    assert refusal.message == (
        "position intent mismatch, inferred: sell_to_open, specified: sell_to_close"
    )
    lab.accepted(terms(BUY, "1", "4.40", symbol=symbol, intent=PositionIntent.BUY_TO_OPEN))
    lab.accepted(terms(SELL, "1", "4.20", symbol=symbol, intent=PositionIntent.SELL_TO_CLOSE))


def test_a_bracket_must_open_and_an_oco_must_close() -> None:
    lab = Lab()
    assert lab.refused(oco()).message == "oco orders must be exit orders"
    lab.accepted(terms(SELL, "10"))
    assert lab.refused(bracket()).message == "bracket orders must be entry orders"
    lab.accepted(oco("10", "220", "250", side=BUY))


def test_flat_two_openings_against_each_other_are_refused() -> None:
    lab = Lab()
    lab.accepted(bracket(limit="200", stop_loss="190"))
    refusal = lab.refused(terms(SELL, "5"))
    assert refusal.code == "OPPOSITE_ORDER_OPEN"
    assert refusal.message == "cannot open a short sell while a long buy order is open"
    other = Lab()
    other.accepted(bracket("10", "250", "220", "260", side=SELL))
    assert "cannot open a long buy" in other.refused(terms(BUY, "5")).message


def test_fractions_cannot_be_sold_short() -> None:
    assert Lab().refused(terms(SELL, "1.5")).code == "FRACTIONAL_QUANTITY"


def test_a_small_account_cannot_sell_short() -> None:
    assert Lab("1500").refused(terms(SELL, "1")).code == "SHORTING_NOT_ALLOWED"


# Wash trades ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resting", "new", "refused"),
    [
        (terms(SELL, "5", "250"), terms(BUY, "5"), True),
        (terms(SELL, "5", "250"), terms(BUY, "5", "250"), True),
        (terms(SELL, "5", "250"), terms(BUY, "5", "249.99"), False),
        (terms(SELL, "5", stop="200"), terms(BUY, "5", "201"), True),
        (terms(SELL, "5", "250"), terms(BUY, "5", stop="260"), True),
        (terms(SELL, "5", "250"), bracket("5"), False),
        (oco("5"), terms(BUY, "5"), False),
        (
            terms(SELL, "5", order_type=OrderType.TRAILING_STOP, trail_price="9"),
            terms(BUY, "5"),
            False,
        ),
        (terms(SELL, "5", "250"), terms(BUY, "5", symbol="MSFT"), False),
        (terms(SELL, "5", "250"), terms(SELL, "5", "240"), False),
    ],
)
def test_simple_orders_of_one_account_must_not_be_able_to_meet(
    resting: OrderTerms, new: OrderTerms, refused: bool
) -> None:
    lab = Lab()
    lab.quote("MSFT", "512.00", "512.02")
    lab.accepted(terms(BUY, "20"))
    lab.accepted(resting)
    outcome = lab.submit(new)
    assert (getattr(outcome, "code", None) == WASH_TRADE) == refused


def test_a_sale_is_refused_while_it_could_meet_a_resting_buy() -> None:
    lab = Lab()
    lab.accepted(terms(BUY, "20"))
    lab.accepted(terms(BUY, "5", "230"))
    assert lab.refused(terms(SELL, "5")).message.startswith("potential wash trade")
    lab.accepted(terms(SELL, "5", "240"))


# Stops against the market ---------------------------------------------------------------------


@pytest.mark.parametrize("stop", ["238.39", "240.00"])
def test_a_bracket_whose_stop_is_reached_already_is_refused(stop: str) -> None:
    order = bracket(limit="245", take_profit="260", stop_loss=stop)
    assert Lab().refused(order).code == "STOP_TOO_CLOSE"


def test_an_oco_whose_stop_is_reached_already_is_refused() -> None:
    lab = Lab()
    lab.accepted(terms(BUY, "10"))
    assert lab.refused(oco(stop_loss="238.39")).code == "STOP_TOO_CLOSE"
    lab.accepted(oco(stop_loss="238.38"))


def test_the_stop_of_a_short_sale_must_lie_above_the_ask() -> None:
    lab = Lab()
    order = bracket("10", "230", "220", "238.41", side=SELL)
    assert "stop_loss.stop_price must be >=" in lab.refused(order).message


# Buying power ---------------------------------------------------------------------------------


def test_an_order_is_refused_when_it_needs_more_than_is_free() -> None:
    lab = Lab("1000")
    refusal = lab.refused(terms(BUY, "9", "238.00"))
    assert refusal.code == INSUFFICIENT_BUYING_POWER
    assert refusal.message == "insufficient buying power (required: 1071.00, available: 1000.00)"
    lab.accepted(terms(BUY, "8", "238.00"))


def test_working_orders_reserve_and_cancelled_ones_release() -> None:
    lab = Lab("1000")
    order = lab.accepted(terms(BUY, "8", "200.00"))
    assert lab.venue.account(lab.now).buying_power == 400
    assert lab.refused(terms(BUY, "3", "200.00")).code == INSUFFICIENT_BUYING_POWER
    lab.cancel(order)
    assert lab.venue.account(lab.now).buying_power == 2_000


def test_a_filled_part_is_no_longer_reserved() -> None:
    lab = Lab()
    lab.quote("AAPL", "238.39", "238.41", 100, 4)
    lab.accepted(terms(BUY, "10", "238.41"))
    orders = lab.venue._book.open_orders()
    assert reserved_margin(orders) == Decimal("238.41") * 6 / 2


def test_exits_reserve_nothing() -> None:
    lab = Lab("3000")
    lab.accepted(terms(BUY, "20"))
    before = lab.venue.account(lab.now).buying_power
    lab.accepted(terms(SELL, "20", "300"))
    assert lab.venue.account(lab.now).buying_power == before


def test_a_short_sale_at_the_market_is_taken_to_sell_above_the_offer() -> None:
    lab = Lab("2500")
    refusal = lab.refused(terms(SELL, "21", "230"))
    required = Decimal("238.41") * Decimal("1.03") * 21 / 2
    assert f"required: {required:.2f}" in refusal.message
    lab.accepted(terms(SELL, "20", "230"))


def test_a_buy_stop_is_checked_at_the_worse_of_stop_and_offer() -> None:
    lab = Lab("2500")
    assert "required: 2625.00" in lab.refused(terms(BUY, "21", stop="250")).message
    assert "required: 2503.30" in lab.refused(terms(BUY, "21", stop="230")).message


def test_an_order_at_the_market_is_checked_at_the_middle_where_the_far_side_is_missing() -> None:
    lab = Lab("1000")
    lab.market.set("AAPL", "200.00", "0")
    assert "required: 2000.00" in lab.refused(terms(BUY, "40")).message


def test_a_long_option_costs_its_whole_premium() -> None:
    lab = with_options("1000")
    symbol = call("240").symbol
    assert "required: 1293.00" in lab.refused(terms(BUY, "3", symbol=symbol)).message
    lab.accepted(terms(BUY, "2", "4.40", symbol=symbol))


def test_a_spread_costs_what_it_can_lose() -> None:
    credit = (leg(put("225"), 1), leg(put("230"), -1))
    assert "required: 880.00" in with_options("800").refused(spread(credit, "2", "-0.60")).message
    lab = with_options("900")
    lab.accepted(spread(credit, "2", "-0.60"))
    debit = (leg(call("240"), 1), leg(call("250"), -1))
    assert "required: 1540.00" in with_options("800").refused(spread(debit, "5")).message


def test_closing_a_spread_needs_no_more_than_it_frees() -> None:
    lab = with_options("950")
    lab.accepted(spread((leg(put("225"), 1), leg(put("230"), -1)), "2", "-0.60"))
    closing = (leg(put("225"), -1, closes=True), leg(put("230"), 1, closes=True))
    lab.accepted(spread(closing, "2", "0.80"))
    assert lab.held(put("230").symbol) == 0


def test_a_call_is_sold_only_against_shares() -> None:
    lab = with_options()
    sale = terms(SELL, "1", "4.20", symbol=call("240").symbol)
    assert lab.refused(sale).code == "UNCOVERED_OPTION"
    lab.accepted(terms(BUY, "100"))
    lab.accepted(sale)
    assert lab.refused(terms(SELL, "1")).code == "UNCOVERED_OPTION"


def test_shares_beyond_the_cover_can_be_sold() -> None:
    lab = with_options()
    lab.accepted(terms(BUY, "150"))
    lab.accepted(terms(SELL, "1", "4.20", symbol=call("240").symbol))
    lab.accepted(terms(SELL, "50"))


def test_a_put_is_sold_against_cash() -> None:
    sale = terms(SELL, "1", "1.40", symbol=put("230").symbol)
    assert "required: 22860.00" in with_options("20000").refused(sale).message
    lab = with_options("23000")
    lab.accepted(sale)


def test_the_long_leg_of_a_spread_cannot_be_sold_away_from_under_the_short_one() -> None:
    lab = with_options()
    lab.accepted(spread((leg(call("240"), 1), leg(call("250"), -1)), "1", "3.10"))
    sale = terms(SELL, "1", "4.20", symbol=call("240").symbol)
    assert lab.refused(sale).code == "UNCOVERED_OPTION"


def test_working_sales_take_cover_away_before_they_fill() -> None:
    lab = with_options()
    lab.accepted(terms(BUY, "1", "4.40", symbol=call("240").symbol))
    lab.accepted(terms(SELL, "1", "2.00", symbol=call("250").symbol))
    again = terms(SELL, "1", "1.00", symbol=call("250").symbol)
    assert lab.refused(again).code == "UNCOVERED_OPTION"
    other = with_options()
    other.accepted(terms(BUY, "100"))
    other.accepted(terms(SELL, "1", "250"))
    covered = terms(SELL, "1", "4.20", symbol=call("240").symbol)
    assert other.refused(covered).code == "UNCOVERED_OPTION"


def test_purchases_and_spreads_that_have_not_filled_cover_nothing() -> None:
    lab = with_options()
    lab.accepted(terms(BUY, "1", "1.00", symbol=call("240").symbol))
    lab.accepted(spread((leg(call("240"), 2), leg(call("250"), -1)), "1", "5.00"))
    sale = terms(SELL, "1", "1.00", symbol=call("250").symbol)
    assert lab.refused(sale).code == "UNCOVERED_OPTION"


def test_a_working_sale_of_two_long_calls_takes_both_away() -> None:
    lab = with_options()
    lab.accepted(terms(BUY, "1", "4.40", symbol=call("240").symbol))
    lab.accepted(terms(BUY, "1", "1.40", symbol=call("250").symbol))
    closing = (leg(call("240"), -1, closes=True), leg(call("250"), -1, closes=True))
    lab.accepted(spread(closing, "1", "-9.00"))
    lab.quote(call("260").symbol, "0.30", "0.32")
    sale = terms(SELL, "1", "0.30", symbol=call("260").symbol)
    assert lab.refused(sale).code == "UNCOVERED_OPTION"


def test_an_oto_stop_holds_its_shares_while_it_works() -> None:
    lab = Lab()
    lab.accepted(terms(BUY, "10", "238.50", order_class=OrderClass.OTO, stop_loss="228.50"))
    exit_now = terms(SELL, "10", purpose=OrderPurpose.EXIT)
    assert lab.refused(exit_now).code == INSUFFICIENT_QTY
