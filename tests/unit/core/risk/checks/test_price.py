from decimal import Decimal
from typing import Any

import pytest

from cream.core.model.account import Account
from cream.core.model.market import Datum, Known, Quote, Stale, Unknown
from cream.core.model.order import OrderPurpose, OrderType, Side
from cream.core.model.plan import Decision, RiskDenomination, SizeUnit, TimeInForce
from cream.core.model.verdict import Severity, Unit
from tests.unit.core.risk.scenes import (
    NOW,
    VERTICAL,
    VERTICAL_CLOSING,
    WIDE,
    account,
    buy,
    check,
    close,
    codes,
    cover,
    d,
    gate,
    held,
    judge,
    order,
    quote,
    short,
    single,
    spread,
    trim,
    view,
    violation,
)

LOW, HIGH = (one.contract.symbol for one in VERTICAL)
CALL = "NVDA  261218C00190000"
BY_OPTION, BY_UNDERLYING = RiskDenomination.OPTION_PRICE, RiskDenomination.UNDERLYING_PRICE


def call(**changes: Any) -> Decision:
    prices = {"limit": "6.40", "stop": "3.20", "target": "12.80", "denomination": BY_OPTION}
    return buy(CALL, 1, **{**prices, **changes})


def test_what_is_not_known_cannot_be_entered() -> None:
    refusal = violation(judge(buy("ACME", limit="10", stop="9", target="12")), "UNKNOWN_INSTRUMENT")

    assert (refusal.instrument_id, refusal.field_path) == ("ACME", "decisions[0].instrument_id")


def test_every_unknown_leg_is_named() -> None:
    unknown = view(market={"AAPL": ("238.39", "238.41"), LOW: ("4.15", "4.25")})

    refusal = violation(judge(spread(1), on=unknown), "UNKNOWN_INSTRUMENT")

    assert (refusal.instrument_id, refusal.field_path) == (HIGH, "decisions[0].legs[1].symbol")


def test_what_is_held_can_be_closed_though_nobody_knows_it_any_more() -> None:
    assert judge(close("ACME", 5), on=view(held("ACME", 5))).ok


AAPL = quote("AAPL", "238.39", "238.41")


@pytest.mark.parametrize(
    ("datum", "words"),
    [
        (Unknown("the feed is down"), "the feed is down"),
        (Stale(AAPL, 61.0), "61.0 s old"),
        (Known(quote("AAPL", "238.45", "238.41")), "crossed"),
        (Known(quote("AAPL", "0", "0")), "no price"),
        (Known(quote("AAPL", "0", "238.41")), "nobody bids"),
    ],
)
def test_a_doubtful_quote_refuses_what_adds_and_never_an_exit(
    datum: Datum[Quote], words: str
) -> None:
    """What is unknown is not zero."""
    on = view(held("AAPL", 10), data={"AAPL": datum})

    refusal = violation(judge(buy(), on=on), "RISK_INPUT_UNKNOWN")

    assert words in refusal.message
    assert (refusal.instrument_id, refusal.field_path) == ("AAPL", "decisions[0].instrument_id")
    assert judge(trim(), on=on).ok
    assert judge(close(), on=on).ok


@pytest.mark.parametrize(
    ("datum", "words"),
    [(Unknown("no answer"), "no answer"), (Stale(account(), 90.0), "90.0 s old")],
)
def test_doubtful_figures_of_the_account_refuse_what_adds_and_never_an_exit(
    datum: Datum[Account], words: str
) -> None:
    on = view(held("AAPL", 10), of=datum)

    refusal = violation(judge(buy(), on=on), "RISK_INPUT_UNKNOWN")

    assert words in refusal.message
    assert refusal.field_path == "account"
    assert judge(trim(), on=on).ok


def test_a_missing_mark_of_what_is_held_refuses_what_adds() -> None:
    """The portfolio as it would be is not known then."""
    on = view(held("XOM", 10), held("AAPL", 10), data={"XOM": Unknown("no feed")})

    refusal = violation(judge(buy(), on=on), "RISK_INPUT_UNKNOWN")

    assert (refusal.field_path, refusal.message) == ("positions", "no quote of XOM: no feed")
    assert judge(trim(), close("XOM"), on=on).ok


def test_each_doubt_is_said_once() -> None:
    on = view(held("AAPL", 10), data={"AAPL": Unknown("no feed")})

    found = codes(judge(buy(decision_id="a"), buy(decision_id="b"), on=on))

    assert found == ["RISK_INPUT_UNKNOWN"]


def test_a_spread_needs_the_quotes_of_its_legs() -> None:
    on = view(data={HIGH: Stale(quote(HIGH, "1.05", "1.15"), 99.0)})

    refusal = violation(judge(spread(1), on=on), "RISK_INPUT_UNKNOWN")

    assert refusal.field_path == "decisions[0].legs[1].symbol"


def test_levels_of_the_underlying_need_its_quote() -> None:
    on = view(data={"NVDA": Unknown("no feed")})
    by_underlying = call(stop="175", target="200", denomination=BY_UNDERLYING)

    refusal = violation(judge(by_underlying, on=on), "RISK_INPUT_UNKNOWN")

    assert (refusal.instrument_id, refusal.field_path) == ("NVDA", "decisions[0].stop_loss_level")


def test_the_greeks_of_an_option_need_the_quote_of_its_underlying() -> None:
    on = view(data={"NVDA": Unknown("no feed")})

    refusal = violation(judge(call(), on=on), "RISK_INPUT_UNKNOWN")

    assert (refusal.instrument_id, refusal.field_path) == ("NVDA", "decisions[0].instrument_id")


def test_a_market_order_needs_somebody_on_the_other_side() -> None:
    """That nobody bids for an option that is worth next to nothing is no doubt of its quote."""
    call = "AAPL  261218C00300000"
    on = view(
        data={
            "TSLA": Known(quote("TSLA", "0", "430.00")),
            call: Known(quote(call, "0", "0.05")),
        }
    )

    refusal = violation(judge(short(limit=None), on=on), "RISK_INPUT_UNKNOWN")
    of_option = violation(judge(short(call, 1, limit=None), on=on), "RISK_INPUT_UNKNOWN")

    assert "nobody bids for TSLA" in refusal.message
    assert of_option.message == f"nobody quotes {call} on the side that is needed"


def test_an_exit_whose_size_cannot_be_told_is_refused_for_that() -> None:
    on = view(held("AAPL", 10), of=Unknown("no answer"))

    refusal = violation(
        judge(trim(quantity=5, unit=SizeUnit.PCT_EQUITY), on=on), "RISK_INPUT_UNKNOWN"
    )

    assert "the account's equity" in refusal.message


# The collar: 5 % of the far side, at least 0.10 ------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "limit", "passes"),
    [
        # 238.41 asked: 250.33 is the last price within 5 %.
        (buy, "250.33", True),
        (buy, "250.34", False),
        (buy, "100.00", True),
        # 429.99 bid: 408.4905 is the last.
        (short, "408.50", True),
        (short, "408.48", False),
        (short, "900.00", True),
    ],
)
def test_a_limit_is_not_much_worse_than_the_market(asked: Any, limit: str, passes: bool) -> None:
    found = judge(asked(limit=limit, stop=None, target=None), by=WIDE)

    assert ("PRICE_COLLAR_EXCEEDED" in codes(found)) is not passes


@pytest.mark.parametrize(("limit", "passes"), [("1.09", True), ("1.10", True), ("1.11", False)])
def test_a_low_price_has_ten_cents(limit: str, passes: bool) -> None:
    cheap = view(market={"PENNY": ("0.99", "1.00")})
    found = judge(buy("PENNY", 10, limit=limit, stop="0.90", target=None), on=cheap, by=WIDE)

    assert codes(found) == ([] if passes else ["PRICE_COLLAR_EXCEEDED"])
    assert check(found, "PRICE_COLLAR_EXCEEDED").limit == d("1.10")
    assert check(found, "PRICE_COLLAR_EXCEEDED").unit is Unit.USD_PER_SHARE


@pytest.mark.parametrize(
    ("net", "passes"), [("3.00", True), ("3.36", True), ("3.37", False), ("0.50", True)]
)
def test_a_spread_is_held_to_the_far_side_of_its_legs(net: str, passes: bool) -> None:
    """3.20 buys it at once; five percent more is 3.36."""
    found = judge(spread(1, net=net))

    assert codes(found) == ([] if passes else ["PRICE_COLLAR_EXCEEDED"])
    if not passes:
        assert (
            violation(found, "PRICE_COLLAR_EXCEEDED").field_path == "decisions[0].net_limit_price"
        )


@pytest.mark.parametrize(("limit", "passes"), [("226.48", True), ("226.47", False)])
def test_an_exit_is_held_to_it_while_its_quote_is_fresh(limit: str, passes: bool) -> None:
    """238.39 bid, less five percent, is 226.4705."""
    sale = trim(limit=limit)
    stale = {"AAPL": Stale(AAPL, 99.0)}

    assert judge(sale, on=view(held("AAPL", 10))).ok is passes
    assert judge(sale, on=view(held("AAPL", 10), data=stale)).ok


def test_a_closed_spread_without_quotes_is_not_held_to_anything() -> None:
    on = view(held(LOW, 1, price=4), held(HIGH, -1, price=1), data={LOW: Unknown("no feed")})

    assert judge(spread(1, VERTICAL_CLOSING, "-0.10"), on=on).ok


def test_an_exit_where_nobody_bids_is_not_held_to_anything() -> None:
    on = view(held("AAPL", 10), data={"AAPL": Known(quote("AAPL", "0", "0.05"))})

    assert judge(trim(limit="0.01"), on=on).ok


def test_a_stop_limit_is_held_to_its_trigger() -> None:
    """Once triggered, the market is there."""
    breakout = single(
        order_type=OrderType.STOP_LIMIT,
        stop_price=d("245.00"),
        limit_price=d("257.00"),
        stop_loss=d("235.00"),
        take_profit=d("290.00"),
    )

    assert codes(gate(WIDE).judge_order(breakout, view(), NOW)) == []


def test_a_market_order_has_no_price_to_be_held_to() -> None:
    assert check(judge(buy(limit=None)), "PRICE_COLLAR_EXCEEDED").observed is None


# Our own orders -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resting", "crosses"),
    [
        (order("AAPL", 5, Side.SELL, limit="238.49"), True),
        (order("AAPL", 5, Side.SELL, limit="238.50"), True),
        (order("AAPL", 5, Side.SELL, limit="238.51"), False),
        (order("AAPL", 5, Side.SELL, limit=None), True),
        (order("AAPL", 5, Side.SELL, OrderPurpose.EXTERNAL, limit="238.00"), True),
        (order("AAPL", 5, Side.BUY, limit="238.00"), False),
        (order("AAPL", 5, Side.SELL, OrderPurpose.STOP_LOSS, limit="238.00"), False),
        (order("AAPL", 5, Side.SELL, limit=None, order_type=OrderType.STOP), False),
        (order("MSFT", 5, Side.SELL, limit="1.00"), False),
    ],
)
def test_an_entry_does_not_trade_with_our_own_order(resting: Any, crosses: bool) -> None:
    """A venue takes that for a wash trade."""
    found = judge(buy(), on=view(working=(resting,)), by=WIDE)

    assert codes(found) == (["SELF_CROSS"] if crosses else [])


def test_an_entry_at_the_market_crosses_whatever_rests_there() -> None:
    resting = order("AAPL", 5, Side.SELL, limit="900.00")

    found = judge(buy(limit=None), on=view(working=(resting,)), by=WIDE)

    assert violation(found, "SELF_CROSS").limit == d("900.00")


# The grid and the venue -----------------------------------------------------------------------


def test_a_price_off_the_grid_is_moved_and_told() -> None:
    """Away from harm, and reported."""
    found = judge(buy(limit="238.509", stop="228.501", target="253.501"))

    assert found.ok
    told = [one for one in found.violations if one.code == "PRICE_ROUNDED"]
    assert [(one.observed, one.limit) for one in told] == [
        (d("238.509"), d("238.50")),
        (d("228.501"), d("228.51")),
        (d("253.501"), d("253.51")),
    ]
    assert {one.severity for one in told} == {Severity.INFO}
    assert found.orders[0].limit_price == d("238.50")


def test_a_net_price_off_the_grid_is_told_by_its_name() -> None:
    found = violation(judge(spread(1, net="3.109")), "PRICE_ROUNDED")

    assert found.field_path == "decisions[0].net_limit_price"


@pytest.mark.parametrize(
    ("decision", "code", "field"),
    [
        (buy(time_in_force=TimeInForce.IOC), "INVALID_TIME_IN_FORCE", "time_in_force"),
        (call(time_in_force=TimeInForce.GTC), "INVALID_TIME_IN_FORCE", "time_in_force"),
        (spread(1, time_in_force=TimeInForce.GTC), "INVALID_TIME_IN_FORCE", "time_in_force"),
        (buy(limit="-5"), "INVALID_PRICE", "limit_price"),
    ],
)
def test_the_venues_own_rules_are_known_beforehand(
    decision: Decision, code: str, field: str
) -> None:
    """A refusal by the gate costs nothing; one by the venue comes when it is too late."""
    found = judge(decision, by=WIDE)

    assert violation(found, code).field_path == f"decisions[0].{field}"


def test_a_slice_is_what_the_venue_sees_of_a_worked_order() -> None:
    """The parent may look plain; its slices are brackets."""
    twap = buy(tactic="TWAP", time_in_force=TimeInForce.IOC)

    assert codes(judge(twap)) == ["INVALID_TIME_IN_FORCE"]


def test_a_fractional_exit_by_anything_but_a_day_order_is_the_venues_to_refuse() -> None:
    found = judge(
        close(quantity="0.5", time_in_force=TimeInForce.GTC), on=view(held("AAPL", "0.5"))
    )

    assert codes(found) == ["FRACTIONAL_QUANTITY"]


def test_a_cover_is_held_to_what_a_buyer_may_pay() -> None:
    on = view(held("TSLA", -10))

    assert judge(cover(limit="451.51"), on=on).ok
    assert codes(judge(cover(limit="451.52"), on=on)) == ["PRICE_COLLAR_EXCEEDED"]
    assert Decimal("430.01") * Decimal("1.05") == Decimal("451.5105")


def test_what_is_halted_is_not_opened() -> None:
    def halted(symbol: str) -> str | None:
        return "LULD pause" if symbol == "AAPL" else None

    on = view(held("AAPL", 10), halted=halted)

    refusal = violation(judge(buy(), on=on), "SYMBOL_HALTED")
    assert "LULD pause" in refusal.message
    assert judge(close(), on=on).ok
    assert judge(buy("MSFT", 1, limit="512.00", stop="500", target="540"), on=on).ok
    assert "SYMBOL_HALTED" in codes(judge(spread(1), on=on))
