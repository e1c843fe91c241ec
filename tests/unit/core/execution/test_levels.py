"""Which levels guard a position, whose prices they are, and when one is reached."""

from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.execution.levels import Protection, Trigger, protection_from, reached, rises_with
from cream.core.model.instrument import Instrument
from cream.core.model.order import Side
from cream.core.model.plan import RiskDenomination
from tests.fakes.builders import AAPL, CALL, PUT, bracket, order_terms, quote, spread

UNDERLYING, OPTION = RiskDenomination.UNDERLYING_PRICE, RiskDenomination.OPTION_PRICE


def guard(
    instrument: Instrument = AAPL,
    stop: str | None = None,
    target: str | None = None,
    denomination: RiskDenomination = UNDERLYING,
) -> Protection:
    terms = order_terms(
        instrument=instrument,
        stop_loss=stop,
        take_profit=target,
        denomination=denomination,
    )
    protection = protection_from(terms)
    assert protection is not None
    return protection


@pytest.mark.parametrize("terms", [order_terms(), spread()])
def test_an_order_without_levels_asks_for_no_protection(terms: object) -> None:
    assert protection_from(terms) is None  # type: ignore[arg-type]


def test_an_entry_s_levels_guard_its_instrument() -> None:
    protection = protection_from(bracket())

    assert protection == Protection(
        instrument=AAPL,
        watched="AAPL",
        stop_loss=Decimal(95),
        take_profit=Decimal(110),
        entry_order_id="o-entry",
    )


def test_one_level_is_protection_enough() -> None:
    assert guard(stop="95").take_profit is None
    assert guard(target="110").stop_loss is None


def test_a_slice_s_levels_are_those_of_its_tactic() -> None:
    terms = evolve(bracket("o-slice"), parent_order_id="o-tactic")

    protection = protection_from(terms)

    assert protection is not None
    assert protection.entry_order_id == "o-tactic"


@pytest.mark.parametrize(
    ("instrument", "denomination", "watched"),
    [
        (AAPL, UNDERLYING, "AAPL"),
        (AAPL, OPTION, "AAPL"),
        (CALL, UNDERLYING, "AAPL"),
        (CALL, OPTION, CALL.symbol),
    ],
)
def test_the_denomination_says_whose_price_is_watched(
    instrument: Instrument, denomination: RiskDenomination, watched: str
) -> None:
    assert guard(instrument, "95", denomination=denomination).watched == watched


@pytest.mark.parametrize(
    ("instrument", "denomination", "quantity", "rises"),
    [
        (AAPL, UNDERLYING, 1, True),
        (AAPL, UNDERLYING, -1, False),
        (CALL, UNDERLYING, 1, True),
        (CALL, UNDERLYING, -1, False),
        (PUT, UNDERLYING, 1, False),
        (PUT, UNDERLYING, -1, True),
        (CALL, OPTION, 1, True),
        (PUT, OPTION, 1, True),
        (PUT, OPTION, -1, False),
    ],
)
def test_a_put_gains_when_its_underlying_falls(
    instrument: Instrument, denomination: RiskDenomination, quantity: int, rises: bool
) -> None:
    protection = guard(instrument, "95", denomination=denomination)

    assert rises_with(protection, Decimal(quantity)) is rises


LONG_STOP, LONG_TARGET = (Trigger.STOP_LOSS, Decimal(95)), (Trigger.TAKE_PROFIT, Decimal(110))
SHORT_STOP, SHORT_TARGET = (Trigger.STOP_LOSS, Decimal(105)), (Trigger.TAKE_PROFIT, Decimal(90))


@pytest.mark.parametrize(
    ("quantity", "bid", "ask", "hit"),
    [
        # A long position is closed at the bid: what is offered higher does not help it.
        (1, "95.01", "95.03", None),
        (1, "95.00", "95.02", LONG_STOP),
        (1, "94.00", "96.00", LONG_STOP),
        (1, "95.50", "94.99", None),
        (1, "109.99", "110.01", None),
        (1, "110.00", "110.02", LONG_TARGET),
        (1, "111.00", "111.02", LONG_TARGET),
        # A short position is closed at the ask.
        (-1, "104.90", "104.99", None),
        (-1, "104.90", "105.00", SHORT_STOP),
        (-1, "106.00", "106.02", SHORT_STOP),
        (-1, "89.99", "90.01", None),
        (-1, "89.98", "90.00", SHORT_TARGET),
        (-1, "80.00", "80.02", SHORT_TARGET),
    ],
)
def test_a_level_is_reached_at_the_price_at_which_the_position_can_be_closed(
    quantity: int, bid: str, ask: str, hit: tuple[Trigger, Decimal] | None
) -> None:
    protection = guard(AAPL, "95", "110") if quantity > 0 else guard(AAPL, "105", "90")

    found = reached(protection, Decimal(quantity), quote("AAPL", bid, ask))

    price = Decimal(bid) if quantity > 0 else Decimal(ask)
    assert found == (None if hit is None else (*hit, price))


def test_a_long_put_is_stopped_when_its_underlying_rises() -> None:
    protection = guard(PUT, "245", "220")

    assert reached(protection, Decimal(1), quote("AAPL", "244.97", "244.99")) is None
    stopped = reached(protection, Decimal(1), quote("AAPL", "244.98", "245.00"))
    assert stopped == (Trigger.STOP_LOSS, Decimal(245), Decimal(245))
    gained = reached(protection, Decimal(1), quote("AAPL", "219.90", "219.92"))
    assert gained == (Trigger.TAKE_PROFIT, Decimal(220), Decimal("219.92"))


def test_the_stop_is_looked_at_first() -> None:
    """Levels that both are reached can only be a mistake: the safe one of the two counts."""
    protection = guard(AAPL, "110", "95")

    hit = reached(protection, Decimal(1), quote("AAPL", "100"))

    assert hit is not None
    assert hit[0] is Trigger.STOP_LOSS


@pytest.mark.parametrize(
    ("bid", "ask", "quantity"),
    [("0", "0.05", 1), ("94.00", "93.90", 1), ("-1", "0", -1)],
)
def test_a_quote_that_no_price_can_be_taken_from_reaches_nothing(
    bid: str, ask: str, quantity: int
) -> None:
    protection = guard(AAPL, "95", "110") if quantity > 0 else guard(AAPL, "105", "90")

    assert reached(protection, Decimal(quantity), quote("AAPL", bid, ask)) is None


@pytest.mark.parametrize(("stop", "target"), [("95", None), (None, "110")])
def test_a_level_that_was_not_given_is_never_reached(stop: str | None, target: str | None) -> None:
    protection = guard(AAPL, stop, target)
    low = reached(protection, Decimal(1), quote("AAPL", "50"))
    high = reached(protection, Decimal(1), quote("AAPL", "150"))

    assert (low is not None) is (stop is not None)
    assert (high is not None) is (target is not None)


def test_a_short_side_without_levels_is_not_a_long_one() -> None:
    assert protection_from(order_terms(side=Side.SELL)) is None
