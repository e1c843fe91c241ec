import pytest

from cream.core.model.market import Unknown
from cream.core.model.plan import Decision, Environment, RiskDenomination
from cream.core.risk.asks import Origin, asks_of
from cream.core.risk.guarded import Guarded, guarded_of
from cream.core.risk.intents import intent_of
from cream.core.risk.view import PortfolioView, scene_of
from tests.unit.core.risk.scenes import VERTICAL, buy, d, plan, short, spread, view

CALL = VERTICAL[0].contract.symbol
ORIGIN = Origin(environment=Environment.PAPER, account_id="PA-1", plan_id="p", cycle_id="c")


def found(asked: Decision, on: PortfolioView | None = None) -> Guarded | None:
    scene = scene_of(on or view())
    (ask,) = asks_of(plan(asked))
    return guarded_of(intent_of(ask, scene, ORIGIN), scene)


def levels(asked: Decision, on: PortfolioView | None = None) -> Guarded:
    one = found(asked, on)
    assert one is not None
    return one


def test_a_spread_has_no_levels_to_guard_it() -> None:
    assert found(spread()) is None


def test_an_order_whose_numbers_make_no_sense_has_none() -> None:
    assert found(buy(quantity="1e30")) is None


def test_the_nearer_of_entry_and_market_counts() -> None:
    """Bought above the market, it could only be sold for less at once."""
    one = levels(buy(limit="239.00"))

    assert (one.reference, one.nearest) == (d("239.00"), d("238.39"))
    assert levels(buy(limit="230.00")).nearest == d("230.00")
    assert levels(short(limit="420.00")).nearest == d("430.01")


def test_a_level_of_the_underlying_is_held_against_its_market() -> None:
    one = levels(buy(CALL, 1, limit="4.20", stop="230", target="260"))

    assert one.by_underlying
    assert one.reference == one.nearest == d("238.40")


@pytest.mark.parametrize(("stop", "lost"), [("228.50", 100), (None, 0)])
def test_the_risk_is_what_the_stop_leaves(stop: str | None, lost: int) -> None:
    assert levels(buy(quantity=10, stop=stop)).intent.risk == lost


def test_a_bought_option_loses_no_more_than_its_price() -> None:
    assert levels(buy(CALL, 2, limit="4.20", stop="200", target=None)).intent.risk == 840


def test_an_option_s_own_stop_is_of_its_own_price() -> None:
    own = buy(
        CALL, 2, limit="4.20", stop="3.20", target="6", denomination=RiskDenomination.OPTION_PRICE
    )

    assert levels(own).intent.risk == 200
    assert not levels(own).by_underlying


def test_without_a_market_nothing_is_behind_or_beyond() -> None:
    one = levels(buy(CALL, 1, limit="4.20", stop="1"), view(data={"AAPL": Unknown("no feed")}))

    assert one.reference is None
    assert not one.is_behind
    assert not one.is_beyond
    assert one.intent.risk == 0
