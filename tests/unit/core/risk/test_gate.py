"""The gate as its callers use it: the example plans, approval, exits, slices, and what must hold
for every plan.
"""

from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cream.core.execution.tactics import slice_terms
from cream.core.model.market import Known, Stale, Unknown
from cream.core.model.order import (
    Order,
    OrderClass,
    OrderPurpose,
    OrderStatus,
    OrderTerms,
    OrderType,
    Side,
)
from cream.core.model.plan import (
    Action,
    Decision,
    Direction,
    PositionIntent,
    Size,
    SizeUnit,
)
from cream.core.model.state import TradingState
from cream.core.model.verdict import Suggestion, Verdict, Violation
from cream.core.risk.gate import Approved, Gate
from cream.core.risk.view import PortfolioView, scene_of
from tests.unit.core.risk.scenes import (
    LIMITS,
    NOW,
    PLANS,
    VERTICAL_CLOSING,
    account,
    buy,
    close,
    codes,
    cover,
    d,
    decision,
    example,
    gate,
    held,
    judge,
    limits,
    order,
    plan,
    quote,
    short,
    single,
    spread,
    trim,
    twap_parent,
    view,
    violation,
)

# The example plans on an empty account of 100,000 -----------------------------------------------

APPROVED = {
    "equity-swing-long": 1,
    "short-entry": 1,
    "no-trade": 0,
    "iron-condor": 1,
    "vertical-call-spread": 1,
    "single-call": 1,
    "twap": 1,
}
REFUSED = {
    "wrong-side-stop": ["STOP_WRONG_SIDE"],
    "not-approved": ["PLAN_NOT_APPROVED"],
    "split-to-dodge-limit": ["PER_INSTRUMENT_PCT_EQUITY_EXCEEDED"],
    "rebalance": ["POSITION_MISMATCH"],
    "naked-short-leg": ["UNDEFINED_RISK"],
}


def verdict_on(name: str, on: PortfolioView | None = None) -> Verdict:
    return gate().judge(example(name), on or view(), NOW)


def only_order(name: str) -> OrderTerms:
    (terms,) = verdict_on(name).orders
    return terms


def test_every_example_has_an_expectation() -> None:
    assert {path.stem for path in PLANS.glob("*.json")} == {*APPROVED, *REFUSED}


@pytest.mark.parametrize(("name", "orders"), APPROVED.items())
def test_a_sound_example_is_approved(name: str, orders: int) -> None:
    found = verdict_on(name)

    assert found.ok, found.violations
    assert len(found.orders) == orders


@pytest.mark.parametrize(("name", "expected"), REFUSED.items())
def test_an_unsound_example_is_refused_for_its_reason_alone(name: str, expected: list[str]) -> None:
    found = verdict_on(name)

    assert not found.ok
    assert codes(found) == expected
    assert found.orders == ()


def test_dollars_are_whole_shares_in_one_bracket() -> None:
    terms = only_order("equity-swing-long")

    assert (terms.quantity, terms.side) == (20, Side.BUY)
    assert terms.order_class is OrderClass.BRACKET


def test_a_short_entry_sells_to_open_between_its_target_and_its_stop() -> None:
    terms = only_order("short-entry")

    assert terms.side is Side.SELL
    assert terms.position_intent is PositionIntent.SELL_TO_OPEN
    assert terms.stop_loss is not None
    assert terms.limit_price is not None
    assert terms.take_profit is not None
    assert terms.take_profit < terms.limit_price < terms.stop_loss


def test_a_condor_is_one_order_of_two_spreads_for_a_credit() -> None:
    terms = only_order("iron-condor")

    assert (terms.order_class, terms.quantity) == (OrderClass.MLEG, 2)
    assert terms.limit_price == d("-1.60")
    assert [leg.ratio for leg in terms.legs] == [1, -1, -1, 1]


@pytest.mark.parametrize(
    ("name", "loss"), [("iron-condor", "680.00"), ("vertical-call-spread", "1550.00")]
)
def test_a_spread_is_worth_what_it_can_lose(name: str, loss: str) -> None:
    (shown,) = (
        one for one in verdict_on(name).checks if one.code == "PER_INSTRUMENT_NOTIONAL_EXCEEDED"
    )

    assert shown.observed == d(loss)


def test_a_single_option_has_no_bracket_and_keeps_its_levels() -> None:
    terms = only_order("single-call")

    assert (terms.order_class, terms.quantity) == (OrderClass.SIMPLE, 3)
    assert (terms.stop_loss, terms.take_profit) == (d("3.20"), d("12.80"))


def test_a_twap_has_six_slices_of_three() -> None:
    terms = only_order("twap")

    assert terms.twap is not None
    assert terms.twap.slices == (d(3),) * 6
    assert (terms.twap.interval_seconds, terms.quantity) == (60, 18)


def test_a_trim_of_what_is_held_needs_no_stop() -> None:
    """5 % of equity in SPY are 7 shares, 3 % of MSFT are 5."""
    found = verdict_on("rebalance", view(held("MSFT", 10)))

    assert found.ok, found.violations
    assert [(one.side, one.quantity, one.purpose) for one in found.orders] == [
        (Side.BUY, 7, OrderPurpose.ENTRY),
        (Side.SELL, 5, OrderPurpose.EXIT),
    ]


def test_asking_in_parts_is_answered_with_sizes_that_pass() -> None:
    found = verdict_on("split-to-dodge-limit")

    assert [one.quantity for one in found.suggestions] == [15, 15, 11]


# Judging --------------------------------------------------------------------------------------


def test_a_verdict_says_by_which_limits_and_when() -> None:
    found = judge(buy())

    assert found.policy_version == gate().policy_version
    assert found.validated_at == NOW


def test_one_refusal_refuses_everything() -> None:
    found = judge(buy(), buy("MSFT", limit="512", stop=None, target="540"))

    assert not found.ok
    assert found.orders == ()


def test_warnings_and_news_refuse_nothing() -> None:
    found = judge(trim(stop="200"), on=view(held("AAPL", 10)))

    assert [one.code for one in found.violations] == ["LEVELS_IGNORED"]
    assert found.ok


def test_orders_come_in_plan_order() -> None:
    found = judge(buy(), short(), spread(1))

    assert [one.instrument.symbol for one in found.orders] == ["AAPL", "TSLA", "AAPL"]


def test_holding_never_makes_an_order() -> None:
    idle = decision(quantity=0, action=Action.HOLD, stop=None)
    nothing = decision(quantity=0, action=Action.NO_TRADE, direction=Direction.FLAT)

    found = judge(idle, evolve(nothing, decision_id="other"))

    assert (found.ok, found.orders) == (True, ())


def test_a_plan_of_nothing_is_fine() -> None:
    assert judge().ok


def test_a_part_is_admitted_on_demand_and_the_rest_is_named() -> None:
    parts = [buy(quantity=size, decision_id=str(size)) for size in (30, 20)]
    asked = plan(*parts)

    whole = gate().judge(asked, view(), NOW)
    part = gate().judge(asked, view(), NOW, allow_partial=True)

    assert (whole.ok, whole.left_out) == (False, ())
    assert (part.ok, part.left_out) == (True, ("20",))
    assert [one.quantity for one in part.orders] == [30]
    assert "PER_INSTRUMENT_PCT_EQUITY_EXCEEDED" in codes(part)


def test_a_plan_that_passes_as_a_whole_leaves_nothing_out() -> None:
    found = gate().judge(plan(buy()), view(), NOW, allow_partial=True)

    assert (found.ok, found.left_out, len(found.orders)) == (True, (), 1)


def test_a_part_of_nothing_is_a_refusal() -> None:
    found = gate().judge(plan(buy(stop=None)), view(), NOW, allow_partial=True)

    assert (found.ok, found.orders) == (False, ())
    assert codes(found) == ["MISSING_STOP_LOSS"]
    assert len(found.left_out) == 1


def test_no_part_of_an_unapproved_plan_passes() -> None:
    asked = plan(buy(), trim("XOM"), critic_approved=False)

    found = gate().judge(asked, view(held("XOM", 20)), NOW, allow_partial=True)

    assert not found.ok


def test_no_sizes_are_suggested_where_size_is_not_the_matter() -> None:
    assert judge(buy(quantity=900, stop=None)).suggestions == ()
    assert judge(buy()).suggestions == ()
    assert judge(buy(quantity=900)).suggestions == (Suggestion("AAPL-BUY-900", d(41)),)


def test_kept_sums_give_the_same_verdict() -> None:
    """The seam through which sums that are kept up to date come in."""
    on = view(held("AAPL", 5), held("TSLA", -5), working=(order("XOM", 10, limit="100"),))
    kept = evolve(on, exposure=scene_of(on).exposure)
    asked = plan(buy(), short(), spread(1))

    assert gate().judge(asked, kept, NOW) == gate().judge(asked, on, NOW)


@pytest.mark.parametrize("equity", ["0", "-1", "0.01"])
@pytest.mark.parametrize(
    "asked", [buy(), short(), spread(1), buy(quantity=5, unit=SizeUnit.PCT_EQUITY)]
)
def test_without_equity_a_verdict_denies_what_adds_and_says_why(
    equity: str, asked: Decision
) -> None:
    found = judge(asked, on=view(of=Known(account(equity))))

    assert not found.ok
    assert all(one.message for one in found.violations)


# Single orders --------------------------------------------------------------------------------


def judged(on: PortfolioView | None = None, **changes: Any) -> Verdict:
    return gate().judge_order(single(**changes), on or view(), NOW)


def test_a_single_order_is_a_plan_of_one() -> None:
    found = judged()
    (terms,) = found.orders

    assert found.ok
    assert (terms.client_order_id, terms.plan_id) == ("mine-1", "order:mine-1")
    assert (terms.order_class, terms.purpose) == (OrderClass.BRACKET, OrderPurpose.ENTRY)


def test_a_single_entry_has_a_stop_too() -> None:
    refusal = violation(judged(stop_loss=None), "MISSING_STOP_LOSS")

    assert refusal.field_path == "stop_loss_price"


def test_a_single_order_that_reduces_is_an_exit() -> None:
    found = judged(view(held("AAPL", 10)), side=Side.SELL, stop_loss=None, take_profit=None)

    assert found.ok
    assert found.orders[0].purpose is OrderPurpose.EXIT


def test_a_single_order_does_not_turn_a_position_round() -> None:
    """A venue takes no flip in one order: close, then open."""
    refusal = violation(
        judged(
            view(held("AAPL", 4)),
            side=Side.SELL,
            limit_price=None,
            order_type=OrderType.MARKET,
            stop_loss=None,
            take_profit=None,
        ),
        "POSITION_MISMATCH",
    )

    assert (refusal.headroom, refusal.field_path) == (4, "quantity")


def test_a_breach_of_the_whole_points_at_the_size_of_a_single_order() -> None:
    found = gate(limits(portfolio={"max_gross_notional": d(100)})).judge_order(
        single(), view(), NOW
    )

    assert violation(found, "PORTFOLIO_GROSS_NOTIONAL_EXCEEDED").field_path == "quantity"


def test_a_single_stop_order_waits_for_its_trigger() -> None:
    found = judged(
        order_type=OrderType.STOP,
        limit_price=None,
        stop_price=d("245.00"),
        stop_loss=d("235.00"),
        take_profit=d("260.00"),
    )

    assert found.ok
    assert found.orders[0].stop_price == d("245.00")


# Approval -------------------------------------------------------------------------------------


def test_only_the_gate_approves() -> None:
    terms = only_order("equity-swing-long")

    with pytest.raises(TypeError, match="only the gate"):
        Approved(terms, seal=object())
    with pytest.raises(TypeError):
        Approved(terms)  # type: ignore[call-arg]


def test_an_approved_order_cannot_be_exchanged_for_another() -> None:
    (approved,) = gate().approve(judge(buy()))

    with pytest.raises(AttributeError):
        approved.terms = only_order("twap")  # type: ignore[misc]
    with pytest.raises(ValueError, match="not an attrs"):
        evolve(approved, terms=only_order("twap"))  # type: ignore[misc]


def test_what_passed_is_approved_in_order() -> None:
    found = judge(buy(), short())

    assert [one.terms for one in gate().approve(found)] == list(found.orders)
    assert found.orders[0].order_id in repr(gate().approve(found)[0])


def test_a_refusal_is_not_approved() -> None:
    with pytest.raises(ValueError, match="refusal"):
        gate().approve(judge(buy(stop=None)))


def test_a_verdict_under_other_limits_is_not_approved() -> None:
    with pytest.raises(ValueError, match="other limits"):
        gate(limits(orders={"max_open": 3})).approve(judge(buy()))


# Exits that protect ---------------------------------------------------------------------------


def closing(quantity: str | int = 10, side: Side = Side.SELL, **changes: Any) -> OrderTerms:
    exits = {"purpose": OrderPurpose.EXIT, "limit": None, "order_id": "o-exit", **changes}
    return order("AAPL", quantity, side, **exits).terms


def exit_of(terms: OrderTerms, on: PortfolioView) -> str | Decimal:
    """The quantity approved, or the code of the refusal."""
    found = gate(limits(orders={"max_open": 0})).approve_exit(terms, on)
    return found.terms.quantity if isinstance(found, Approved) else found.code


@pytest.mark.parametrize("state", list(TradingState))
@pytest.mark.parametrize(
    "purpose", [OrderPurpose.EXIT, OrderPurpose.STOP_LOSS, OrderPurpose.TAKE_PROFIT]
)
def test_protection_passes_in_every_state_and_without_a_market(
    state: TradingState, purpose: OrderPurpose
) -> None:
    """No limit, no missing quote, no unknown account stands in its way."""
    blind = view(
        held("AAPL", 10), of=Unknown("no answer"), data={"AAPL": Unknown("no feed")}, state=state
    )

    assert exit_of(closing(purpose=purpose), blind) == 10


@pytest.mark.parametrize(("quantity", "expected"), [
    (9, 9), (10, 10), (11, "POSITION_MISMATCH"), (0, "POSITION_MISMATCH"),
])  # fmt: skip
def test_protection_closes_no_more_than_is_held(quantity: int, expected: object) -> None:
    assert exit_of(closing(quantity), view(held("AAPL", 10))) == expected
    assert exit_of(closing(quantity, Side.BUY), view(held("AAPL", -10))) == expected


def test_a_refused_exit_says_how_much_could_be_closed() -> None:
    found = gate().approve_exit(closing(11), view(held("AAPL", 10)))

    assert isinstance(found, Violation)
    assert (found.observed, found.limit, found.headroom) == (11, 10, 10)


def test_protection_never_opens_the_other_side() -> None:
    assert exit_of(closing(), view(held("AAPL", -10))) == "POSITION_MISMATCH"
    assert exit_of(closing(), view()) == "POSITION_MISMATCH"


def test_an_entry_is_not_let_through_as_an_exit() -> None:
    assert exit_of(closing(purpose=OrderPurpose.ENTRY), view(held("AAPL", 10))) == "NOT_AN_EXIT"


@pytest.mark.parametrize(
    ("working", "left"),
    [
        (order("AAPL", 4, Side.SELL, OrderPurpose.EXIT), 6),
        (order("AAPL", 4, Side.SELL, OrderPurpose.EXIT, filled=3), 9),
        (order("AAPL", 4, Side.SELL, OrderPurpose.STOP_LOSS), 10),
        (order("AAPL", 4, Side.SELL, OrderPurpose.TAKE_PROFIT), 10),
        (order("AAPL", 4, Side.SELL, OrderPurpose.EXTERNAL), 10),
        (order("MSFT", 4, Side.SELL, OrderPurpose.EXIT), 10),
        (order("AAPL", 4, Side.SELL, OrderPurpose.EXIT, order_id="o-exit"), 10),
        (order("AAPL", 10, Side.SELL, OrderPurpose.EXIT), "POSITION_MISMATCH"),
    ],
)
def test_other_exits_count_against_it_and_protection_does_not(working: Order, left: object) -> None:
    """A stranger's order is the broker's to weigh."""
    on = view(held("AAPL", 10), working=(working,))
    most = left if isinstance(left, int) else 1

    assert exit_of(closing(most), on) == left
    assert exit_of(closing(most + 1), on) == "POSITION_MISMATCH"


def test_a_worked_exit_counts_by_what_it_has_left_and_not_by_its_slices_too() -> None:
    parent = evolve(
        twap_parent(2, 2, symbol="AAPL", side=Side.SELL, purpose=OrderPurpose.EXIT), filled=d(1)
    )
    child = order(
        "AAPL", 2, Side.SELL, OrderPurpose.EXIT, order_id="o-c", parent_order_id="o-parent"
    )
    on = view(held("AAPL", 10), working=(parent, child))

    assert exit_of(closing(7), on) == 7
    assert exit_of(closing(8), on) == "POSITION_MISMATCH"


def test_a_spread_is_closed_leg_by_leg_or_not_at_all() -> None:
    low, high = (one.contract.symbol for one in VERTICAL_CLOSING)
    (terms,) = judge(
        spread(3, VERTICAL_CLOSING, "-3.00"),
        on=view(held(low, 3, price=4), held(high, -3, price=1)),
    ).orders

    assert exit_of(terms, view(held(low, 3), held(high, -3))) == 3
    assert exit_of(terms, view(held(low, 3), held(high, -2))) == "POSITION_MISMATCH"
    assert exit_of(terms, view(held(low, 3))) == "POSITION_MISMATCH"
    working = (evolve(order(), terms=evolve(terms, order_id="o-other", quantity=d(1))),)
    busy = view(held(low, 3), held(high, -3), working=working)
    assert exit_of(terms, busy) == "POSITION_MISMATCH"
    assert exit_of(evolve(terms, quantity=d(2)), busy) == 2


# Slices ---------------------------------------------------------------------------------------


def sliced(parent: Order, index: int = 0, quantity: str | int = 3) -> OrderTerms:
    return slice_terms(parent.terms, index, d(quantity))


def slice_of(parent: Order, terms: OrderTerms, on: PortfolioView | None = None) -> str:
    found = gate().approve_slice(parent, terms, on or view())
    return "approved" if isinstance(found, Approved) else found.code


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_slice_that_its_parent_still_has_passes(index: int) -> None:
    parent = twap_parent(3, 3, 3)

    assert slice_of(parent, sliced(parent, index)) == "approved"
    assert slice_of(parent, sliced(parent, index, 2)) == "approved"


def test_slices_together_never_exceed_their_parent() -> None:
    """Each has an id and a size of its own, and what has filled is gone."""
    parent = twap_parent(4, 3)

    assert slice_of(parent, sliced(parent, 0, 5)) == "INVALID_SLICE"
    assert slice_of(parent, sliced(parent, 1, 4)) == "INVALID_SLICE"
    assert slice_of(parent, sliced(parent, 0, 0)) == "INVALID_SLICE"
    assert slice_of(parent, sliced(parent, 2, 3)) == "INVALID_SLICE"
    assert slice_of(evolve(parent, filled=d(5)), sliced(parent, 1, 3)) == "INVALID_SLICE"
    assert slice_of(evolve(parent, filled=d(4)), sliced(parent, 1, 3)) == "approved"


def test_a_slice_is_its_parents_order_in_everything() -> None:
    parent = twap_parent(3, 3)

    assert slice_of(parent, evolve(sliced(parent), limit_price=d(999))) == "INVALID_SLICE"
    assert slice_of(parent, evolve(sliced(parent), side=Side.SELL)) == "INVALID_SLICE"


@pytest.mark.parametrize(
    "parent",
    [
        order("MSFT", 6),
        twap_parent(3, 3, status=OrderStatus.CANCELED),
        twap_parent(3, 3, status=OrderStatus.PENDING_CANCEL),
    ],
)
def test_only_a_working_tactic_has_slices(parent: Order) -> None:
    assert slice_of(parent, sliced(twap_parent(3, 3))) == "INVALID_SLICE"


@pytest.mark.parametrize("state", [TradingState.HALTED, TradingState.REDUCING])
def test_a_slice_of_an_entry_waits_while_trading_is_restricted(state: TradingState) -> None:
    parent = twap_parent(3, 3)

    assert slice_of(parent, sliced(parent), view(state=state)) == f"TRADING_{state.value}"
    told = gate().approve_slice(parent, sliced(parent), view(state=state, reasons=("lunch",)))
    assert isinstance(told, Violation)
    assert told.message == "lunch"


def test_a_slice_of_an_exit_passes_in_every_state_while_there_is_something_to_close() -> None:
    """What a stop has closed in the meantime is not sold again."""
    parent = twap_parent(3, 3, side=Side.SELL, purpose=OrderPurpose.EXIT)
    other = order(
        "MSFT", 2, Side.SELL, OrderPurpose.EXIT, order_id="o-c", parent_order_id="o-parent"
    )
    halted = view(held("MSFT", 6), working=(parent,), state=TradingState.HALTED)

    assert slice_of(parent, sliced(parent), halted) == "approved"
    assert slice_of(parent, sliced(parent), view(working=(parent,))) == "POSITION_MISMATCH"
    busy = view(held("MSFT", 4), working=(parent, other))
    assert slice_of(parent, sliced(parent), busy) == "POSITION_MISMATCH"
    assert slice_of(parent, sliced(parent, 0, 2), busy) == "approved"


# What holds for every plan --------------------------------------------------------------------

SYMBOLS = {"AAPL": "238.50", "MSFT": "512.50", "XOM": "116.10"}


def entry(symbol: str, quantity: int, name: str, goes_long: bool = True) -> Decision:
    price = d(SYMBOLS[symbol])
    stop, target = price * d("0.96"), price * d("1.08")
    if not goes_long:
        price = price * d("0.999")
        stop, target = price * d("1.04"), price * d("0.92")
    return Decision(
        decision_id=name,
        instrument=buy(symbol).instrument,
        action=Action.BUY if goes_long else Action.SELL,
        direction=Direction.LONG if goes_long else Direction.SHORT,
        size=Size(d(quantity), SizeUnit.SHARES),
        limit_price=price.quantize(d("0.01")),
        stop_loss=stop.quantize(d("0.01")),
        take_profit=target.quantize(d("0.01")),
    )


entries = st.lists(
    st.tuples(st.sampled_from(sorted(SYMBOLS)), st.integers(1, 90), st.booleans()),
    min_size=1,
    max_size=3,
).map(lambda parts: [entry(*part[:2], str(n), part[2]) for n, part in enumerate(parts)])
holdings = st.dictionaries(st.sampled_from(["SPY", "TSLA", "NVDA"]), st.integers(-15, 15)).map(
    lambda of: view(*(held(symbol, quantity) for symbol, quantity in of.items()))
)
TIGHT: Gate = gate(
    limits(
        per_instrument={"max_units": 60},
        portfolio={"max_gross_notional": d(40_000), "max_net_notional": d(15_000)},
        orders={"max_open": 3, "max_positions": 5},
    )
)


def essence(verdict: Verdict) -> tuple[bool, set[tuple[object, ...]]]:
    """A verdict without the places of decisions in the plan."""
    said = {
        (one.code, one.instrument_id, one.observed, one.limit, one.headroom)
        for one in verdict.violations
    }
    return verdict.ok, said


@given(entries, holdings)
def test_the_order_of_decisions_changes_nothing(
    decisions: list[Decision], on: PortfolioView
) -> None:
    verdicts = [TIGHT.judge(plan(*one), on, NOW) for one in permutations(decisions)]

    assert len({repr(sorted(map(repr, essence(one)[1]))) for one in verdicts}) == 1
    assert len({one.ok for one in verdicts}) == 1


@given(
    st.sampled_from(sorted(SYMBOLS)),
    st.lists(st.integers(1, 40), min_size=2, max_size=4),
    st.booleans(),
    holdings,
)
def test_asking_in_parts_never_passes_what_the_whole_failed(
    symbol: str, parts: list[int], goes_long: bool, on: PortfolioView
) -> None:
    whole = TIGHT.judge(plan(entry(symbol, sum(parts), "whole", goes_long)), on, NOW)
    split = TIGHT.judge(
        plan(*(entry(symbol, part, str(n), goes_long) for n, part in enumerate(parts))), on, NOW
    )

    assert whole.ok or not split.ok


@given(entries, holdings, st.data())
def test_a_valid_exit_never_turns_a_pass_into_a_failure(
    decisions: list[Decision], on: PortfolioView, data: st.DataObject
) -> None:
    before = TIGHT.judge(plan(*decisions), on, NOW)
    open_ones = [one for one in on.positions.values() if not one.is_flat]
    if not before.ok or not open_ones:
        return
    position = data.draw(st.sampled_from(open_ones))
    size = data.draw(st.integers(1, int(abs(position.quantity))))
    symbol = position.instrument.symbol
    reduce = trim(symbol, size) if position.quantity > 0 else cover(symbol, size)

    assert TIGHT.judge(plan(*decisions, evolve(reduce, decision_id="exit")), on, NOW).ok


@given(entries, holdings)
def test_what_is_approved_leaves_every_limit_satisfied(
    decisions: list[Decision], on: PortfolioView
) -> None:
    found = TIGHT.judge(plan(*decisions), on, NOW)
    if not found.ok:
        return
    after: dict[str, Decimal] = {}
    for symbol, position in on.positions.items():
        quote = on.quote(symbol)
        assert isinstance(quote, Known)
        after[symbol] = position.quantity * quote.value.mid
    units: dict[str, Decimal] = {}
    for terms in found.orders:
        symbol = terms.instrument.symbol
        bid = on.quote(symbol)
        assert isinstance(bid, Known)
        assert terms.limit_price is not None
        price = terms.limit_price
        if terms.side is Side.SELL:
            price = max(price, bid.value.bid)
        signed = terms.side.sign * terms.quantity
        units[symbol] = units.get(symbol, d(0)) + signed
        after[symbol] = after.get(symbol, d(0)) + signed * price

    gross, net = sum(map(abs, after.values())), sum(after.values())
    added = sum(after[symbol] for symbol in units)
    assert gross <= 40_000
    assert added == 0 or abs(net) <= 15_000 or abs(net) <= abs(net - added)
    assert all(abs(quantity) <= 60 for quantity in units.values())
    assert all(abs(after[symbol]) <= 10_000 for symbol in units)
    assert len(found.orders) <= 3


@given(st.sampled_from(sorted(SYMBOLS)), st.lists(st.integers(1, 200), min_size=1, max_size=3))
def test_suggested_sizes_pass_and_one_unit_more_of_the_last_fails(
    symbol: str, sizes: list[int]
) -> None:
    decisions = [entry(symbol, size, str(n)) for n, size in enumerate(sizes)]
    found = TIGHT.judge(plan(*decisions), view(), NOW)
    if not found.suggestions:
        return

    def resized(more: int) -> list[Decision]:
        fitting = [
            (one, suggestion.quantity)
            for one, suggestion in zip(decisions, found.suggestions, strict=True)
            if suggestion.quantity is not None
        ]
        extra = [d(0)] * (len(fitting) - 1) + [d(more)]
        return [
            evolve(one, size=evolve(one.size, quantity=size + plus))
            for (one, size), plus in zip(fitting, extra, strict=True)
        ]

    assert TIGHT.judge(plan(*resized(0)), view(), NOW).ok
    assert not TIGHT.judge(plan(*resized(1)), view(), NOW).ok


wild = st.one_of(
    st.integers(-3, 10**12).map(Decimal),
    st.decimals(allow_nan=True, allow_infinity=True),
)
wild_prices = st.none() | wild


@given(
    quantity=wild,
    unit=st.sampled_from(SizeUnit),
    action=st.sampled_from(Action),
    direction=st.sampled_from(Direction),
    limit=wild_prices,
    stop=wild_prices,
    target=wild_prices,
    symbol=st.sampled_from(["AAPL", "NVDA  261218C00190000", "ACME"]),
    equity=st.sampled_from(["-1", "0", "0.01", "100000", "1e15"]),
    held_units=st.integers(-20, 20),
    feed=st.sampled_from(["fresh", "stale", "unknown", "crossed"]),
)
def test_whatever_comes_in_a_verdict_comes_out(
    quantity: Decimal,
    unit: SizeUnit,
    action: Action,
    direction: Direction,
    limit: Decimal | None,
    stop: Decimal | None,
    target: Decimal | None,
    symbol: str,
    equity: str,
    held_units: int,
    feed: str,
) -> None:
    """Never an exception, and never an order that was not worked out to the end."""
    fresh = quote(symbol, "100.00", "100.02")
    market = {
        "fresh": Known(fresh),
        "stale": Stale(fresh, 99.0),
        "unknown": Unknown("no feed"),
        "crossed": Known(quote(symbol, "2", "1")),
    }
    on = view(held(symbol, held_units), of=Known(account(equity)), data={symbol: market[feed]})
    asked = Decision(
        decision_id="wild",
        instrument=buy(symbol).instrument,
        action=action,
        direction=direction,
        size=Size(quantity, unit),
        limit_price=limit,
        stop_loss=stop,
        take_profit=target,
    )

    found = gate().judge(plan(asked), on, NOW)

    assert len(found.orders) == (1 if found.ok and action.trades else 0)
    adds = [one for one in found.orders if one.purpose is OrderPurpose.ENTRY]
    assert not adds or (Decimal(equity) > 0 and feed == "fresh")


def test_a_plan_grows_old_between_two_judgements() -> None:
    asked = plan(buy(), timestamp=NOW)

    assert gate().judge(asked, view(), NOW).ok
    assert not gate().judge(asked, view(), NOW + timedelta(seconds=901)).ok


def test_closing_everything_passes_under_any_limits() -> None:
    on = view(held("AAPL", 10), held("TSLA", -10))
    none_at_all = limits(
        per_instrument={"max_units": 0, "max_notional": d(0), "max_equity_pct": d(0)},
        portfolio={"max_gross_notional": d(0), "max_net_notional": d(0), "max_leverage": d(0)},
        orders={"max_open": 0, "max_positions": 0},
    )

    assert judge(close("AAPL"), close("TSLA"), on=on, by=none_at_all).ok
    assert none_at_all != LIMITS
