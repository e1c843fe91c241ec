"""Where a quote reaches no level: a shortcut that must never differ from looking."""

from decimal import Decimal

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.execution.levels import Protection, TriggerPrice, calm_of, reached
from cream.core.model.instrument import Equity, OptionContract, OptionRight
from cream.core.model.plan import Guard
from tests.fakes.builders import NOW, quote

PUT = OptionContract("AAPL", NOW.date().replace(month=12, day=18), OptionRight.PUT, Decimal(100))
levels = st.none() | st.integers(90, 110).map(Decimal)
prices = st.integers(0, 120).map(Decimal)


def protection(stop: Decimal | None, target: Decimal | None, *, put: bool = False) -> Protection:
    return Protection(
        instrument=PUT if put else Equity("AAPL"),
        watched="AAPL",
        stop_loss=stop,
        take_profit=target,
        entry_order_id="o-1",
    )


@settings(max_examples=100, deadline=None)
@given(
    levels,
    levels,
    prices,
    prices,
    st.none() | prices,
    st.booleans(),
    st.sampled_from([Decimal(5), Decimal(-5)]),
    st.sampled_from(TriggerPrice),
)
def test_what_is_calm_reaches_nothing(
    stop: Decimal | None,
    target: Decimal | None,
    bid: Decimal,
    ask: Decimal,
    last: Decimal | None,
    put: bool,
    quantity: Decimal,
    trigger: TriggerPrice,
) -> None:
    guarded = protection(stop, target, put=put)
    seen = evolve(quote("AAPL", "100"), bid=bid, ask=ask, last=last)
    calm = calm_of(guarded, quantity)

    assert calm is not None
    hit = reached(guarded, quantity, seen, trigger)
    if calm.holds(seen, trigger):
        assert hit is None
    elif not seen.is_crossed and min(bid, ask) > 0 and (last is None or last > 0):
        assert hit is not None, "nothing is looked at in vain"


def test_a_stop_that_follows_the_price_is_never_calm() -> None:
    guarded = evolve(protection(Decimal(95), None), guard=Guard(trail_price=Decimal(1)))

    assert calm_of(guarded, Decimal(5)) is None
