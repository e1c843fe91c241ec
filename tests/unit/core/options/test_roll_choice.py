"""What would be rolled, into what and for how much; and every reason why nothing is."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.market import Quote
from cream.core.model.plan import Guard, RiskDenomination
from cream.core.options.chain import (
    FiguresFrom,
    ListedOption,
    OptionChain,
    OptionRow,
    Valuation,
    ValuationStatus,
    flags_of,
)
from cream.core.options.dividends import Dividend
from cream.core.options.greeks import PerShare
from cream.core.options.roll_choice import (
    NoRoll,
    OpenOption,
    OpenSpread,
    Roll,
    RollAnswer,
    RollMarket,
    decide,
    described,
    still_wanted,
)
from cream.core.options.roll_legs import RollLeg
from cream.core.options.roll_levels import NO_PREMIUM, RollLevels
from cream.core.options.roll_rules import RollRule, RollRules, RollTarget, StrikeChoice
from cream.core.options.rolling import RollMode, RollPolicy, SessionHours, Trigger

D = Decimal
# A Wednesday, 14:00 in New York: within the window.
NOW = datetime(2026, 12, 2, 19, 0, tzinfo=UTC)
SESSION = SessionHours(
    datetime(2026, 12, 2, 14, 30, tzinfo=UTC), datetime(2026, 12, 2, 21, 0, tzinfo=UTC)
)
# In 6, 30 and 44 days.
NEAR, NEXT, FAR = date(2026, 12, 8), date(2027, 1, 1), date(2027, 1, 15)
RULE = RollRule()
BY_DELTA = RollRule(target=RollTarget(strike=StrikeChoice.DELTA))
STALE_AFTER = 5.0


def call(strike: str, day: date = NEAR, right: OptionRight = OptionRight.CALL) -> OptionContract:
    return OptionContract("AAPL", day, right, D(strike))


def put(strike: str, day: date = NEAR) -> OptionContract:
    return call(strike, day, OptionRight.PUT)


def quote(symbol: str, bid: str, ask: str, age: float = 0.0) -> Quote:
    at = NOW - timedelta(seconds=age)
    return Quote(symbol=symbol, bid=D(bid), ask=D(ask), bid_size=10, ask_size=10, at=at)


def row(
    contract: OptionContract, bid: str, ask: str, delta: float | None = 0.20, age: float = 0.0
) -> OptionRow:
    told = None if bid == "none" else quote(contract.symbol, bid, ask, age)
    greeks = None if delta is None else PerShare(delta, 0.01, 20.0, -30.0, 5.0)
    return OptionRow(
        listed=ListedOption(contract=contract, quote=told),
        quote_age_seconds=age,
        flags=flags_of(told, NOW, STALE_AFTER),
        valuation=Valuation(
            status=ValuationStatus.OK,
            quote_at=NOW,
            underlying_at=NOW,
            figures_from=None if greeks is None else FiguresFrom.QUOTE,
            greeks=greeks,
        ),
    )


OLD_NAME = call("250").symbol
OLD = row(call("250"), "0.95", "1.05")
NEW = row(call("250", NEXT), "2.40", "2.60", 0.30)
SHORT = OpenOption(contract=call("250"), quantity=D(-2), price=D("1.00"))


def market(*rows: OptionRow, spot: Quote | None = None, **changes: Any) -> RollMarket:
    share = spot or quote("AAPL", "239.99", "240.01")
    chain = OptionChain(
        symbol="AAPL",
        underlying=share,
        underlying_age_seconds=(NOW - share.at).total_seconds(),
        underlying_is_stale=(NOW - share.at).total_seconds() > STALE_AFTER,
        rows=rows,
        matched=len(rows),
        as_of=changes.pop("now", NOW),
        rate=0.04,
        dividend_yield=0.0,
    )
    known = {"session": SESSION, "dividends": (), "held": {}, **changes}
    return RollMarket(chain=chain, **known)


def rule(*, target: RollTarget | None = None, **policy: Any) -> RollRule:
    own = RollPolicy(mode=RollMode.DRY_RUN, **policy)
    return RollRule(policy=own, target=target or RollTarget())


def why(answer: RollAnswer) -> str:
    assert isinstance(answer, NoRoll), answer
    return answer.why


def rolled(answer: RollAnswer) -> Roll:
    assert isinstance(answer, Roll), answer
    return answer


def test_a_short_near_its_end_is_rolled_out_at_the_same_strike() -> None:
    roll = rolled(decide(SHORT, market(OLD, NEW), RULE))

    assert (roll.into, roll.into_quantity) == (call("250", NEXT), D(-2))
    assert (roll.units, roll.close_ratio, roll.open_ratio) == (2, 1, 1)
    assert roll.reasons == (Trigger.CREDIT_EXPIRY,)
    assert not roll.urgent
    # Bought back at 1.00, sold at 2.50; at once 1.05 and 2.40; half the way is asked for.
    assert (roll.middle, roll.natural, roll.limit) == (D("-1.50"), D("-1.35"), D("-1.43"))
    assert described(roll) == (
        f"-2 of {call('250').symbol} into -2 of {call('250', NEXT).symbol}"
        " at a net credit of 1.43 or better (credit_expiry)"
    )


def test_an_urgent_roll_is_priced_to_fill_and_needs_no_window() -> None:
    early = NOW.replace(hour=15)
    soon = evolve(SHORT, contract=call("250", date(2026, 12, 4)))
    old = row(soon.contract, "0.955", "1.055")

    roll = rolled(decide(soon, market(old, NEW, now=early), RULE))

    assert roll.urgent
    assert roll.reasons[0] is Trigger.URGENT_EXPIRY
    assert (roll.natural, roll.limit) == (D("-1.345"), D("-1.34")), "rounded so that it fills"


def test_what_is_owned_is_sold_and_bought_further_out() -> None:
    long = OpenOption(contract=put("235", date(2026, 12, 4)), quantity=D(3), price=D("1.00"))
    old = row(long.contract, "0.90", "1.00", -0.2)
    new = row(put("235", NEXT), "3.00", "3.20", -0.35)

    roll = rolled(decide(long, market(old, new), RULE))

    assert (roll.quantity, roll.into_quantity) == (3, 3)
    assert (roll.middle, roll.natural, roll.limit) == (D("2.15"), D("2.30"), D("2.30"))
    assert "net debit of 2.30" in described(roll)


def test_the_nearest_expiration_counts_and_of_two_as_near_the_later() -> None:
    other = row(call("250", date(2026, 12, 28)), "2.0", "2.1")
    later = row(call("250", date(2027, 1, 5)), "2.8", "2.9")
    far = row(call("250", FAR), "4.0", "4.2")

    assert rolled(decide(SHORT, market(OLD, far, other), RULE)).into == other.listed.contract
    assert rolled(decide(SHORT, market(OLD, NEW, other), RULE)).into == NEW.listed.contract
    both = market(OLD, other, later)
    assert rolled(decide(SHORT, both, RULE)).into == later.listed.contract


def test_a_strike_is_found_by_its_delta_among_good_quotes() -> None:
    rows = [
        row(call("255", NEXT), "1.50", "1.60", 0.21, age=6.0),
        row(call("260", NEXT), "1.00", "1.10", 0.18),
        row(call("265", NEXT), "0.60", "0.70", 0.12),
        row(call("262", NEXT), "0.90", "1.00", None),
        row(put("255", NEXT), "1.50", "1.60", -0.20),
        row(call("257", FAR), "1.50", "1.60", 0.20),
    ]

    roll = rolled(decide(SHORT, market(OLD, *rows), BY_DELTA))

    assert roll.into == call("260", NEXT)


def test_a_delta_that_is_no_number_is_unknown() -> None:
    blind = row(call("250", NEXT), "2.40", "2.60", float("nan"))

    assert "is unknown" in why(decide(SHORT, market(OLD, blind), RULE))
    assert "no later contract" in why(decide(SHORT, market(OLD, blind), BY_DELTA))


def test_of_two_deltas_as_near_the_lower_is_taken() -> None:
    rows = [
        row(call("255", NEXT), "1.50", "1.60", 0.25),
        row(call("260", NEXT), "1.00", "1.10", 0.15),
    ]
    exact = evolve(BY_DELTA, target=evolve(BY_DELTA.target, delta=D("0.20")))

    assert rolled(decide(SHORT, market(OLD, *rows), exact)).into == call("260", NEXT)


def test_a_delta_is_kept_by_other_quantities_and_priced_by_the_unit() -> None:
    wanted = rule(target=RollTarget(keep_delta=True), most_growth=D(1))
    new = row(call("250", NEXT), "2.40", "2.60", 0.30)
    four = evolve(SHORT, quantity=D(-4))

    roll = rolled(decide(four, market(OLD, new), wanted))

    # 4 x 0.20 / 0.30, rounded down.
    assert (roll.into_quantity, roll.units, roll.close_ratio, roll.open_ratio) == (-2, 2, 2, 1)
    assert (roll.middle, roll.natural) == (D("-0.50"), D("-0.30"))


@pytest.mark.parametrize(
    ("position", "rows", "words"),
    [
        (evolve(SHORT, hindrance="it is busy"), (OLD, NEW), "it is busy"),
        (SHORT, (NEW,), f"{OLD_NAME} is not in the chain of AAPL"),
        (
            SHORT,
            (row(call("250"), "none", ""), NEW),
            f"the quote of {OLD_NAME} is not good enough: NO_QUOTE",
        ),
        (
            SHORT,
            (row(call("250"), "0.9", "1", age=6), NEW),
            f"the quote of {OLD_NAME} is not good enough: STALE",
        ),
        (
            SHORT,
            (row(call("250"), "1.1", "1"), NEW),
            f"the quote of {OLD_NAME} is not good enough: CROSSED",
        ),
        (
            SHORT,
            (row(call("250"), "1.1", "0"), NEW),
            f"the quote of {OLD_NAME} is not good enough: NO_ASK",
        ),
        (
            evolve(SHORT, quantity=D(2)),
            (row(call("250"), "0", "1"), NEW),
            f"the quote of {OLD_NAME} is not good",
        ),
        (SHORT, (OLD,), "no later contract is listed that fits"),
        (SHORT, (OLD, row(call("251", NEXT), "2", "3")), "no later contract is listed"),
        (SHORT, (OLD, row(put("250", NEXT), "2", "3")), "no later contract is listed"),
        (SHORT, (OLD, row(call("250", date(2026, 12, 9)), "2", "3")), "no later contract"),
        (
            SHORT,
            (OLD, row(call("250", NEXT), "0", "0.05")),
            f"the quote of {call('250', NEXT).symbol} is not good enough: NO_BID",
        ),
        (
            SHORT,
            (OLD, row(call("250", NEXT), "5", "5.1", 0.41)),
            f"{call('250', NEXT).symbol} would have to be rolled again at once: delta",
        ),
        (
            SHORT,
            (OLD, row(call("250", NEXT), "5", "5.1", None)),
            f"the delta of {call('250', NEXT).symbol} is unknown",
        ),
    ],
)
def test_what_is_not_good_enough_rolls_nothing(
    position: OpenOption, rows: tuple[OptionRow, ...], words: str
) -> None:
    answer = decide(position, market(*rows), RULE)

    assert why(answer).startswith(words)
    assert (answer.contract, answer.quantity) == (position.contract, position.quantity)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (quote("AAPL", "241", "240"), "the price of AAPL is not known"),
        (quote("AAPL", "240", "241", 7.0), "the price of AAPL is 7.0 s old"),
    ],
)
def test_without_a_fresh_price_of_the_underlying_nothing_is_rolled(
    share: Quote, words: str
) -> None:
    assert why(decide(SHORT, market(OLD, NEW, spot=share), RULE)) == words


def test_a_short_that_nobody_bids_for_can_be_bought_back() -> None:
    worthless = row(call("250"), "0", "0.04")

    roll = rolled(decide(SHORT, market(worthless, NEW), RULE))

    assert roll.natural == D("-2.36")
    assert Trigger.PROFIT_TARGET in roll.reasons


def test_a_missing_figure_hides_only_what_needs_it() -> None:
    quiet = evolve(SHORT, contract=call("250", FAR))
    unknown = row(quiet.contract, "0.95", "1.05", None)
    adjusted = evolve(quiet, price=None)

    assert why(decide(quiet, market(unknown), RULE)) == (
        "nothing asks for it, but its delta is unknown"
    )
    assert why(decide(adjusted, market(unknown), RULE)) == (
        "nothing asks for it, but what it was opened at and its delta is unknown"
    )
    assert why(decide(adjusted, market(unknown), rule(most_short_delta=None))) == (
        "nothing asks for it, but what it was opened at is unknown"
    )
    assert why(decide(quiet, market(row(quiet.contract, "0.95", "1.05")), RULE)) == (
        "nothing asks for it"
    )
    soon = evolve(SHORT, contract=call("250", date(2026, 12, 4)), price=None)
    blind = row(soon.contract, "0.95", "1.05", None)
    assert rolled(decide(soon, market(blind, NEW), RULE)).reasons == (Trigger.URGENT_EXPIRY,)


def test_an_unknown_entry_is_neither_a_gain_nor_a_loss() -> None:
    """Read as zero, a long without a known entry would be all gain, a short all loss."""
    long = OpenOption(contract=put("235", FAR), quantity=D(1), price=None)
    dear = row(long.contract, "200", "201", -0.5)

    for quantity in (D(1), D(-1)):
        answer = decide(evolve(long, quantity=quantity), market(dear), rule(most_short_delta=None))
        assert answer.reasons == ()


def test_who_waits_says_for_what_and_why_it_would_be_rolled() -> None:
    early = decide(SHORT, market(OLD, NEW, now=NOW.replace(hour=16)), RULE)
    late = decide(SHORT, market(OLD, NEW, now=NOW.replace(hour=21)), RULE)
    closed = decide(SHORT, market(OLD, NEW, session=None), RULE)

    assert why(early) == "it waits for its window, 13:00 to 15:00"
    assert (why(late), why(closed)) == ("the market is closed", "the market is closed")
    assert early.reasons == late.reasons == (Trigger.CREDIT_EXPIRY,)


def test_a_dividend_that_would_be_exercised_for_rolls_at_once() -> None:
    deep = evolve(SHORT, contract=call("200", FAR), price=D("40"))
    old = row(deep.contract, "40.00", "40.05", 0.99)
    tomorrow, larger = Dividend(date(2026, 12, 3), D("0.26")), Dividend(date(2027, 1, 8), D("0.30"))
    nothing = Dividend(date(2026, 12, 2), D(0))
    after = row(call("260", date(2027, 1, 22)), "0.90", "1.00", 0.15)
    delta_off = rule(most_short_delta=None, target=BY_DELTA.target)

    roll = rolled(
        decide(deep, market(old, after, dividends=(nothing, tomorrow, larger)), delta_off)
    )

    assert (roll.urgent, roll.reasons) == (True, (Trigger.EXERCISE_RISK,))
    assert decide(deep, market(old, after), delta_off).reasons == ()


def test_a_contract_that_is_held_on_the_other_side_is_not_rolled_into() -> None:
    """The order would close that position instead of opening one."""
    new = NEW.listed.contract.symbol

    assert "other side" in why(decide(SHORT, market(OLD, NEW, held={new: D(1)}), RULE))
    assert isinstance(decide(SHORT, market(OLD, NEW, held={new: D(-1)}), RULE), Roll)


def test_a_roll_costs_no_more_than_it_may() -> None:
    dear = row(call("250", NEXT), "0.90", "1.00", 0.3)
    bound = rule(target=RollTarget(most_debit=D("0.09")))

    assert why(decide(SHORT, market(OLD, dear), bound)) == ("it would cost 0.10, more than 0.09")
    assert decide(SHORT, market(OLD, dear), bound).reasons == (Trigger.CREDIT_EXPIRY,)
    assert isinstance(decide(SHORT, market(OLD, NEW), bound), Roll)


def test_a_delta_that_is_to_be_kept_has_to_be_known() -> None:
    keeping = rule(target=RollTarget(keep_delta=True), most_short_delta=None)
    blind = row(call("250"), "0.95", "1.05", None)

    assert (
        why(decide(SHORT, market(blind, NEW), keeping)) == "a delta that is to be kept is unknown"
    )


def test_a_rule_of_a_contract_goes_before_that_of_its_underlying() -> None:
    off = RollRule(policy=RollPolicy())
    rules = RollRules(by_symbol={"AAPL": BY_DELTA, call("250").symbol: off})

    assert rules.of(call("250")) is off
    assert rules.of(call("255")) is BY_DELTA
    assert rules.of(evolve(call("250"), underlying="MSFT")) is rules.others
    assert why(decide(SHORT, market(OLD, NEW), off)) == "its rule is off"


cents = st.integers(1, 2_000).map(lambda number: D(number) / 100)


@given(
    st.integers(-50, 50).filter(bool),
    cents,
    cents,
    cents,
    cents,
    st.booleans(),
    st.sampled_from([D(0), D("0.3"), D("0.5"), D(1)]),
)
def test_a_limit_lies_between_the_middle_and_the_natural_price(
    held: int,
    old_bid: Decimal,
    old_width: Decimal,
    new_bid: Decimal,
    new_width: Decimal,
    keep: bool,
    concession: Decimal,
) -> None:
    """Whatever is quoted: to the cent, and never more contracts than growth allows."""
    # A long is rolled only when it is urgent, shorts are in either way.
    contract = call("250", NEAR if keep and held < 0 else date(2026, 12, 4))
    old = row(contract, str(old_bid), str(old_bid + old_width), 0.25)
    new = row(call("250", NEXT), str(new_bid), str(new_bid + new_width), 0.31)
    position = OpenOption(contract=contract, quantity=D(held), price=D("1.00"))
    target = RollTarget(keep_delta=keep, concession=concession)
    wanted = rule(target=target, most_growth=D(1), loss_multiple=D(100_000))

    roll = rolled(decide(position, market(old, new), wanted))

    least, most = roll.natural, roll.natural
    if not roll.urgent:
        least = roll.middle + concession * (roll.natural - roll.middle) - D("0.01")
    assert roll.middle <= roll.natural
    assert least <= roll.limit < most + D("0.01")
    assert roll.urgent == (contract.expiration != NEAR)
    assert roll.quantity * roll.into_quantity > 0
    assert abs(roll.into_quantity) <= abs(roll.quantity)
    assert roll.units * roll.close_ratio == abs(held)
    assert roll.units * roll.open_ratio == abs(roll.into_quantity)


# Spreads, levels, and whether to go on ----------------------------------------------------------

WING = row(call("255"), "0.30", "0.40", 0.08)
NEW_WING = row(call("255", NEXT), "1.40", "1.50", 0.18)
SPREAD = OpenSpread(
    legs=(RollLeg(call("255"), 1), RollLeg(call("250"), -1)), units=D(3), entry=D("-0.60")
)


def test_a_spread_is_rolled_as_a_whole_at_one_net_price() -> None:
    """To close it costs 1.05 less 0.30 at worst, and the next brings 2.40 less 1.50."""
    roll = rolled(decide(SPREAD, market(OLD, NEW, WING, NEW_WING), rule(urgent_days=6)))

    assert (roll.contract, roll.quantity, roll.units) == (call("250"), -3, 3)
    assert (roll.into, roll.into_quantity) == (call("250", NEXT), -3)
    assert roll.opens == (RollLeg(call("255", NEXT), 1), RollLeg(call("250", NEXT), -1))
    assert (roll.natural, roll.limit, roll.urgent) == (D("-0.15"), D("-0.15"), True)
    assert described(roll) == (
        f"3 of the spread +1 {call('255').symbol}, -1 {call('250').symbol} into"
        f" +1 {call('255', NEXT).symbol}, -1 {call('250', NEXT).symbol}"
        " at a net credit of 0.15 or better (urgent_expiry, credit_expiry)"
    )


def test_a_spread_that_is_left_says_which_its_legs_are() -> None:
    answer = decide(evolve(SPREAD, hindrance="it is busy"), market(OLD, WING), RULE)

    assert why(answer) == "it is busy"
    assert isinstance(answer, NoRoll)
    assert answer.legs == SPREAD.legs


OWN = RollLevels(
    stop_loss=D("2.00"),
    take_profit=D("0.10"),
    denomination=RiskDenomination.OPTION_PRICE,
    guard=Guard(),
    premium=D("1.00"),
)


def test_the_dry_run_says_where_levels_would_stand() -> None:
    roll = rolled(decide(evolve(SHORT, levels=OWN), market(OLD, NEW), RULE))

    assert roll.levels == OWN
    assert roll.new_levels is not None
    assert (roll.new_levels.stop_loss, roll.new_levels.take_profit) == (D("5.00"), D("0.25"))


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        (evolve(OWN, premium=None), NO_PREMIUM),
        (
            evolve(OWN, denomination=RiskDenomination.UNDERLYING_PRICE, stop_loss=D(239)),
            "its levels cannot be carried: its stop would be 239, and the price is 240.00",
        ),
    ],
)
def test_what_would_lose_its_levels_is_not_rolled(levels: RollLevels, words: str) -> None:
    assert why(decide(evolve(SHORT, levels=levels), market(OLD, NEW), RULE)) == words


def test_whoever_is_asked_rolls_without_a_trigger_and_outside_the_window_alone() -> None:
    calm = evolve(SHORT, price=D("1.00"))
    policy = {"credit_days": 0, "urgent_days": 0, "early_profit_days": 0}
    there = market(row(call("250"), "0.95", "1.00"), NEW)
    off = RollRule(policy=RollPolicy(**policy))

    assert why(decide(calm, there, off)) == "its rule is off"
    roll = rolled(decide(calm, there, off, asked=True))
    assert (roll.reasons, roll.urgent) == ((), False)
    assert described(roll).endswith("(asked for)")
    shut = evolve(there, session=None)
    assert why(decide(calm, shut, off, asked=True)) == "the market is closed"


def test_a_roll_goes_on_while_something_asks_for_it() -> None:
    there = market(OLD, NEW)

    assert still_wanted(SHORT, there, RULE) is False, "wanted, and not urgent"
    assert still_wanted(SHORT, there, rule(urgent_days=6)) is True
    idle = rule(credit_days=0, urgent_days=0, early_profit_days=0)
    assert still_wanted(SHORT, there, idle) == "nothing asks for it"
    assert still_wanted(SHORT, there, idle, asked=True) is False
    assert still_wanted(SHORT, market(NEW), RULE) == f"{OLD_NAME} is not in the chain of AAPL"
