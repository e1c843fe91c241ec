"""What an order gives away, and when it may trade."""

from datetime import timedelta
from decimal import Decimal

import pytest

from cream.core.backtest.dealing import Assumptions, Dealing, no_fee
from cream.core.backtest.run import SESSIONS
from cream.core.backtest.tape import Tape
from cream.core.exchange.venue_order import VenueOrder, children_from, root_from
from cream.core.model.instrument import Equity
from cream.core.model.money import ZERO
from cream.core.model.order import OrderPurpose, OrderTerms, Side
from tests.fakes.venue_lab import bracket, call, leg, spread, terms
from tests.unit.core.backtest.lab import EVE, days

BOTH = frozenset(("AAPL", "IBM"))


def dealing(slippage: str = "10", bar: str | None = "100 110 90 105") -> Dealing:
    """In the first bar of AAPL and IBM, or between bars."""
    tape = Tape(SESSIONS, frozenset(("AAPL", "IBM")), Decimal(1), EVE)
    for symbol in ("AAPL", "IBM"):
        if bar is not None:
            (one,) = days(bar, symbol=symbol)
            tape.open(one)
            tape.now = one.starts_at
    rules = Dealing(tape, Assumptions(slippage_bps=Decimal(slippage)))
    rules.live = BOTH
    return rules


def order(given: OrderTerms) -> VenueOrder:
    return root_from(given, 1, EVE, EVE, ZERO)


@pytest.mark.parametrize(
    ("side", "quoted", "slippage", "price"),
    [
        (Side.BUY, "100", "0", "100"),
        (Side.BUY, "100", "10", "100.10"),
        (Side.BUY, "100", "10.01", "100.11"),
        (Side.BUY, "109.90", "10", "110"),
        (Side.SELL, "100", "0", "100"),
        (Side.SELL, "100", "10", "99.90"),
        (Side.SELL, "100", "10.01", "99.89"),
        (Side.SELL, "90.05", "10", "90"),
    ],
)
def test_what_takes_any_price_gives_way_to_the_next_tick_and_within_the_bar(
    side: Side, quoted: str, slippage: str, price: str
) -> None:
    found = dealing(slippage).price(order(terms(side)), Decimal(quoted))
    assert found == Decimal(price)


def test_a_stop_that_was_reached_gives_way_and_a_target_does_not() -> None:
    entry = bracket(limit="100", take_profit="108", stop_loss="95")
    target, stop = children_from(entry, order(entry))
    assert dealing().price(stop, Decimal(95)) == Decimal("94.90")
    assert dealing().price(target, Decimal(108)) == 108


def test_between_bars_nothing_is_given_away() -> None:
    assert dealing(bar=None).price(order(terms()), Decimal(100)) == 100


def test_an_order_of_a_plan_waits_until_the_bar_is_over_in_which_it_was_given() -> None:
    rules = dealing()
    given = terms(symbol="IBM")
    rules.live, rules.deciding = frozenset(), True
    rules.given(given)
    bar = rules.tape.running("IBM")
    assert bar is not None
    rules.live, rules.tape.now = BOTH, bar.ends_at - timedelta(microseconds=1)
    rules.bars_ended()
    assert rules.holds_back(order(given))

    rules.tape.now = bar.ends_at
    rules.bars_ended()
    assert not rules.holds_back(order(given))


@pytest.mark.parametrize("between", [True, False])
def test_what_is_given_between_bars_or_protects_waits_for_nothing(between: bool) -> None:
    rules = dealing(bar=None) if between else dealing()
    purpose = OrderPurpose.ENTRY if between else OrderPurpose.STOP_LOSS
    given = terms(purpose=purpose)
    rules.live, rules.deciding = frozenset(), True
    rules.given(given)
    rules.live, rules.walking = BOTH, True
    assert not rules.holds_back(order(given))


def test_what_has_no_price_of_this_instant_does_not_trade() -> None:
    """The prices of the others belong to other moments of their bars."""
    rules = dealing()
    legs = spread((leg(call("100"), 1), leg(call("110"), -1)), limit="3")
    rules.live = frozenset(("AAPL", call("100").symbol))
    assert not rules.holds_back(order(terms()))
    assert rules.holds_back(order(terms(symbol="IBM")))
    assert rules.holds_back(order(legs))

    rules.live |= {"IBM", call("110").symbol}
    assert not rules.holds_back(order(terms(symbol="IBM")))
    assert not rules.holds_back(order(legs))


def test_an_exit_that_another_price_has_caused_waits_for_the_close() -> None:
    """That of its own bar, which may end later than the bar that caused it."""
    rules = dealing()
    given = terms(symbol="IBM", purpose=OrderPurpose.EXIT)
    rules.live, rules.walking = frozenset(("AAPL",)), True
    rules.given(given)
    rules.live = frozenset(("IBM",))
    assert rules.holds_back(order(given))
    rules.walking, rules.live = False, frozenset(("AAPL",))
    assert rules.holds_back(order(given))

    rules.tape.close("AAPL")
    rules.bars_ended()
    rules.walking, rules.live = True, frozenset(("IBM",))
    assert rules.holds_back(order(given))
    rules.walking = False
    assert not rules.holds_back(order(given))

    rules.tape.close("IBM")
    rules.bars_ended()
    rules.walking = True
    assert not rules.holds_back(order(given))


def test_an_exit_that_its_own_price_has_caused_trades_at_once() -> None:
    rules = dealing()
    given = terms(purpose=OrderPurpose.EXIT)
    rules.live, rules.walking = frozenset(("AAPL",)), True
    rules.given(given)
    assert not rules.holds_back(order(given))


def test_the_fee_is_the_one_that_was_assumed() -> None:
    asked = (Equity("AAPL"), Side.SELL, Decimal(7), Decimal(100), EVE)
    assert no_fee(*asked) == 0
    rules = Dealing(dealing().tape, Assumptions(fee=lambda *given: given[2] * given[3]))
    assert rules.commission(*asked) == 700
