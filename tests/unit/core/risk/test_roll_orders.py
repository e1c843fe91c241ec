"""Which orders a roll is made of, and what they may cost."""

from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.execution.book import Book
from cream.core.execution.roll_events import RollOwed
from cream.core.execution.roll_steps import Part, RollIds, RollState
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.order import OrderClass, OrderPurpose, OrderType, Side
from cream.core.model.plan import (
    Action,
    Direction,
    Environment,
    Guard,
    PositionIntent,
    RiskDenomination,
)
from cream.core.options.roll_choice import Roll
from cream.core.options.roll_legs import NetPrice, RollLeg
from cream.core.options.roll_levels import RollLevels
from cream.core.options.roll_market import Kept
from cream.core.options.roll_rules import RollTarget
from cream.core.risk.roll_orders import (
    RollCosts,
    closing_terms,
    levels_at,
    limit_of,
    opening_plan,
    owed_of,
    whole_terms,
)
from tests.fakes.builders import NOW, order_terms
from tests.fakes.ledger import Ledger
from tests.fakes.rolls import CALL, a_roll_owed, a_roll_report

D = Decimal
IDS = RollIds(Environment.PAPER, "account", "roll-1")
SHORT = a_roll_owed()
LATER = SHORT.opens[0].contract
LONG = evolve(SHORT, closes=(RollLeg(CALL, 1),), opens=(RollLeg(LATER, 1),), as_one=True)
HIGHER = OptionContract("AAPL", CALL.expiration, OptionRight.CALL, D(245))
VERTICAL = evolve(
    SHORT,
    closes=(RollLeg(CALL, 1), RollLeg(HIGHER, -1)),
    opens=(RollLeg(LATER, 1), RollLeg(evolve(HIGHER, expiration=LATER.expiration), -1)),
)
NONE_YET = RollState(
    closing=(), opening=(), closed=D(0), to_close=D(2), opened=D(0), to_open=D(2), owing=D(0)
)
# To buy it back costs 0.70 to 0.80; the next one brings 4.00 to 3.90.
COSTS = RollCosts(NetPrice(D("0.70"), D("0.80")), NetPrice(D("-4.00"), D("-3.90")))
HALF = RollTarget(concession=D("0.5"), concession_step=D("0.25"))


def bought_back(price: str) -> RollState:
    """Both calls are closed, and to be opened again."""
    ledger = Ledger()
    terms = order_terms(
        "o-1", "2", instrument=CALL, limit=price, purpose=OrderPurpose.EXIT, side=Side.BUY
    )
    ledger.work(terms)
    ledger.fill(terms, "2", price)
    return evolve(NONE_YET, closing=(ledger.order("o-1"),), closed=D(2), owing=D(2))


def limit(
    owed: RollOwed,
    state: RollState,
    part: Part,
    *,
    costs: RollCosts = COSTS,
    urgent: bool = False,
) -> Decimal:
    return limit_of(owed, state, part, costs, HALF, urgent=urgent)


def test_what_closes_goes_part_of_the_way_and_an_urgent_one_all_of_it() -> None:
    assert limit(SHORT, NONE_YET, Part.CLOSE) == D("0.75")
    assert limit(SHORT, NONE_YET, Part.CLOSE, urgent=True) == D("0.80")


def test_each_attempt_gives_a_step_more_and_never_more_than_all() -> None:
    order = bought_back("1").closing[0]

    def after(attempts: int) -> Decimal:
        state = evolve(NONE_YET, closing=(order,) * attempts)
        return limit(SHORT, state, Part.CLOSE)

    # Half a cent less than what was to be given is given.
    assert [after(one) for one in range(5)] == [
        D(one) for one in ["0.75", "0.77", "0.80", "0.80", "0.80"]
    ]


def test_one_order_is_limited_by_what_both_cost() -> None:
    assert limit(LONG, NONE_YET, Part.WHOLE) == D("-3.20")
    assert limit(evolve(LONG, most_debit=D("-3.20")), NONE_YET, Part.WHOLE) == D("-3.20")


@pytest.mark.parametrize("part", [Part.CLOSE, Part.WHOLE])
def test_what_would_cost_more_than_it_may_is_not_begun(part: Part) -> None:
    with pytest.raises(Kept, match=r"it would cost -3\.20, more than -3\.21"):
        limit(evolve(SHORT, most_debit=D("-3.21")), NONE_YET, part)


@pytest.mark.parametrize("part", [Part.CLOSE, Part.WHOLE])
def test_a_later_attempt_goes_up_to_the_most_and_no_further(part: Part) -> None:
    """The other half brings 3.95: 0.77 are left for this one."""
    state = evolve(NONE_YET, closing=bought_back("1").closing * 2)

    given = limit(evolve(SHORT, most_debit=D("-3.18")), state, part)

    assert given == (D("0.77") if part is Part.CLOSE else D("-3.18"))


def test_what_opens_may_cost_what_the_close_has_left() -> None:
    state = bought_back("0.80")

    assert limit(SHORT, state, Part.OPEN) == D("-3.95")
    # 3.97 - 0.80
    assert limit(evolve(SHORT, most_debit=D("-3.17")), state, Part.OPEN) == D("-3.97")
    with pytest.raises(Kept, match=r"it costs -4\.00, and -4\.01 is left"):
        limit(evolve(SHORT, most_debit=D("-3.21")), state, Part.OPEN)


def test_units_of_several_contracts_are_priced_by_the_contract() -> None:
    owed = evolve(SHORT, closes=(RollLeg(CALL, -2),), opens=(RollLeg(LATER, -1),), units=1)

    assert limit(owed, NONE_YET, Part.CLOSE) == D("0.37")
    assert limit(owed, bought_back("0.40"), Part.OPEN) == D("-3.95")
    # Two for 0.40 each are 0.80 of a unit.
    bounded = evolve(owed, most_debit=D("-3.17"))
    state = evolve(bought_back("0.40"), owing=D(1))
    assert limit(bounded, state, Part.OPEN) == D("-3.97")


def test_what_is_owed_is_bought_back_and_what_is_owned_is_sold() -> None:
    bought = closing_terms(SHORT, IDS, 1, D(2), D("0.75"))
    assert (bought.order_id, bought.plan_id) == (IDS.of(Part.CLOSE, 1), "roll-1")
    assert (bought.instrument, bought.side, bought.limit_price) == (CALL, Side.BUY, D("0.75"))
    assert bought.position_intent is PositionIntent.BUY_TO_CLOSE
    assert (bought.purpose, bought.order_class) == (OrderPurpose.EXIT, OrderClass.SIMPLE)

    sold = closing_terms(LONG, IDS, 0, D(2), D("-0.65"))
    assert (sold.side, sold.limit_price) == (Side.SELL, D("0.65"))
    assert sold.position_intent is PositionIntent.SELL_TO_CLOSE


def test_a_spread_is_closed_by_one_order_of_all_its_legs() -> None:
    terms = closing_terms(VERTICAL, IDS, 0, D(2), D("-1.20"))

    assert (terms.order_class, terms.order_type, terms.side) == (
        *(OrderClass.MLEG, OrderType.LIMIT, Side.BUY),
    )
    assert (terms.instrument.symbol, terms.quantity, terms.limit_price) == ("AAPL", 2, D("-1.20"))
    assert [(leg.contract, leg.ratio, leg.intent) for leg in terms.legs] == [
        (CALL, -1, PositionIntent.SELL_TO_CLOSE),
        (HIGHER, 1, PositionIntent.BUY_TO_CLOSE),
    ]


LEVELS = RollLevels(
    stop_loss=D("0.50"),
    take_profit=D("2.00"),
    denomination=RiskDenomination.OPTION_PRICE,
    guard=Guard(),
    premium=D("1.00"),
)


def test_one_order_does_both_and_has_the_levels_of_what_it_opens() -> None:
    owed = evolve(LONG, levels=LEVELS)

    terms = whole_terms(owed, IDS, 0, D(2), D("1.10"), D("2.00"))

    assert (terms.purpose, terms.quantity, terms.limit_price) == (OrderPurpose.ROLL, 2, D("1.10"))
    assert [(leg.contract, leg.ratio, leg.intent) for leg in terms.legs] == [
        (CALL, -1, PositionIntent.SELL_TO_CLOSE),
        (LATER, 1, PositionIntent.BUY_TO_OPEN),
    ]
    assert (terms.stop_loss, terms.take_profit) == (D("1.00"), D("4.00"))
    assert terms.denomination is RiskDenomination.OPTION_PRICE


def test_what_is_sold_next_is_a_plan_with_the_carried_levels() -> None:
    levels = evolve(LEVELS, stop_loss=D("1.50"), take_profit=None)
    plan = opening_plan(evolve(SHORT, levels=levels), Environment.PAPER, 2, D(2), D("-3.95"), NOW)

    (decision,) = plan.decisions
    assert (plan.plan_id, decision.decision_id, plan.timestamp) == ("roll-1", "open-2", NOW)
    assert (decision.instrument, decision.action, decision.direction) == (
        *(LATER, Action.SELL, Direction.SHORT),
    )
    # 1.5 times 3.95 is 5.925, and is reached no later.
    assert (decision.limit_price, decision.stop_loss) == (D("3.95"), D("5.92"))


def test_what_is_bought_next_is_a_plan_too_and_so_is_a_spread() -> None:
    (bought,) = opening_plan(LONG, Environment.PAPER, 0, D(2), D("4.05"), NOW).decisions
    assert (bought.action, bought.limit_price) == (Action.BUY, D("4.05"))
    assert bought.stop_loss is None

    (spread,) = opening_plan(VERTICAL, Environment.PAPER, 0, D(2), D("1.50"), NOW).decisions
    assert (spread.net_limit_price, spread.limit_price) == (D("1.50"), None)
    assert [(leg.ratio, leg.intent) for leg in spread.legs] == [
        (1, PositionIntent.BUY_TO_OPEN),
        (-1, PositionIntent.SELL_TO_OPEN),
    ]


def test_what_has_no_price_is_not_opened() -> None:
    with pytest.raises(Kept, match="has no price"):
        opening_plan(SHORT, Environment.PAPER, 0, D(2), D(0), NOW)


def test_levels_that_cannot_be_carried_keep_it_from_being_opened() -> None:
    with pytest.raises(Kept, match="what it was opened at is unknown"):
        levels_at(evolve(SHORT, levels=evolve(LEVELS, premium=None)), D(1))


def test_what_is_owed_says_who_wants_it_and_how_many_orders_it_takes() -> None:
    roll = a_roll_report().answers[0]
    assert isinstance(roll, Roll)

    owed = owed_of(roll, D("0.10"), Book(), NOW)
    assert (owed.closes, owed.opens) == ((RollLeg(CALL, -2),), (RollLeg(LATER, -1),))
    assert (owed.units, owed.as_one, owed.most_debit) == (2, False, D("0.10"))
    assert owed.reasons == ("urgent_expiry", "delta")

    long = evolve(roll, closes=LONG.closes, opens=LONG.opens)
    asked = owed_of(long, None, Book(), NOW, "cli")
    assert asked.as_one
    assert not owed_of(long, None, Book(), NOW, trades_spreads=False).as_one
    assert (asked.reasons[-1], asked.actor) == ("asked_for", "cli")
    assert asked.roll_id == owed.roll_id, "the same moment of the same book"
