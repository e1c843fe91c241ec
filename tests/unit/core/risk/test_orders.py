from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.ids import client_order_id, order_id
from cream.core.model.instrument import Equity
from cream.core.model.order import (
    OrderClass,
    OrderPurpose,
    OrderTerms,
    OrderType,
    Side,
    TwapTerms,
)
from cream.core.model.plan import (
    Decision,
    Environment,
    PositionIntent,
    RiskDenomination,
    TimeInForce,
)
from cream.core.risk.asks import Ask, Origin
from cream.core.risk.orders import gains_up, levels_of, terms_of, twap_of, watched_by
from cream.core.risk.stance import Effect, Fault, Stance
from tests.unit.core.risk.scenes import buy, cover, d, short, spread, trim

ORIGIN = Origin(
    environment=Environment.PAPER, account_id="PA-1", plan_id="plan-1", cycle_id="cycle-1"
)
OPEN_LONG = Stance(Effect.INCREASE, Side.BUY)
OPEN_SHORT = Stance(Effect.INCREASE, Side.SELL)
CLOSE_LONG = Stance(Effect.REDUCE, Side.SELL)
CLOSE_SHORT = Stance(Effect.REDUCE, Side.BUY)
CALL, PUT = "NVDA  261218C00190000", "NVDA  261218P00180000"
BY_OPTION = RiskDenomination.OPTION_PRICE
BY_UNDERLYING = RiskDenomination.UNDERLYING_PRICE


def made(
    decision: Decision, stance: Stance = OPEN_LONG, quantity: int = 10, **ask: Any
) -> OrderTerms:
    asked = Ask(index=0, decision=decision, **ask)
    terms = terms_of(asked, stance, d(quantity), levels_of(asked, stance), ORIGIN)
    assert isinstance(terms, OrderTerms)
    return terms


@pytest.mark.parametrize(
    ("decision", "stance", "order_class"),
    [
        (buy(), OPEN_LONG, OrderClass.BRACKET),
        (buy(target=None), OPEN_LONG, OrderClass.OTO),
        (buy(stop=None), OPEN_LONG, OrderClass.OTO),
        (buy(stop=None, target=None), OPEN_LONG, OrderClass.SIMPLE),
        (short(), OPEN_SHORT, OrderClass.BRACKET),
        (trim(stop="200", target="300"), CLOSE_LONG, OrderClass.SIMPLE),
        (cover(), CLOSE_SHORT, OrderClass.SIMPLE),
        (buy(CALL, denomination=BY_OPTION), OPEN_LONG, OrderClass.SIMPLE),
        (spread(), OPEN_LONG, OrderClass.MLEG),
        (buy(tactic="TWAP"), OPEN_LONG, OrderClass.SIMPLE),
    ],
)
def test_only_a_plain_entry_in_shares_takes_its_exits_along(
    decision: Decision, stance: Stance, order_class: OrderClass
) -> None:
    assert made(decision, stance).order_class is order_class


def test_an_entry_carries_everything_that_was_decided() -> None:
    terms = made(buy(time_in_force=TimeInForce.GTC))

    assert (terms.instrument, terms.side, terms.quantity) == (Equity("AAPL"), Side.BUY, 10)
    assert (terms.order_type, terms.time_in_force) == (OrderType.LIMIT, TimeInForce.GTC)
    assert (terms.limit_price, terms.stop_loss, terms.take_profit) == (
        d("238.50"),
        d("228.50"),
        d("253.50"),
    )
    assert terms.purpose is OrderPurpose.ENTRY
    assert terms.position_intent is PositionIntent.BUY_TO_OPEN
    assert (terms.plan_id, terms.cycle_id) == ("plan-1", "cycle-1")


def test_the_id_follows_from_account_plan_and_decision() -> None:
    """So that a resubmitted plan meets its own orders, and no other does."""
    terms = made(buy(decision_id="d-1"))

    ours = order_id(Environment.PAPER, "PA-1", "plan-1", "d-1", "entry", 0)
    assert terms.order_id == ours
    assert terms.client_order_id == client_order_id(ours)


def test_a_caller_keeps_its_own_client_order_id() -> None:
    assert made(buy(), client_order_id="mine").client_order_id == "mine"


def test_without_a_limit_price_the_order_is_a_market_order() -> None:
    assert made(buy(limit=None)).order_type is OrderType.MARKET


def test_an_order_type_that_was_given_is_kept() -> None:
    terms = made(buy(limit=None), order_type=OrderType.STOP, stop_price=d("240"))

    assert (terms.order_type, terms.stop_price) == (OrderType.STOP, d("240.00"))


def test_a_trail_is_kept() -> None:
    terms = made(buy(limit=None), order_type=OrderType.TRAILING_STOP, trail_percent=d(2))

    assert terms.trail_percent == 2


def test_an_exit_carries_no_levels() -> None:
    terms = made(trim(stop="200", target="300"), CLOSE_LONG)

    assert (terms.stop_loss, terms.take_profit) == (None, None)
    assert (terms.purpose, terms.position_intent) == (
        OrderPurpose.EXIT,
        PositionIntent.SELL_TO_CLOSE,
    )


def test_a_spread_is_bought_at_its_net_price_and_its_legs_carry_the_intents() -> None:
    terms = made(spread(net="-1.60", limit="5.00"), quantity=2)

    assert (terms.side, terms.limit_price, terms.quantity) == (Side.BUY, d("-1.60"), 2)
    assert [one.ratio for one in terms.legs] == [1, -1]
    assert terms.position_intent is None


@pytest.mark.parametrize(
    ("decision", "stance", "expected"),
    [
        (
            buy(limit="238.509", stop="228.501", target="253.501"),
            OPEN_LONG,
            ("238.50", "228.51", "253.51"),
        ),
        (
            short(limit="430.001", stop="445.009", target="400.009"),
            OPEN_SHORT,
            ("430.01", "445.00", "400.00"),
        ),
        (trim(limit="238.501"), CLOSE_LONG, ("238.51", None, None)),
        (cover(limit="430.009"), CLOSE_SHORT, ("430.00", None, None)),
        (
            buy(limit="0.12345", stop="0.11111", target="0.22222"),
            OPEN_LONG,
            ("0.1234", "0.1112", "0.2223"),
        ),
        (spread(net="3.109"), OPEN_LONG, ("3.10", None, None)),
        (spread(net="-1.601"), OPEN_LONG, ("-1.61", None, None)),
        (
            buy(CALL, limit="6.409", stop="3.201", target="12.801", denomination=BY_OPTION),
            OPEN_LONG,
            ("6.40", "3.21", "12.81"),
        ),
        (
            buy(PUT, limit="6.409", stop="190.009", target="170.009", denomination=BY_UNDERLYING),
            OPEN_LONG,
            ("6.40", "190.00", "170.00"),
        ),
    ],
)
def test_prices_are_moved_to_the_venues_grid_away_from_harm(
    decision: Decision, stance: Stance, expected: tuple[str | None, ...]
) -> None:
    """A buyer pays no more, a seller gets no less, a stop is reached no later."""
    levels = levels_of(Ask(index=0, decision=decision), stance)

    found = (levels.limit, levels.stop_loss, levels.take_profit)
    assert found == tuple(None if text is None else d(text) for text in expected)


@pytest.mark.parametrize(
    ("stance", "expected"),
    [(OPEN_LONG, "240.01"), (OPEN_SHORT, "240.00"), (CLOSE_LONG, "240.01"), (CLOSE_SHORT, "240")],
)
def test_a_trigger_opens_later_and_closes_sooner(stance: Stance, expected: str) -> None:
    levels = levels_of(Ask(index=0, decision=buy(), stop_price=d("240.005")), stance)

    assert levels.trigger == d(expected)


def test_levels_are_of_the_price_that_the_denomination_names() -> None:
    assert watched_by(buy(CALL, denomination=BY_OPTION)).symbol == CALL
    assert watched_by(buy(CALL, denomination=BY_UNDERLYING)) == Equity("NVDA")
    assert watched_by(buy(denomination=BY_OPTION)) == Equity("AAPL")


@pytest.mark.parametrize(
    ("symbol", "denomination", "side", "up"),
    [
        ("AAPL", BY_UNDERLYING, Side.BUY, True),
        ("AAPL", BY_UNDERLYING, Side.SELL, False),
        (CALL, BY_OPTION, Side.BUY, True),
        (PUT, BY_OPTION, Side.BUY, True),
        (CALL, BY_UNDERLYING, Side.BUY, True),
        (PUT, BY_UNDERLYING, Side.BUY, False),
        (PUT, BY_UNDERLYING, Side.SELL, True),
    ],
)
def test_a_put_held_against_its_underlying_gains_when_that_falls(
    symbol: str, denomination: RiskDenomination, side: Side, up: bool
) -> None:
    assert gains_up(buy(symbol, denomination=denomination), side) is up


def sliced(quantity: int, minutes: object = 6, interval: object = 60, **params: object) -> Any:
    params = {"duration_minutes": minutes, "slice_interval_seconds": interval, **params}
    return twap_of(buy(tactic="TWAP", tactic_params=params), d(quantity), d("238.50"))


@pytest.mark.parametrize(
    ("quantity", "minutes", "interval", "slices"),
    [
        (18, 6, 60, [3, 3, 3, 3, 3, 3]),
        (20, 6, 60, [4, 4, 3, 3, 3, 3]),
        (4, 6, 60, [1, 1, 1, 1]),
        (1, 6, 60, [1]),
        (5, 1, 60, [5]),
        (5, 1, 120, [5]),
        (10, 1, 25, [5, 5]),
    ],
)
def test_slices_are_whole_and_the_odd_units_come_first(
    quantity: int, minutes: int, interval: int, slices: list[int]
) -> None:
    """More slices than units would be slices of nothing."""
    twap = sliced(quantity, minutes, interval)

    assert [int(one) for one in twap.slices] == slices
    assert twap.interval_seconds == interval


@given(st.integers(1, 10_000), st.integers(1, 960), st.integers(1, 3_600))
def test_slices_add_up_exactly(quantity: int, minutes: int, interval: int) -> None:
    twap = sliced(quantity, minutes, interval)

    assert sum(twap.slices) == quantity
    assert min(twap.slices) >= 1
    assert max(twap.slices) - min(twap.slices) <= 1
    assert len(twap.slices) <= 1_000


def test_slices_have_the_limit_of_their_parent_unless_they_are_to_be_market_orders() -> None:
    assert not sliced(6).market
    assert sliced(6, slice_type="market").market
    without_limit = twap_of(buy(tactic="TWAP", limit=None), d(6), None)
    assert isinstance(without_limit, TwapTerms)
    assert without_limit.market


def test_a_twap_takes_an_hour_in_minutes_unless_said_otherwise() -> None:
    twap = twap_of(buy(tactic="TWAP"), d(120), None)

    assert isinstance(twap, TwapTerms)
    assert (len(twap.slices), twap.interval_seconds) == (60, 60)


def test_a_parent_carries_its_levels_for_what_its_slices_fill() -> None:
    terms = made(buy(tactic="TWAP"))

    assert terms.is_tactic
    assert terms.stop_loss == d("228.50")


@pytest.mark.parametrize("bad", [0, -1, 1.5, "6", True, None, Decimal("0.5")])
def test_parameters_that_are_no_whole_numbers_are_a_fault(bad: object) -> None:
    for fault in (sliced(18, minutes=bad), sliced(18, interval=bad)):
        assert isinstance(fault, Fault)
        assert (fault.code, fault.field) == ("TACTIC_UNAVAILABLE", "execution_params")


def test_a_whole_number_may_be_a_decimal() -> None:
    assert len(sliced(18, minutes=Decimal(6)).slices) == 6


@pytest.mark.parametrize("decision", [buy(tactic="VWAP"), spread(tactic="TWAP")])
def test_a_tactic_that_is_not_there_is_a_fault_and_never_a_plain_order(
    decision: Decision,
) -> None:
    asked = Ask(index=0, decision=decision)

    fault = terms_of(asked, OPEN_LONG, d(18), levels_of(asked, OPEN_LONG), ORIGIN)

    assert isinstance(fault, Fault)
    assert fault.code == "TACTIC_UNAVAILABLE"


def test_the_same_decision_twice_is_the_same_order() -> None:
    assert made(buy()) == made(buy())
    assert made(buy()) != made(evolve(buy(), decision_id="other"))
