"""What Alpaca would refuse to read: the matrix of classes, types and times, prices, exits, legs."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cream.core.exchange.alpaca_rules import (
    allowed_times_in_force,
    every_violation_of,
    is_ordinary,
    tick_size,
    violations_of,
)
from cream.core.model.instrument import Equity
from cream.core.model.order import OrderClass, OrderLeg, OrderPurpose, OrderTerms, OrderType, Side
from cream.core.model.plan import PositionIntent, TimeInForce
from tests.fakes.venue_lab import bracket, call, leg, oco, put, spread, terms

D, G = TimeInForce.DAY, TimeInForce.GTC
DAY_OR_GTC = {D, G}
ALL = set(TimeInForce)


def codes(order: OrderTerms) -> list[str]:
    return [breach.code for breach in violations_of(order)]


def fields(order: OrderTerms) -> list[str]:
    return [breach.field for breach in violations_of(order)]


def oto(take_profit: str | None = None, stop_loss: str | None = "228.50") -> OrderTerms:
    return terms(
        Side.BUY,
        "10",
        "238.50",
        order_class=OrderClass.OTO,
        take_profit=take_profit,
        stop_loss=stop_loss,
    )


CONDOR = (leg(put("225"), 1), leg(put("230"), -1), leg(call("245"), -1), leg(call("250"), 1))


SOUND = {
    "market": terms(),
    "limit": terms(limit="238.50"),
    "stop": terms(stop="240.00"),
    "stop-limit": terms(limit="240.50", stop="240.00"),
    "trail": terms(Side.SELL, order_type=OrderType.TRAILING_STOP, trail_percent="2.5"),
    "fraction": terms(quantity="0.123456789"),
    "bracket": bracket(),
    "market bracket": bracket(limit=None),
    "short bracket": bracket("10", "238.50", "220", "245", side=Side.SELL),
    "oto stop": oto(),
    "oto target": oto("253.50", None),
    "oco": oco(),
    "oco of a short": oco("10", "220", "245", side=Side.BUY),
    "option": terms(limit="4.35", symbol=call("240").symbol),
    "option stop": terms(Side.SELL, stop="3.35", symbol=call("240").symbol),
    "option with watched levels": evolve(
        terms(limit="4.35", symbol=call("240").symbol), take_profit=Decimal("8.001")
    ),
    "debit": spread((leg(call("240"), 1), leg(call("250"), -1)), "5", "3.10"),
    "condor": spread(CONDOR, "2", "-1.60"),
    "even": spread(CONDOR, "2", "0.00"),
    "market spread": spread(CONDOR, "2"),
    "calendar": spread(
        (leg(call("240", expiry=call("1").expiration.replace(year=2027)), 1), leg(call("240"), -1))
    ),
    "closing": spread((leg(call("240"), -1, closes=True), leg(call("250"), 1, closes=True))),
    "huge": terms(quantity="1" + "0" * 30, limit="1" + "0" * 30),
}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_order_breaks_no_rule(name: str) -> None:
    assert violations_of(SOUND[name]) == ()


BROKEN: dict[str, tuple[OrderTerms, list[tuple[str, str]]]] = {
    "no id": (
        evolve(terms(), client_order_id=""),
        [("INVALID_CLIENT_ORDER_ID", "client_order_id")],
    ),
    "long id": (
        evolve(terms(), client_order_id="x" * 129),
        [("INVALID_CLIENT_ORDER_ID", "client_order_id")],
    ),
    "nothing": (terms(quantity="0"), [("INVALID_QUANTITY", "quantity")]),
    "less than nothing": (terms(quantity="-5"), [("INVALID_QUANTITY", "quantity")]),
    "not a number": (terms(quantity="NaN"), [("INVALID_QUANTITY", "quantity")]),
    "half a contract": (
        terms(quantity="1.5", limit="4.35", symbol=call("240").symbol),
        [("FRACTIONAL_QUANTITY", "quantity")],
    ),
    "half a spread": (spread(CONDOR, "1.5", "-1.60"), [("FRACTIONAL_QUANTITY", "quantity")]),
    "half a share in a bracket": (bracket("1.5"), [("FRACTIONAL_QUANTITY", "quantity")]),
    "half a share for long": (
        terms(quantity="1.5", tif=G),
        [("FRACTIONAL_QUANTITY", "time_in_force")],
    ),
    "half a share short": (
        terms(Side.SELL, "1.5", intent=PositionIntent.SELL_TO_OPEN),
        [("FRACTIONAL_QUANTITY", "quantity")],
    ),
    "ten places": (terms(quantity="0.0000000001"), [("FRACTIONAL_QUANTITY", "quantity")]),
    "limit without price": (
        terms(order_type=OrderType.LIMIT),
        [("MISSING_LIMIT_PRICE", "limit_price")],
    ),
    "stop without price": (
        terms(order_type=OrderType.STOP),
        [("MISSING_STOP_PRICE", "stop_price")],
    ),
    "market with prices": (
        terms(limit="1.00", stop="2.00", order_type=OrderType.MARKET),
        [("UNEXPECTED_LIMIT_PRICE", "limit_price"), ("UNEXPECTED_STOP_PRICE", "stop_price")],
    ),
    "free": (terms(limit="0"), [("INVALID_PRICE", "limit_price")]),
    "endless": (terms(limit="Infinity"), [("INVALID_PRICE", "limit_price")]),
    "sub-penny limit": (terms(limit="290.123"), [("SUB_PENNY_PRICE", "limit_price")]),
    "sub-penny stop": (terms(stop="290.123"), [("SUB_PENNY_PRICE", "stop_price")]),
    "sub-penny target": (
        bracket(take_profit="253.505"),
        [("SUB_PENNY_PRICE", "take_profit")],
    ),
    "sub-penny exit": (bracket(stop_loss="228.505"), [("SUB_PENNY_PRICE", "stop_loss")]),
    "sub-penny net": (spread(CONDOR, "2", "-0.605"), [("SUB_PENNY_PRICE", "limit_price")]),
    "fifth place": (terms(limit="0.12345"), [("SUB_PENNY_PRICE", "limit_price")]),
    "trail on a limit": (
        terms(limit="238.50", trail_price="1.00"),
        [("UNEXPECTED_TRAIL", "trail_price")],
    ),
    "no trail": (
        terms(order_type=OrderType.TRAILING_STOP),
        [("INVALID_TRAIL", "trail_price")],
    ),
    "two trails": (
        terms(order_type=OrderType.TRAILING_STOP, trail_price="1.00", trail_percent="1"),
        [("INVALID_TRAIL", "trail_price")],
    ),
    "no distance": (
        terms(order_type=OrderType.TRAILING_STOP, trail_price="0"),
        [("INVALID_TRAIL", "trail_price")],
    ),
    "the whole price": (
        terms(order_type=OrderType.TRAILING_STOP, trail_percent="100"),
        [("INVALID_TRAIL", "trail_percent")],
    ),
    "trailing bracket": (
        evolve(bracket(limit=None), order_type=OrderType.TRAILING_STOP, trail_price=Decimal(1)),
        [("INVALID_ORDER_TYPE", "order_type")],
    ),
    "bracket without target": (
        evolve(bracket(), take_profit=None),
        [("MISSING_TAKE_PROFIT", "take_profit")],
    ),
    "bracket without stop": (
        evolve(bracket(), stop_loss=None),
        [("MISSING_STOP_LOSS", "stop_loss")],
    ),
    "bracket as exit": (
        evolve(bracket(), purpose=OrderPurpose.EXIT),
        [("INVALID_PURPOSE", "purpose")],
    ),
    "levels the wrong way round": (
        bracket(limit=None, take_profit="228.50", stop_loss="253.50"),
        [("EXITS_INVERTED", "take_profit")],
    ),
    "stop at the entry": (bracket(stop_loss="238.50"), [("STOP_TOO_CLOSE", "stop_loss")]),
    "target at the entry": (bracket(take_profit="238.50"), [("TARGET_TOO_CLOSE", "take_profit")]),
    "stop of a short below": (
        bracket("10", "238.50", "220", "238.50", side=Side.SELL),
        [("STOP_TOO_CLOSE", "stop_loss")],
    ),
    "oto with both": (oto("253.50", "228.50"), [("INVALID_OTO_EXITS", "take_profit")]),
    "oto with none": (oto(None, None), [("INVALID_OTO_EXITS", "take_profit")]),
    "oco without stop": (evolve(oco(), stop_loss=None), [("MISSING_STOP_LOSS", "stop_loss")]),
    "oco as entry": (
        evolve(oco(), purpose=OrderPurpose.ENTRY),
        [("INVALID_PURPOSE", "purpose")],
    ),
    "oco with two targets": (
        evolve(oco(), take_profit=Decimal("254.00")),
        [("INVALID_TAKE_PROFIT", "take_profit")],
    ),
    "oco with its stop above": (
        oco("10", "253.50", "253.50"),
        [("EXITS_INVERTED", "take_profit"), ("STOP_TOO_CLOSE", "stop_loss")],
    ),
    "bracket on an option": (
        evolve(bracket("1", "4.35", "8.00", "2.00"), instrument=call("240")),
        [("COMPLEX_ORDER_ON_OPTION", "order_class")],
    ),
    "trailing option": (
        terms(
            Side.SELL,
            order_type=OrderType.TRAILING_STOP,
            trail_price="1.00",
            symbol=call("240").symbol,
        ),
        [("INVALID_ORDER_TYPE", "order_type")],
    ),
    "legs on a simple order": (evolve(terms(), legs=CONDOR), [("UNEXPECTED_LEGS", "legs")]),
    "one leg": (spread((leg(call("240"), 1),)), [("INVALID_LEG_COUNT", "legs")]),
    "five legs": (
        spread((*CONDOR, leg(call("260"), 1))),
        [("INVALID_LEG_COUNT", "legs")],
    ),
    "the same leg twice": (
        spread((leg(call("240"), 1), leg(call("240"), 1)), "1", "4.00"),
        [("DUPLICATE_LEGS", "legs")],
    ),
    "another underlying": (
        spread((leg(call("240"), 1), leg(call("250", "MSFT"), -1)), "1", "4.00"),
        [("UNDERLYING_MISMATCH", "legs[1]")],
    ),
    "a leg of nothing": (
        spread((leg(call("240"), 1), OrderLeg(call("250"), 0, PositionIntent.BUY_TO_OPEN))),
        [("INVALID_RATIO", "legs[1]")],
    ),
    "an intent against its sign": (
        spread((leg(call("240"), 1), OrderLeg(call("250"), 1, PositionIntent.SELL_TO_CLOSE))),
        [("POSITION_INTENT_MISMATCH", "legs[1]")],
    ),
    "a common divisor": (
        spread((leg(call("240"), 2), leg(call("250"), -2)), "1", "4.00"),
        [("INVALID_RATIO", "legs")],
    ),
    "a naked call": (
        spread((leg(call("240"), 1), leg(call("250"), -2)), "1", "1.00"),
        [("UNCOVERED_LEG", "legs")],
    ),
    "a naked put beside a call": (
        spread((leg(call("240"), 1), leg(put("230"), -1)), "1", "1.00"),
        [("UNCOVERED_LEG", "legs")],
    ),
    "a short call that outlives its cover": (
        spread(
            (
                leg(call("240"), 1),
                leg(call("250", expiry=call("1").expiration.replace(year=2027)), -1),
            )
        ),
        [("UNCOVERED_LEG", "legs")],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_named_with_its_field(name: str) -> None:
    order, expected = BROKEN[name]
    assert [(breach.code, breach.field) for breach in violations_of(order)] == expected


def test_all_rules_are_reported_together_in_alpacas_words() -> None:
    order = evolve(terms(limit="290.123", quantity="-1"), time_in_force=TimeInForce.OPG)
    breaches = violations_of(evolve(order, order_class=OrderClass.BRACKET))
    messages = [breach.message for breach in breaches]
    assert messages == [
        "invalid time_in_force: this order may be day, gtc",
        "qty must be above zero",
        "invalid limit_price 290.123. "
        "sub-penny increment does not fulfill minimum pricing criteria",
        "bracket orders require take_profit.limit_price",
        "bracket orders require stop_loss.stop_price",
    ]


@pytest.mark.parametrize("tif", TimeInForce)
@pytest.mark.parametrize(
    ("make", "allowed"),
    [
        (lambda: terms(), ALL),
        (lambda: terms(limit="238.50"), ALL),
        (lambda: terms(stop="240.00"), DAY_OR_GTC),
        (lambda: terms(limit="240.50", stop="240.00"), DAY_OR_GTC),
        (
            lambda: terms(order_type=OrderType.TRAILING_STOP, trail_price="1.00"),
            DAY_OR_GTC,
        ),
        (lambda: bracket(), DAY_OR_GTC),
        (lambda: oto(), DAY_OR_GTC),
        (lambda: oco(), DAY_OR_GTC),
        (lambda: terms(limit="4.35", symbol=call("240").symbol), {D}),
        (lambda: spread(CONDOR, "2", "-1.60"), {D}),
    ],
)
def test_each_kind_of_order_has_its_times_in_force(
    make: Callable[[], OrderTerms], allowed: set[TimeInForce], tif: TimeInForce
) -> None:
    order = evolve(make(), time_in_force=tif)
    assert codes(order) == ([] if tif in allowed else ["INVALID_TIME_IN_FORCE"])
    assert allowed_times_in_force(order) == allowed


@pytest.mark.parametrize("order_type", OrderType)
@pytest.mark.parametrize(
    ("make", "allowed"),
    [
        (bracket, set(OrderType) - {OrderType.TRAILING_STOP}),
        (oto, set(OrderType) - {OrderType.TRAILING_STOP}),
        (oco, {OrderType.LIMIT}),
        (lambda: spread(CONDOR, "2", "-1.60"), {OrderType.MARKET, OrderType.LIMIT}),
    ],
)
def test_each_class_has_its_types(
    make: Callable[[], OrderTerms], allowed: set[OrderType], order_type: OrderType
) -> None:
    found = codes(evolve(make(), order_type=order_type))
    assert ("INVALID_ORDER_TYPE" in found) == (order_type not in allowed)


def test_shares_below_a_dollar_are_priced_finer() -> None:
    share = Equity("AAPL")
    assert tick_size(share, Decimal("0.9999")) == Decimal("0.0001")
    assert tick_size(share, Decimal("1.00")) == Decimal("0.01")
    assert tick_size(call("240"), Decimal("0.05")) == Decimal("0.01")
    assert codes(terms(limit="0.1234")) == []
    assert codes(terms(limit="1.1234")) == ["SUB_PENNY_PRICE"]


@given(st.integers(1, 10**40), st.integers(0, 40), st.sampled_from(["limit_price", "quantity"]))
def test_numbers_of_any_size_are_judged_and_never_overflow(
    digits: int, places: int, field: str
) -> None:
    number = Decimal((0, tuple(map(int, str(digits))), -places))
    found = fields(evolve(terms(limit="238.50"), **{field: number}))
    needed = len(str(digits).rstrip("0")) - len(str(digits)) + places
    if field == "quantity":
        assert bool(found) == (needed > 9)
    else:
        assert bool(found) == (needed > (2 if number >= 1 else 4))


prices = st.none() | st.sampled_from(["-1", "0", "0.005", "1", "1.001", "238.5", "NaN", "1e20"])
sizes = st.sampled_from(["0", "-1", "0.5", "1", "10", "1e16", "NaN"])


@given(
    limit=prices,
    stop=prices,
    stop_loss=prices,
    take_profit=prices,
    quantity=sizes,
    order_class=st.sampled_from(OrderClass),
    order_type=st.sampled_from(OrderType),
    tif=st.sampled_from(TimeInForce),
    side=st.sampled_from(Side),
    purpose=st.sampled_from(OrderPurpose),
    client_id=st.sampled_from(["", "mine", "x" * 129]),
)
def test_what_is_ordinary_breaks_no_rule(
    limit: str | None,
    stop: str | None,
    stop_loss: str | None,
    take_profit: str | None,
    quantity: str,
    order_class: OrderClass,
    order_type: OrderType,
    tif: TimeInForce,
    side: Side,
    purpose: OrderPurpose,
    client_id: str,
) -> None:
    """The short way round never says yes where one of the rules says no."""
    order = evolve(
        terms(side),
        client_order_id=client_id,
        quantity=Decimal(quantity),
        limit_price=None if limit is None else Decimal(limit),
        stop_price=None if stop is None else Decimal(stop),
        stop_loss=None if stop_loss is None else Decimal(stop_loss),
        take_profit=None if take_profit is None else Decimal(take_profit),
        order_class=order_class,
        order_type=order_type,
        time_in_force=tif,
        purpose=purpose,
    )

    assert not is_ordinary(order) or every_violation_of(order) == ()


@pytest.mark.parametrize("name", ["market", "limit", "bracket", "market bracket", "short bracket"])
def test_most_orders_are_ordinary(name: str) -> None:
    assert is_ordinary(SOUND[name])
    assert every_violation_of(SOUND[name]) == ()
