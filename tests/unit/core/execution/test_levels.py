"""When is a level reached? On the side at which the position could be closed."""

from decimal import Decimal

import pytest

from cream.core.execution.levels import Protection, Trigger, protection_from, reached
from cream.core.model.instrument import Instrument
from cream.core.model.market import Quote
from cream.core.model.plan import RiskDenomination
from tests.fakes.builders import AAPL, CALL, NOW, PUT, order_terms


def guard(instrument: Instrument, watched: str, stop: str | None, target: str | None) -> Protection:
    return Protection(
        instrument=instrument,
        watched=watched,
        stop_loss=None if stop is None else Decimal(stop),
        take_profit=None if target is None else Decimal(target),
        entry_order_id="o1",
    )


def quote(bid: str, ask: str) -> Quote:
    return Quote(symbol="AAPL", bid=Decimal(bid), ask=Decimal(ask), bid_size=1, ask_size=1, at=NOW)


LONG = guard(AAPL, "AAPL", "95", "110")
SHORT = guard(AAPL, "AAPL", "105", "90")
LONG_PUT = guard(PUT, "AAPL", "105", "90")


@pytest.mark.parametrize(
    ("protection", "held", "bid", "ask", "trigger"),
    [
        (LONG, 1, "95.01", "95.02", None),
        (LONG, 1, "95.00", "96.00", Trigger.STOP_LOSS),
        (LONG, 1, "94.00", "94.50", Trigger.STOP_LOSS),
        (LONG, 1, "109.99", "110.50", None),
        (LONG, 1, "110.00", "110.50", Trigger.TAKE_PROFIT),
        (SHORT, -1, "104.00", "104.99", None),
        (SHORT, -1, "104.00", "105.00", Trigger.STOP_LOSS),
        (SHORT, -1, "89.00", "90.00", Trigger.TAKE_PROFIT),
        (LONG_PUT, 1, "104.00", "105.00", Trigger.STOP_LOSS),
        (LONG_PUT, 1, "89.00", "90.00", Trigger.TAKE_PROFIT),
        (LONG, 1, "96.00", "95.00", None),
        (LONG, 1, "0", "95.00", None),
    ],
)
def test_a_level_is_reached_on_the_closing_side(
    protection: Protection, held: int, bid: str, ask: str, trigger: Trigger | None
) -> None:
    hit = reached(protection, Decimal(held), quote(bid, ask))

    assert (None if hit is None else hit[0]) is trigger


def test_an_entry_without_levels_asks_for_no_guard() -> None:
    assert protection_from(order_terms()) is None


@pytest.mark.parametrize(
    ("denomination", "watched"),
    [(RiskDenomination.OPTION_PRICE, CALL.symbol), (RiskDenomination.UNDERLYING_PRICE, "AAPL")],
)
def test_an_option_is_watched_by_the_price_it_is_denominated_in(
    denomination: RiskDenomination, watched: str
) -> None:
    terms = order_terms(instrument=CALL, stop_loss="3", denomination=denomination)

    protection = protection_from(terms)

    assert protection is not None
    assert protection.watched == watched
