"""Which rolls are let through, and by which rules is each half of one judged?"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.execution.walking import step_terms
from cream.core.model.account import Account
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.market import Known, Stale, Unknown
from cream.core.model.order import (
    Order,
    OrderClass,
    OrderLeg,
    OrderPurpose,
    OrderTerms,
    OrderType,
    Side,
    TwapTerms,
    WalkTerms,
)
from cream.core.model.plan import OptionLeg, PositionIntent, RiskDenomination, TimeInForce
from cream.core.model.position import Position
from cream.core.model.state import TradingState
from cream.core.model.verdict import Verdict, Violation
from cream.core.risk.gate import Approved
from cream.core.risk.limits import Constraints
from cream.core.risk.roll_parts import after_closing, trades_spreads
from cream.core.risk.view import PortfolioView
from tests.unit.core.risk.scenes import (
    LIMITS,
    MARKET,
    NOW,
    WIDE,
    account,
    codes,
    d,
    gate,
    held,
    instrument,
    limits,
    order,
    plan,
    quote,
    spread,
    view,
)

# A call spread sold for 3.00 a share, and the same a month later.
LOW, HIGH = "AAPL  261218C00240000", "AAPL  261218C00250000"
LATER_LOW, LATER_HIGH = "AAPL  270115C00240000", "AAPL  270115C00250000"
LATER: Mapping[str, tuple[str, str]] = {
    **MARKET,
    LATER_LOW: ("6.90", "7.00"),
    LATER_HIGH: ("3.00", "3.10"),
}
CREDIT = (held(LOW, -3, "4.20"), held(HIGH, 3, "1.10"))
OUT_IN = ((LOW, 1, False), (HIGH, -1, False), (LATER_LOW, -1, True), (LATER_HIGH, 1, True))


def legs_of(*legs: tuple[str, int, bool]) -> tuple[OrderLeg, ...]:
    """Symbol, signed ratio, and whether it opens."""
    found = []
    for symbol, ratio, opens in legs:
        contract = instrument(symbol)
        assert isinstance(contract, OptionContract)
        word = f"{'buy' if ratio > 0 else 'sell'}_to_{'open' if opens else 'close'}"
        found.append(OrderLeg(contract, ratio, PositionIntent(word)))
    return tuple(found)


def roll(
    *legs: tuple[str, int, bool], quantity: int = 3, net: str | None = "-0.60", **changes: Any
) -> OrderTerms:
    terms = order(
        "AAPL",
        quantity,
        purpose=OrderPurpose.ROLL,
        limit=net,
        order_class=OrderClass.MLEG,
        order_id="o-roll",
        legs=legs_of(*(legs or OUT_IN)),
    ).terms
    return evolve(terms, **changes)


def asked(terms: OrderTerms, on: PortfolioView, by: Constraints = LIMITS) -> Approved | Verdict:
    return gate(by).approve_roll(terms, on, NOW)


def refused(terms: OrderTerms, on: PortfolioView, by: Constraints = LIMITS) -> list[str]:
    """The codes that refuse it."""
    answer = asked(terms, on, by)
    assert isinstance(answer, Verdict), "it was let through"
    assert not answer.ok
    return codes(answer)


def later(*positions: Position, **changes: Any) -> PortfolioView:
    return view(*(positions or CREDIT), market=LATER, **changes)


def test_a_spread_is_rolled_out_in_one_order() -> None:
    terms = roll()

    answer = asked(terms, later())

    assert isinstance(answer, Approved), answer
    assert answer.terms is terms


# What is no roll ---------------------------------------------------------------------------------

WRONG_FORM = {
    "an entry": ({"purpose": OrderPurpose.ENTRY}, ["NOT_A_ROLL"]),
    "an order of one leg": ({"order_class": OrderClass.SIMPLE}, ["NOT_A_ROLL"]),
    "a sale": ({"side": Side.SELL}, ["NOT_A_ROLL"]),
    "slices": (
        {"twap": TwapTerms(slices=(d(3),), interval_seconds=60)},
        ["NOT_A_ROLL"],
    ),
    "a walk to anywhere": (
        {
            "walk": WalkTerms(steps=5, interval_seconds=10),
            "limit_price": None,
            "order_type": OrderType.MARKET,
        },
        ["TACTIC_UNAVAILABLE"],
    ),
    "what only closes": ({"legs": legs_of(*OUT_IN[:2])}, ["LEG_INTENT"]),
    "what only opens": ({"legs": legs_of(*OUT_IN[2:])}, ["LEG_INTENT"]),
    "a contract twice": (
        {"legs": legs_of((LOW, 1, False), (LOW, -1, True))},
        ["LEG_DUPLICATE"],
    ),
    "a short option alone": (
        {"legs": legs_of((LOW, 1, False), (LATER_LOW, -1, True))},
        ["UNCOVERED_LEG"],
    ),
    "good until cancelled": ({"time_in_force": TimeInForce.GTC}, ["INVALID_TIME_IN_FORCE"]),
    "half a cent": ({"limit_price": d("-0.605")}, ["SUB_PENNY_PRICE"]),
    "half a spread": ({"quantity": d("0.5")}, ["FRACTIONAL_QUANTITY"]),
}


@pytest.mark.parametrize("name", WRONG_FORM)
def test_what_has_not_the_form_of_a_roll_is_refused(name: str) -> None:
    changes, expected = WRONG_FORM[name]

    assert refused(evolve(roll(), **changes), later()) == expected


# What it closes ----------------------------------------------------------------------------------


def exit_of(symbol: str, quantity: int, side: Side, **changes: Any) -> Order:
    return order(symbol, quantity, side, OrderPurpose.EXIT, "1.00", **changes)


@pytest.mark.parametrize(
    ("positions", "working"),
    [
        # Less is held, nothing is held, the other side is held.
        ((held(LOW, -2), held(HIGH, 3)), ()),
        ((held(LOW, -3),), ()),
        ((held(LOW, 3), held(HIGH, 3)), ()),
        # An exit of one leg, of the spread, or another roll works on it.
        (CREDIT, (exit_of(LOW, 1, Side.BUY),)),
        (
            CREDIT,
            (exit_of("AAPL", 1, Side.BUY, order_class=OrderClass.MLEG, legs=roll().legs[:2]),),
        ),
        (CREDIT, (evolve(order(), terms=evolve(roll(quantity=1), order_id="o-other")),)),
    ],
)
def test_no_more_is_closed_than_is_held_and_nothing_else_closes(
    positions: tuple[Position, ...], working: tuple[Order, ...]
) -> None:
    assert refused(roll(), later(*positions, working=working)) == ["POSITION_MISMATCH"]


def test_what_another_roll_opens_is_no_exit() -> None:
    """It would open more of what this one closes."""
    other = roll((LATER_LOW, 1, False), (LATER_HIGH, -1, False), (LOW, -1, True), (HIGH, 1, True))
    working = evolve(order(), terms=evolve(other, order_id="o-other", quantity=d(1)))
    positions = (*CREDIT, held(LATER_LOW, -1), held(LATER_HIGH, 1))

    assert isinstance(asked(roll(), later(*positions, working=(working,)), WIDE), Approved)


def test_an_exit_cannot_close_what_a_roll_closes() -> None:
    working = evolve(order(), terms=roll(quantity=2))
    exit_terms = exit_of(LOW, 2, Side.BUY, order_id="o-exit").terms

    answer = gate().approve_exit(exit_terms, later(working=(working,)))

    assert isinstance(answer, Violation)
    assert (answer.code, answer.headroom) == ("POSITION_MISMATCH", 1)


def test_what_covers_an_option_is_not_rolled_away() -> None:
    """The later call would cover it too; but no part of a roll is taken on trust of the other."""
    away = roll((HIGH, -1, False), (LATER_HIGH, 1, True), net="2.10", stop_loss=d("200"))

    assert "UNDEFINED_RISK" in refused(away, later(), WIDE)


@pytest.mark.parametrize("doubt", [Unknown("gone"), Stale(quote(HIGH, "1.05", "1.15"), 99.0)])
def test_the_price_of_what_it_closes_must_be_known(doubt: Any) -> None:
    on = later(data={HIGH: doubt})

    answer = asked(roll(), on)

    assert isinstance(answer, Verdict)
    assert codes(answer) == ["RISK_INPUT_UNKNOWN"]
    assert answer.violations[0].field_path == "legs[1].symbol"


def test_what_nobody_bids_for_is_given_away() -> None:
    """The long leg of a spread that went well is worth nothing; it is rolled all the same."""
    market = {**LATER, HIGH: ("0.00", "0.01"), LOW: ("0.05", "0.06")}

    answer = asked(roll(net="-3.70"), view(*CREDIT, market=market))

    assert isinstance(answer, Approved), answer


def test_what_trades_no_more_is_not_rolled() -> None:
    market = {one: two for one, two in LATER.items() if one != LOW}
    on = view(*CREDIT, market=market, data={LOW: Known(quote(LOW, "4.15", "4.25"))})
    ended = evolve(on, knows=lambda one: one.symbol != LOW)

    assert refused(roll(), ended) == ["UNKNOWN_INSTRUMENT"]


def test_a_halt_of_what_it_closes_is_waited_for() -> None:
    on = later(halted=lambda symbol: "news" if symbol == LOW else None)

    assert refused(roll(), on) == ["SYMBOL_HALTED"]


# What it opens -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [TradingState.REDUCING, TradingState.HALTED])
def test_a_roll_opens_and_is_refused_where_entries_are(state: TradingState) -> None:
    """However much smaller it makes everything."""
    smaller = roll(
        (LOW, 3, False), (HIGH, -3, False), (LATER_LOW, -1, True), (LATER_HIGH, 1, True), quantity=1
    )
    terms = evolve(smaller, limit_price=d("5.80"))
    assert isinstance(asked(terms, later()), Approved)

    assert refused(terms, later(state=state)) == [f"TRADING_{state.value}"]


def entry_of_the_opened(quantity: int = 3, net: str = "-3.80") -> Any:
    """The plan that opens what the roll opens: `net` is what -0.60 leaves of it."""
    legs = tuple(OptionLeg(one.contract, one.ratio, one.intent) for one in roll().legs[2:])
    return plan(spread(quantity, legs, net))


LIMITS_MET = {
    "per trade risk": {"risk_limits": {"max_per_trade_risk_pct": d("1.8")}},
    "contracts": {"options": {"max_contracts_per_underlying": 5}},
    "all contracts": {"options": {"max_contracts": 5}},
    "different options": {"options": {"max_positions_per_underlying": 1}},
    "positions": {"orders": {"max_positions": 1}},
    "delta": {"options": {"max_delta_per_underlying_shares": d(1)}},
    "vega": {"options": {"max_portfolio_vega": d("0.01")}},
    "gross": {"portfolio": {"max_gross_notional": d(1_000)}},
    "notional": {"per_instrument": {"max_notional": d(1_000)}},
    "order": {"orders": {"max_order_notional": d(1_000)}},
    "concentration": {"portfolio": {"max_underlying_equity_pct": d("0.01")}},
    "open orders": {"orders": {"max_open": 0}},
}


@pytest.mark.parametrize("name", LIMITS_MET)
def test_what_is_opened_meets_every_limit_of_an_entry(name: str) -> None:
    """With the codes of the gate's own rules, as an entry has them once the old legs are gone."""
    by = limits(**LIMITS_MET[name])
    on = view(market=LATER)

    expected = gate(by).judge(entry_of_the_opened(), on, NOW)

    assert codes(expected), "the limit is one that an entry meets"
    assert refused(roll(), later(), by) == codes(expected)


def test_what_is_closed_makes_room_for_what_is_opened() -> None:
    """Six contracts at most: together the old and the new would be twelve."""
    by = limits(options={"max_contracts_per_underlying": 6, "max_positions_per_underlying": 2})

    assert isinstance(asked(roll(), later(), by), Approved)


@pytest.mark.parametrize(
    ("level", "expected"), [(3, []), (2, ["OPTIONS_LEVEL_TOO_LOW"]), (0, ["OPTIONS_LEVEL_TOO_LOW"])]
)
def test_the_account_must_be_entitled_to_what_is_opened(level: int, expected: list[str]) -> None:
    on = later(of=Known(account(options_level=level)))

    answer = asked(roll(), on)

    assert (codes(answer) if isinstance(answer, Verdict) else []) == expected


def test_what_is_not_known_is_no_ground_to_open_on() -> None:
    assert refused(roll(), later(of=Unknown("silence"))) == ["RISK_INPUT_UNKNOWN"]
    stale = Stale(account(), 99.0)
    assert refused(roll(), later(of=stale)) == ["RISK_INPUT_UNKNOWN"]
    assert "RISK_INPUT_UNKNOWN" in refused(roll(), later(data={LATER_LOW: Unknown("gone")}))


def test_a_price_that_pays_too_much_is_refused() -> None:
    """All that the limit gives away falls on what is opened."""
    assert "PRICE_COLLAR_EXCEEDED" in refused(roll(net="0.50"), later())


def test_what_is_held_on_the_other_side_cannot_be_opened() -> None:
    on = later(*CREDIT, held(LATER_HIGH, -1))

    assert "POSITION_MISMATCH" in refused(roll(), on, WIDE)


def test_a_single_option_that_is_opened_needs_its_stop() -> None:
    long_call = later(held(LOW, 2, "3.00"))
    bare = roll((LOW, -1, False), (LATER_LOW, 1, True), quantity=1, net="2.85")
    assert refused(bare, long_call) == ["MISSING_STOP_LOSS"]

    with_stop = evolve(bare, stop_loss=d("228.50"))
    assert isinstance(asked(with_stop, long_call), Approved)

    # Two legs are a spread to the broker, whatever they open.
    restricted = later(held(LOW, 2, "3.00"), of=Known(account(options_level=2)))
    assert refused(with_stop, restricted) == ["OPTIONS_LEVEL_TOO_LOW"]

    wrong = evolve(bare, stop_loss=d("9.00"), denomination=RiskDenomination.OPTION_PRICE)
    assert "STOP_WRONG_SIDE" in refused(wrong, long_call)


def test_legs_that_are_several_times_the_same_are_judged_as_that_many() -> None:
    """One spread of the old becomes two of the new: six are opened, at half the price each."""
    twice = roll(
        (LOW, 1, False),
        (HIGH, -1, False),
        (LATER_LOW, -2, True),
        (LATER_HIGH, 2, True),
        net="-4.40",
    )
    by = limits(options={"max_contracts_per_underlying": 11})

    answer = asked(twice, later(), by)

    assert isinstance(answer, Verdict)
    (found,) = (one for one in answer.violations if one.code == "OPTIONS_CONTRACTS_EXCEEDED")
    assert found.observed == 12
    assert "PER_TRADE_RISK_EXCEEDED" in codes(answer)
    assert isinstance(asked(evolve(twice, quantity=d(1)), later(), by), Approved)


def test_a_patient_roll_opens_at_no_less_than_the_market_asks() -> None:
    """It fills once the old spread closes for more: the new one is not to be had for less then."""
    patient = roll(net="-1.50")
    assert isinstance(asked(patient, later()), Approved)
    by = limits(risk_limits={"max_per_trade_risk_pct": d("1.8")})

    assert refused(patient, later(), by) == ["PER_TRADE_RISK_EXCEEDED"]


def test_a_roll_at_the_market_is_judged_at_the_market() -> None:
    bare = evolve(roll(), limit_price=None, order_type=OrderType.MARKET)

    assert isinstance(asked(bare, later()), Approved)


def test_a_walking_roll_is_judged_at_its_worst_price() -> None:
    walk = WalkTerms(steps=5, interval_seconds=10)

    assert isinstance(asked(roll(walk=walk), later()), Approved)
    assert refused(roll(walk=walk, limit_price=d("0.50")), later())


def test_a_step_of_a_roll_leaves_only_while_entries_may() -> None:
    parent = evolve(order(), terms=roll(walk=WalkTerms(steps=5, interval_seconds=10)))
    step = step_terms(parent.terms, 0, d(3), d("-0.70"))
    on = later(working=(parent,))

    assert isinstance(gate().approve_slice(parent, step, on), Approved)
    halted = gate().approve_slice(parent, step, evolve(on, state=TradingState.HALTED))
    assert isinstance(halted, Violation)
    assert halted.code == "TRADING_HALTED"
    gone = gate().approve_slice(parent, step, view(held(HIGH, 3), market=LATER, working=(parent,)))
    assert isinstance(gone, Violation)
    assert gone.code == "POSITION_MISMATCH"


# The account in between --------------------------------------------------------------------------


def closed(of: Account, *positions: Position) -> Account:
    """The account once the spread of `roll` is closed."""
    after = after_closing(roll(), later(*positions, of=Known(of)))
    assert isinstance(after.account, Known)
    return after.account.value


def test_what_was_tied_up_is_free_and_what_closing_costs_is_not() -> None:
    """3,000 were tied up; closing costs (4.25 - 1.05) x 300 = 960, 30 of it beyond the middle."""
    before = account(cash=d(100_900), margin_used=d(3_000))

    after = closed(before, *CREDIT)

    assert after.cash == before.cash - 960
    assert after.buying_power == before.buying_power + 3_000 - 960
    assert after.equity == before.equity - 30
    free = before.equity - before.margin_used
    assert after.equity - after.margin_used == free + 3_000 - 960


def test_the_old_margin_pays_for_the_new() -> None:
    """With 1,200 free, 1,860 could not be opened; with what the old spread tied up it can."""
    poor = Known(account(margin_used=d(98_800), buying_power=d(1_200)))
    by = limits(
        buying_power={"min_buying_power_ratio": d(0), "margin_buffer": d(0)},
        risk_limits={"max_per_trade_risk_pct": d(100)},
    )
    alone = gate(by).judge(entry_of_the_opened(), view(of=poor, market=LATER), NOW)
    assert "INSUFFICIENT_BUYING_POWER" in codes(alone)

    assert isinstance(asked(roll(), later(of=poor), by), Approved)
    # But no more than that: three times as many are too much.
    thrice = roll((LOW, 1, False), (HIGH, -1, False), (LATER_LOW, -3, True), (LATER_HIGH, 3, True))
    assert "INSUFFICIENT_BUYING_POWER" in refused(
        evolve(thrice, limit_price=d("-8.20")), later(of=poor), by
    )


def test_figures_that_are_stale_stay_stale() -> None:
    after = after_closing(roll(), later(of=Stale(account(), 99.0)))

    assert isinstance(after.account, Stale)
    assert after.account.age_seconds == 99.0


# A roll is never a way around ---------------------------------------------------------------------

STRIKES = ("235", "240", "245", "250")
EXPIRIES = ("261218", "270115")


def contract_at(strike: str, expiry: str, right: OptionRight) -> str:
    return f"AAPL  {expiry}{right.value[0]}{int(Decimal(strike) * 1000):08d}"


def made_up_market() -> Mapping[str, tuple[str, str]]:
    """Prices that fall with the strike (or rise), and are higher for the later month."""
    market = dict(MARKET)
    for place, strike in enumerate(STRIKES):
        for later_by, expiry in enumerate(EXPIRIES):
            up, down = 8 - 2 * place + 3 * later_by, 2 + 2 * place + 3 * later_by
            market[contract_at(strike, expiry, OptionRight.CALL)] = (f"{up}.00", f"{up}.10")
            market[contract_at(strike, expiry, OptionRight.PUT)] = (f"{down}.00", f"{down}.10")
    return market


MADE_UP = made_up_market()
verticals = st.tuples(
    st.sampled_from(EXPIRIES),
    st.sampled_from(tuple(OptionRight)),
    st.lists(st.sampled_from(STRIKES), min_size=2, max_size=2, unique=True),
)


@settings(max_examples=100, deadline=None)
@given(
    old=verticals,
    new=verticals,
    owned=st.integers(1, 6),
    rolled=st.integers(1, 6),
    times=st.integers(1, 3),
    concession=st.sampled_from((-40, -10, 0, 10, 30, 200)),
    free=st.sampled_from((300, 2_000, 20_000)),
    most=st.sampled_from((4, 12, 100)),
    state=st.sampled_from((TradingState.ACTIVE, TradingState.ACTIVE, TradingState.HALTED)),
)
def test_a_roll_leaves_nothing_that_could_not_have_been_entered(
    old: Any,
    new: Any,
    owned: int,
    rolled: int,
    times: int,
    concession: int,
    free: int,
    most: int,
    state: TradingState,
) -> None:
    """What the gate lets through opens what an agent could open in an account that has closed."""
    expiry, right, (bought, sold) = old
    owns, owes = contract_at(bought, expiry, right), contract_at(sold, expiry, right)
    expiry, right, (bought, sold) = new
    into = (contract_at(bought, expiry, right), contract_at(sold, expiry, right))
    if {owns, owes} & set(into):
        return
    legs = ((owns, -1, False), (owes, 1, False), (into[0], times, True), (into[1], -times, True))
    close_cost = d(MADE_UP[owes][1]) - d(MADE_UP[owns][0])
    open_cost = times * (d(MADE_UP[into[0]][1]) - d(MADE_UP[into[1]][0]))
    net = close_cost + open_cost + d(concession) / 100
    of = account(margin_used=d(100_000 - free), buying_power=d(free))
    by = limits(options={"max_contracts_per_underlying": most})
    on = view(
        held(owns, owned, MADE_UP[owns][1]),
        held(owes, -owned, MADE_UP[owes][0]),
        of=Known(of),
        market=MADE_UP,
        state=state,
    )

    answer = asked(roll(*legs, quantity=rolled, net=str(net)), on, by)

    if not isinstance(answer, Approved):
        return
    assert rolled <= owned
    # The same by hand: the spread is closed at what it costs, and its width is free again.
    width = abs(d(old[2][0]) - d(old[2][1])) * 100
    calls = old[1] is OptionRight.CALL
    tied = width if (d(old[2][0]) > d(old[2][1])) is calls else d(0)
    freed = rolled * (tied - close_cost * 100)
    half_spreads = rolled * 10
    left = owned - rolled
    after = account(
        equity=of.equity - half_spreads,
        cash=of.cash - rolled * close_cost * 100,
        buying_power=of.buying_power + freed,
        margin_used=of.margin_used - freed - half_spreads,
    )
    rest = view(
        *(held(one, sign * left, MADE_UP[one][0]) for one, sign in ((owns, 1), (owes, -1)) if left),
        of=Known(after),
        market=MADE_UP,
        state=state,
    )
    opened = tuple(
        OptionLeg(one.contract, one.ratio // times, one.intent) for one in answer.terms.legs[2:]
    )
    each = (max(net - close_cost, open_cost) / times).quantize(d("0.0001"))
    again = gate(by).judge(plan(spread(rolled * times, opened, str(each))), rest, NOW)
    assert codes(again) == []


def test_the_property_says_something() -> None:
    """Of such rolls some are let through and some are not."""
    owns, owes = (contract_at(one, EXPIRIES[0], OptionRight.CALL) for one in ("240", "245"))
    into = tuple(contract_at(one, EXPIRIES[1], OptionRight.CALL) for one in ("240", "245"))
    legs = ((owns, -1, False), (owes, 1, False), (into[0], 1, True), (into[1], -1, True))
    on = view(held(owns, 2, "6.10"), held(owes, -2, "4.00"), market=MADE_UP)

    assert isinstance(asked(roll(*legs, quantity=2, net="0.20"), on), Approved)
    assert refused(roll(*legs, quantity=3, net="0.20"), on) == ["POSITION_MISMATCH"]


@pytest.mark.parametrize(("level", "may"), [(1, False), (2, False), (3, True)])
def test_orders_of_several_legs_take_level_three(level: int, may: bool) -> None:
    assert trades_spreads(Known(account(options_level=level))) is may
    assert trades_spreads(Unknown("it was not read yet")), "the gate says so, not the roller"
