"""What must hold for every plan, in shares, options and spreads, on every portfolio.

The limits are tight, so that plans are refused for all kinds of reasons.
"""

from decimal import Decimal

from attrs import evolve
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cream.core.model.market import Known, Quote
from cream.core.model.order import OrderTerms
from cream.core.model.plan import Decision, RiskDenomination
from cream.core.model.position import Position
from cream.core.model.verdict import Verdict
from cream.core.risk.gate import Gate
from cream.core.risk.view import PortfolioView
from tests.unit.core.risk.scenes import (
    NOW,
    VERTICAL,
    account,
    buy,
    cover,
    d,
    gate,
    held,
    limits,
    order,
    plan,
    short,
    spread,
    trim,
    view,
)

LOW = VERTICAL[0].contract.symbol
OTHER = "NVDA  261218C00190000"
SHARES = {"AAPL": "238.50", "MSFT": "512.00", "TSLA": "430.00", "XOM": "116.00"}
OPTIONS = {LOW: "4.20", OTHER: "6.35"}
FEW = settings(max_examples=80, deadline=None)

TIGHT: Gate = gate(
    limits(
        per_instrument={"max_units": 60, "max_notional": d(12_000)},
        portfolio={
            "max_gross_notional": d(40_000),
            "max_net_notional": d(15_000),
            "max_underlying_equity_pct": d("0.12"),
            "max_sector_equity_pct": d("0.20"),
            "sectors": {"AAPL": "TECH", "MSFT": "TECH", "NVDA": "TECH"},
        },
        options={
            "max_contracts_per_underlying": 12,
            "max_delta_per_underlying_shares": d(150),
            "max_portfolio_vega": d(150),
        },
        orders={"max_open": 6, "max_positions": 8},
        rate={"orders_per_minute": 5},
        losses={"max_daily_loss_pct": d("0.05")},
    )
)


def share_entry(symbol: str, size: int, name: str, goes_long: bool) -> Decision:
    price = d(SHARES[symbol])
    if goes_long:
        levels = {"stop": str(price * d("0.96")), "target": str(price * d("1.08"))}
        return buy(symbol, size, limit=SHARES[symbol], decision_id=name, **levels)
    levels = {"stop": str(price * d("1.04")), "target": str(price * d("0.92"))}
    return short(symbol, size, limit=SHARES[symbol], decision_id=name, **levels)


def option_entry(symbol: str, size: int, name: str) -> Decision:
    price = d(OPTIONS[symbol])
    return buy(
        symbol,
        size,
        limit=OPTIONS[symbol],
        stop=str(price * d("0.7")),
        target=str(price * 2),
        denomination=RiskDenomination.OPTION_PRICE,
        decision_id=name,
    )


def spread_entry(size: int, name: str) -> Decision:
    return spread(size, decision_id=name)


names = st.integers(0, 10**9).map(str)
entries = st.one_of(
    st.builds(
        share_entry, st.sampled_from(sorted(SHARES)), st.integers(1, 40), names, st.booleans()
    ),
    st.builds(option_entry, st.sampled_from(sorted(OPTIONS)), st.integers(1, 6), names),
    st.builds(spread_entry, st.integers(1, 5), names),
)
plans = st.lists(entries, min_size=1, max_size=4, unique_by=lambda one: one.decision_id)


@st.composite
def portfolios(draw: st.DrawFn) -> PortfolioView:
    positions = draw(
        st.dictionaries(
            st.sampled_from([*sorted(SHARES), LOW, OTHER]), st.integers(-15, 30), max_size=4
        )
    )
    working = draw(
        st.lists(
            st.builds(
                order,
                st.sampled_from(sorted(SHARES)),
                st.integers(1, 10),
                limit=st.just("60"),
                order_id=names,
            ),
            max_size=3,
            unique_by=lambda one: one.order_id,
        )
    )
    # Single options are never held short here: whether that can go on is a question of its own.
    held_ones = [
        held(symbol, abs(count) if symbol in OPTIONS else count, 50)
        for symbol, count in positions.items()
    ]
    return view(*held_ones, working=working)


def essence(verdict: Verdict) -> tuple[bool, list[str]]:
    """A verdict without the places of decisions in the plan."""
    said = (
        (one.code, one.instrument_id, one.observed, one.limit, one.headroom)
        for one in verdict.violations
    )
    return verdict.ok, sorted(map(repr, said))


@FEW
@given(plans, portfolios(), st.randoms(use_true_random=False))
def test_the_order_of_decisions_changes_nothing(
    decisions: list[Decision], on: PortfolioView, chance: object
) -> None:
    shuffled = list(decisions)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    assert essence(TIGHT.judge(plan(*shuffled), on, NOW)) == essence(
        TIGHT.judge(plan(*decisions), on, NOW)
    )


@FEW
@given(entries, st.lists(st.integers(1, 12), min_size=2, max_size=4), portfolios())
def test_asking_in_parts_never_passes_what_the_whole_failed(
    one: Decision, parts: list[int], on: PortfolioView
) -> None:
    def of(size: int, name: str) -> Decision:
        return evolve(one, decision_id=name, size=evolve(one.size, quantity=d(size)))

    whole = TIGHT.judge(plan(of(sum(parts), "whole")), on, NOW)
    split = TIGHT.judge(plan(*(of(part, str(n)) for n, part in enumerate(parts))), on, NOW)

    assert whole.ok or not split.ok


# Small enough that most of them pass, so that there is something that could be lost.
small_plans = st.lists(
    st.one_of(
        st.builds(
            share_entry, st.sampled_from(sorted(SHARES)), st.integers(1, 4), names, st.booleans()
        ),
        st.builds(option_entry, st.sampled_from(sorted(OPTIONS)), st.just(1), names),
        st.builds(spread_entry, st.just(1), names),
    ),
    min_size=1,
    max_size=2,
    unique_by=lambda one: one.decision_id,
)


@FEW
@given(small_plans, portfolios(), st.data())
def test_a_valid_exit_never_turns_a_pass_into_a_failure(
    decisions: list[Decision], on: PortfolioView, data: st.DataObject
) -> None:
    """Of something held that the plan does not trade otherwise."""
    before = TIGHT.judge(plan(*decisions), on, NOW)
    traded = {one.instrument.symbol for one in decisions}
    traded |= {leg.contract.symbol for one in decisions for leg in one.legs}
    free = [one for symbol, one in on.positions.items() if not one.is_flat and symbol not in traded]
    if not before.ok or not free:
        return
    position = data.draw(st.sampled_from(free))
    size = data.draw(st.integers(1, int(abs(position.quantity))))
    symbol = position.instrument.symbol
    reduce = trim(symbol, size) if position.quantity > 0 else cover(symbol, size)
    if not TIGHT.judge(plan(evolve(reduce, decision_id="exit")), on, NOW).ok:
        return

    both = TIGHT.judge(plan(*decisions, evolve(reduce, decision_id="exit")), on, NOW)

    assert both.ok, both.violations


@FEW
@given(plans, portfolios())
def test_suggested_sizes_pass_and_one_unit_more_of_the_last_fails(
    decisions: list[Decision], on: PortfolioView
) -> None:
    found = TIGHT.judge(plan(*decisions), on, NOW)
    assume(found.suggestions)
    assert [one.decision_id for one in found.suggestions] == [one.decision_id for one in decisions]

    def resized(more: int) -> list[Decision]:
        sizes = [one.quantity for one in found.suggestions]
        kept = [(one, size) for one, size in zip(decisions, sizes, strict=True) if size is not None]
        last = len(kept) - 1
        return [
            evolve(one, size=evolve(one.size, quantity=size + (more if at == last else 0)))
            for at, (one, size) in enumerate(kept)
        ]

    assert TIGHT.judge(plan(*resized(0)), on, NOW).ok
    limited = [one.quantity for one in found.suggestions if one.quantity is not None]
    if limited and limited[-1] < _last_asked(decisions, found):
        assert not TIGHT.judge(plan(*resized(1)), on, NOW).ok


def _last_asked(decisions: list[Decision], found: Verdict) -> Decimal:
    asked = [
        one.size.quantity
        for one, suggestion in zip(decisions, found.suggestions, strict=True)
        if suggestion.quantity is not None
    ]
    return asked[-1]


def filled(position: Position | None, terms: OrderTerms) -> Position:
    before = position or Position(instrument=terms.instrument)
    price = terms.limit_price or d(0)
    return before.filled(terms.side.sign * terms.quantity, price)


def _at_its_price(terms: OrderTerms) -> Known[Quote]:
    """A market in which the order has just filled."""
    price = terms.limit_price or d(0)
    found = Quote(
        symbol=terms.instrument.symbol, bid=price, ask=price, bid_size=1, ask_size=1, at=NOW
    )
    return Known(found)


@FEW
@given(
    st.lists(
        st.builds(
            share_entry, st.sampled_from(sorted(SHARES)), st.integers(1, 40), names, st.just(True)
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda one: one.decision_id,
    )
)
def test_what_is_approved_leaves_room_for_nothing_but_what_the_limits_leave(
    decisions: list[Decision],
) -> None:
    """Once everything has filled at its price, no limit is broken by what is there."""
    found = TIGHT.judge(plan(*decisions), view(), NOW)
    assume(found.ok)
    positions: dict[str, Position] = {}
    data: dict[str, Known[Quote]] = {}
    for terms in found.orders:
        symbol = terms.instrument.symbol
        positions[symbol] = filled(positions.get(symbol), terms)
        data[symbol] = _at_its_price(terms)
    after = view(*positions.values(), data=data, of=Known(account()))

    values = {name: one.quantity * one.average_price for name, one in positions.items()}
    config = TIGHT.limits
    assert all(one.quantity <= config.per_instrument.max_units for one in positions.values())
    assert all(value <= config.per_instrument.max_notional for value in values.values())
    assert all(value <= config.per_instrument.max_equity_pct * 100_000 for value in values.values())
    assert sum(values.values()) <= config.portfolio.max_gross_notional
    assert abs(sum(values.values())) <= config.portfolio.max_net_notional
    tech = sum(values.get(name, d(0)) for name in ("AAPL", "MSFT"))
    assert tech <= config.portfolio.max_sector_equity_pct * 100_000
    assert len(found.orders) <= config.rate.orders_per_minute
    # And what is there can be closed under the same limits.
    closing = [trim(name, str(one.quantity), decision_id=name) for name, one in positions.items()]
    assert TIGHT.judge(plan(*closing), after, NOW).ok
