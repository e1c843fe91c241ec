from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.order import OrderPurpose, Side
from cream.core.model.plan import Action, Decision, Direction, Environment
from cream.core.risk.asks import Origin, asks_of
from cream.core.risk.case import Case, Totals
from cream.core.risk.intents import intent_of
from cream.core.risk.view import PortfolioView, scene_of
from tests.unit.core.risk.scenes import (
    LIMITS,
    NOW,
    VERTICAL,
    VERTICAL_CLOSING,
    buy,
    close,
    cover,
    d,
    held,
    order,
    plan,
    short,
    spread,
    trim,
    view,
    working_spread,
)

LOW, HIGH = (one.contract.symbol for one in VERTICAL)


def case(*decisions: Decision, on: PortfolioView | None = None) -> Case:
    scene = scene_of(on or view())
    origin = Origin(
        environment=Environment.PAPER, account_id="PA-1", plan_id="plan-1", cycle_id="cycle-1"
    )
    asked = plan(*decisions)
    intents = tuple(intent_of(ask, scene, origin) for ask in asks_of(asked))
    return Case(asked, intents, scene, LIMITS, Environment.PAPER, NOW)


def totals(*decisions: Decision, on: PortfolioView | None = None) -> Totals:
    return case(*decisions, on=on).totals


def test_decisions_on_one_instrument_are_one_position() -> None:
    (after,) = case(buy(quantity=15, decision_id="a"), buy(quantity=15, decision_id="b")).afters

    assert (after.units, after.value) == (30, d("7155.00"))
    assert (after.added_units, after.added_value) == (30, d("7155.00"))
    assert after.path("size") == "plan.decisions"


def test_one_decision_is_to_blame_for_itself() -> None:
    (after,) = case(buy()).afters

    assert after.path("size") == "decisions[0].size"
    assert after.instrument_id == "AAPL"


def test_what_is_held_and_what_works_count_with_what_is_planned() -> None:
    working = (order("AAPL", 5, limit="200"), order("AAPL", 3, Side.SELL, order_id="o-2"))

    (after,) = case(buy(quantity=2), on=view(held("AAPL", 10), working=working)).afters

    assert after.units == 17
    assert after.value == d("2384.00") + 1000 + d("477.00")
    assert after.added_units == 2


def test_the_larger_side_is_the_position() -> None:
    sale = order("TSLA", 40, Side.SELL, limit="430")

    (after,) = case(buy("TSLA", 10, limit="430.00"), on=view(working=(sale,))).afters

    assert (after.units, after.added_units) == (40, 0)


def test_spreads_of_one_underlying_are_judged_together_and_apart_from_its_shares() -> None:
    found = case(spread(2, decision_id="a"), buy(quantity=1), spread(3, decision_id="b")).afters

    assert [(after.units, after.value) for after in found] == [(5, 1550), (1, d("238.50"))]


def test_legs_and_single_contracts_add_up_in_units() -> None:
    holding = view(held(LOW, 4, price=4), working=(working_spread(2),))

    (after,) = case(spread(1), on=holding).afters

    assert (after.units, after.added_units) == (7, 1)
    assert after.value == 310 + 620


def test_a_plan_is_added_to_the_whole() -> None:
    found = totals(
        buy(quantity=10), short(quantity=10), spread(1), on=view(held("MSFT", 10, price=500))
    )

    assert found.added_gross == d("2385.00") + 4300 + 310
    assert found.gross == 5120 + found.added_gross
    assert found.added_net == d("2385.00") - 4300
    assert found.net_up == found.net_down == 5120 + found.added_net
    assert found.margin == d("1192.50") + 2150 + 310


def test_working_entries_lean_to_their_own_side() -> None:
    working = (
        order("MSFT", 10, limit="500"),
        order("XOM", 10, Side.SELL, limit="120", order_id="o-2"),
    )

    found = totals(buy(quantity=10), on=view(working=working))

    assert found.net_up == 5000 + 2385
    assert found.net_down == 2385 - 1200


def test_exits_make_room_in_the_gross_value() -> None:
    holding = view(held("MSFT", 10), held("TSLA", -10))

    found = totals(buy(quantity=10), trim("MSFT", 4), cover("TSLA", 3), on=holding)

    assert found.gross == 5120 + 4300 + 2385 - 4 * 512 - 3 * 430


def test_an_exit_makes_the_net_value_smaller_and_never_larger() -> None:
    """Without the long the short leans further; who exits is not refused for that."""
    holding = view(held("MSFT", 10), held("TSLA", -10))

    long_closed = totals(trim("MSFT", 10), on=holding)
    short_closed = totals(cover("TSLA", 10), on=holding)

    assert (long_closed.net_up, long_closed.net_down) == (-4300, 820)
    assert (short_closed.net_up, short_closed.net_down) == (820, 5120)


def test_an_exit_takes_no_more_than_is_held() -> None:
    assert totals(trim("MSFT", 99), on=view(held("MSFT", 10))).gross == 0


def test_a_spread_that_is_closed_puts_nothing_at_stake_any_more() -> None:
    both = view(held(LOW, 5, price="4.20"), held(HIGH, -5, price="1.10"))
    closing = spread(2, VERTICAL_CLOSING, "-3.00", action=Action.CLOSE, direction=Direction.FLAT)

    assert totals(on=both).gross == 1550
    assert totals(closing, on=both).gross == 930
    assert totals(close(LOW, 5), close(HIGH, 5), on=both).gross == 0


def test_closing_the_cover_alone_makes_no_room() -> None:
    both = view(held(LOW, 5, price="4.20"), held(HIGH, -5, price="1.10"))

    assert totals(close(LOW, 5), on=both).gross == 1550


def test_options_bought_beside_a_held_spread_count_at_their_premium() -> None:
    both = view(held(LOW, 5, price="4.20"), held(HIGH, -5, price="1.10"))

    found = totals(buy(LOW, 2, limit="4.20"), on=both)

    assert found.added_gross == 840
    assert found.gross == 1550 + 840


def test_an_exit_that_works_already_makes_no_room() -> None:
    sale = order("MSFT", 10, Side.SELL, OrderPurpose.EXIT, limit="512")

    assert totals(on=view(held("MSFT", 10), working=(sale,))).gross == 5120


def test_the_whole_is_the_plan_or_the_size_of_a_single_order() -> None:
    assert case(buy()).whole_path == "plan.decisions"


SYMBOLS = ("AAPL", "MSFT", "TSLA")


@given(
    st.dictionaries(st.sampled_from(SYMBOLS), st.integers(-20, 20), min_size=1),
    st.sampled_from(SYMBOLS),
    st.integers(1, 30),
    st.booleans(),
)
def test_an_exit_never_makes_a_figure_worse(
    holdings: dict[str, int], symbol: str, size: int, goes_long: bool
) -> None:
    on = view(*(held(name, quantity) for name, quantity in holdings.items()))
    entry = buy("XOM", 5, limit="116.00") if goes_long else short("XOM", 5, limit="116.00")

    before = totals(entry, on=on)
    after = totals(entry, close(symbol, size), on=on)

    assert after.gross <= before.gross
    assert after.net_up <= before.net_up
    assert after.net_down >= before.net_down
    assert after.margin == before.margin


@given(st.lists(st.integers(1, 30), min_size=1, max_size=5))
def test_parts_add_up_to_the_whole(parts: list[int]) -> None:
    split = totals(*(buy(quantity=part, decision_id=str(n)) for n, part in enumerate(parts)))
    whole = totals(buy(quantity=sum(parts)))

    assert split == whole
    assert whole.gross == Decimal("238.50") * sum(parts)
