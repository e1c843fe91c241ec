from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from cream.core.model.market import Stale, Unknown
from cream.core.model.order import OrderPurpose, OrderType, Side
from cream.core.model.plan import Action, Decision, Direction, Environment, SizeUnit
from cream.core.model.verdict import Unit
from cream.core.risk.asks import Ask, Origin
from cream.core.risk.intents import Intent, closable, intent_of, must_be_whole, unit_of
from cream.core.risk.stance import Effect
from cream.core.risk.view import PortfolioView, scene_of
from tests.unit.core.risk.scenes import (
    VERTICAL,
    VERTICAL_CLOSING,
    buy,
    close,
    d,
    held,
    order,
    quote,
    short,
    spread,
    trim,
    view,
)

ORIGIN = Origin(
    environment=Environment.PAPER, account_id="PA-1", plan_id="plan-1", cycle_id="cycle-1"
)
LOW, HIGH = (one.contract.symbol for one in VERTICAL)
CALL = "NVDA  261218C00190000"


def intent(decision: Decision, on: PortfolioView | None = None, **ask: Any) -> Intent:
    return intent_of(Ask(index=0, decision=decision, **ask), scene_of(on or view()), ORIGIN)


def faults(decision: Decision, on: PortfolioView | None = None, **ask: Any) -> list[str]:
    return [fault.code for fault in intent(decision, on, **ask).faults]


def test_an_entry_is_judged_at_its_limit() -> None:
    found = intent(buy(quantity=20))

    assert (found.entry, found.stake, found.value) == (d("238.50"), d("238.50"), d("4770.00"))
    assert found.increases
    assert not found.reduces
    assert found.adds


@pytest.mark.parametrize(
    ("decision", "entry"),
    [(buy(limit=None), "238.41"), (short(limit=None), "429.99"), (spread(net=None), "3.20")],
)
def test_without_a_limit_the_far_side_of_the_market_counts(decision: Decision, entry: str) -> None:
    assert intent(decision).entry == d(entry)


def test_a_stop_order_is_judged_at_its_trigger() -> None:
    found = intent(buy(limit=None), order_type=OrderType.STOP, stop_price=d(245))

    assert found.entry == 245


def test_a_short_sale_owes_what_it_brings_if_that_is_more_than_its_limit() -> None:
    found = intent(short(limit="420.00"))

    assert (found.entry, found.stake) == (d("420.00"), d("429.99"))


def test_an_option_puts_a_hundred_premiums_at_stake() -> None:
    assert intent(buy(CALL, 3, limit="6.40")).value == d("1920.00")


def test_a_spread_puts_at_stake_what_it_can_lose() -> None:
    found = intent(spread(5))

    assert found.spread is not None
    assert (found.stake, found.value) == (310, 1550)
    assert found.spread.max_profit is not None
    assert found.spread.max_profit * 5 == 3450
    assert found.key == "AAPL spreads"


@pytest.mark.parametrize(
    ("decision", "quantity"),
    [
        (buy(quantity=5000, unit=SizeUnit.DOLLARS), 20),
        (buy("SPY", 5, unit=SizeUnit.PCT_EQUITY, limit="662.00"), 7),
        (buy(CALL, 2000, unit=SizeUnit.DOLLARS, limit="6.40"), 3),
        (spread(1000, unit=SizeUnit.DOLLARS), 3),
        (buy(quantity=5000, unit=SizeUnit.DOLLARS, limit=None), 20),
        (buy(quantity="10.5"), Decimal("10.5")),
    ],
)
def test_money_becomes_units_of_what_is_traded(decision: Decision, quantity: Decimal) -> None:
    """Of a spread that is what one of it can lose."""
    assert intent(decision).quantity == quantity


def test_money_without_a_price_is_a_fault_for_an_entry() -> None:
    blind = view(data={"AAPL": Unknown("no feed")})
    found = intent(buy(quantity=5000, unit=SizeUnit.DOLLARS, limit=None), blind)

    assert [fault.code for fault in found.faults] == ["RISK_INPUT_UNKNOWN"]
    assert not found.adds


def test_money_without_an_account_is_a_fault() -> None:
    assert faults(buy(quantity=5, unit=SizeUnit.PCT_EQUITY), view(of=Unknown("?"))) == [
        "RISK_INPUT_UNKNOWN"
    ]


def test_an_exit_sized_in_money_makes_do_with_what_was_paid() -> None:
    """It is not refused for want of a quote."""
    blind = view(held("AAPL", 30, price=200), data={"AAPL": Unknown("no feed")})

    found = intent(trim(quantity=5000, unit=SizeUnit.DOLLARS), blind)

    assert (found.quantity, found.faults) == (25, ())
    assert found.takes


def test_an_exit_sized_in_money_takes_a_stale_quote() -> None:
    stale = Stale(quote("AAPL", "250.00", "250.02"), 99.0)

    found = intent(
        trim(quantity=5000, unit=SizeUnit.DOLLARS), view(held("AAPL", 30), data={"AAPL": stale})
    )

    assert found.quantity == 20


@pytest.mark.parametrize(("asked", "closed"), [(20, 20), (25, 20), (5, 5)])
def test_close_means_all_and_no_more(asked: int, closed: int) -> None:
    found = intent(close(quantity=asked), view(held("AAPL", 20)))

    assert found.quantity == closed
    assert found.terms is not None
    assert (found.terms.side, found.terms.purpose) == (Side.SELL, OrderPurpose.EXIT)


def test_close_takes_what_no_other_exit_works_on() -> None:
    sale = order("AAPL", 8, Side.SELL, OrderPurpose.EXIT, limit="240")

    assert intent(close(quantity=20), view(held("AAPL", 20), working=(sale,))).quantity == 12


def test_close_of_a_spread_takes_as_many_as_every_leg_allows() -> None:
    holding = view(held(LOW, 5, price=4), held(HIGH, -3, price=1))
    closing = spread(9, VERTICAL_CLOSING, "-3.00", action=Action.CLOSE, direction=Direction.FLAT)

    assert intent(closing, holding).quantity == 3
    assert closable(closing, scene_of(holding)) == 3


def test_a_spread_that_is_not_held_cannot_be_closed() -> None:
    wrong_way = view(held(LOW, -5, price=4), held(HIGH, 5, price=1))

    assert closable(spread(1, VERTICAL_CLOSING), scene_of(wrong_way)) == 0
    assert closable(spread(1, VERTICAL_CLOSING), scene_of(view())) == 0


def test_reduce_is_taken_at_its_word() -> None:
    """More than is held is for the gate to refuse, not to correct."""
    assert intent(trim(quantity=25), view(held("AAPL", 20))).quantity == 25


@pytest.mark.parametrize(
    ("decision", "code"),
    [
        (buy(quantity="NaN"), "OUT_OF_RANGE"),
        (buy(quantity="Infinity"), "OUT_OF_RANGE"),
        (buy(quantity="1e30"), "OUT_OF_RANGE"),
        (buy(limit="1e30"), "OUT_OF_RANGE"),
        (buy(stop="NaN"), "OUT_OF_RANGE"),
        (spread(net="-1e30"), "OUT_OF_RANGE"),
        (buy(unit=SizeUnit.CONTRACTS), "SIZE_UNIT_MISMATCH"),
        (buy(CALL, unit=SizeUnit.SHARES), "SIZE_UNIT_MISMATCH"),
        (spread(unit=SizeUnit.SHARES), "SIZE_UNIT_MISMATCH"),
        (spread(legs=VERTICAL[:1]), "LEG_COUNT"),
        (buy(tactic="VWAP"), "TACTIC_UNAVAILABLE"),
        (trim(), "POSITION_MISMATCH"),
        (buy(direction=Direction.FLAT), "DIRECTION_ACTION_MISMATCH"),
    ],
)
def test_what_cannot_become_an_order_is_a_fault(decision: Decision, code: str) -> None:
    found = intent(decision)

    assert code in [fault.code for fault in found.faults]
    assert not found.is_spread or found.spread is None


def test_an_unreckonable_number_makes_no_order() -> None:
    found = intent(buy(quantity="1e30"))

    assert (found.terms, found.quantity, found.value) == (None, None, 0)


def test_a_fraction_makes_no_order_of_an_entry() -> None:
    found = intent(buy(quantity="10.5"))

    assert must_be_whole(found)
    assert found.terms is None


def test_a_fraction_of_a_share_can_be_sold() -> None:
    found = intent(trim(quantity="0.5"), view(held("AAPL", "0.5")))

    assert not must_be_whole(found)
    assert found.terms is not None


@pytest.mark.parametrize(
    "decision",
    [
        trim(quantity="1.5", tactic="TWAP"),
        trim(CALL, "1.5"),
        spread("1.5", VERTICAL_CLOSING, action=Action.CLOSE, direction=Direction.FLAT),
    ],
)
def test_slices_and_options_are_whole_even_on_the_way_out(decision: Decision) -> None:
    holding = view(held("AAPL", 5), held(CALL, 5), held(LOW, 5), held(HIGH, -5))

    assert must_be_whole(intent(decision, holding))


def test_no_order_is_made_of_nothing() -> None:
    assert intent(buy(quantity=0)).terms is None
    assert not intent(buy(quantity=0)).adds
    assert intent(buy(quantity=1, unit=SizeUnit.DOLLARS)).quantity == 0


def test_an_intent_moves_its_instrument_or_its_legs() -> None:
    assert [(one.symbol, units) for one, units in intent(short(quantity=3)).contracts()] == [
        ("TSLA", -3)
    ]
    assert [units for _, units in intent(spread(5)).contracts()] == [5, -5]
    assert list(intent(trim()).contracts()) == []


def test_the_stance_is_part_of_it() -> None:
    found = intent(buy())

    assert found.stance is not None
    assert found.stance.effect is Effect.INCREASE
    assert intent(trim()).stance is None
    assert not intent(trim()).increases
    assert not intent(trim()).reduces


def test_units_are_shares_or_contracts() -> None:
    assert unit_of(intent(buy())) is Unit.SHARES
    assert unit_of(intent(buy(CALL))) is Unit.CONTRACTS
    assert unit_of(intent(spread())) is Unit.CONTRACTS


def test_the_order_of_a_single_order_is_its_callers() -> None:
    found = intent(buy(), client_order_id="mine", names={"size": "quantity"})

    assert found.terms is not None
    assert found.terms.client_order_id == "mine"
    assert found.path("size") == "quantity"


def test_a_resized_ask_is_worked_out_anew() -> None:
    ask = Ask(index=0, decision=buy(quantity=20))
    smaller = evolve(
        ask, decision=evolve(ask.decision, size=evolve(ask.decision.size, quantity=d(3)))
    )

    assert intent_of(smaller, scene_of(view()), ORIGIN).value == d("715.50")
