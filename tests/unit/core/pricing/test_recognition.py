import pytest

from cream.core.pricing import builders
from cream.core.pricing.recognition import Kind, Warnings, recognise
from cream.core.pricing.strategies import Strategy, StrategyLeg, unit
from tests.unit.core.pricing.legs import FAR, call, put

NAMED = [
    (builders.single(call(100)), "long call single"),
    (builders.single(put(100)), "long put single"),
    (builders.cash_secured_put(put(100)), "cash-secured put"),
    (builders.covered_call(call(110)), "covered call"),
    (builders.protective_put(put(90)), "protective put"),
    (builders.collar(put(90), call(110)), "collar"),
    (builders.vertical(call(100), call(110)), "bull call vertical"),
    (builders.vertical(call(110), call(100)), "bear call vertical"),
    (builders.vertical(put(90), put(100)), "bull put vertical"),
    (builders.vertical(put(100), put(90)), "bear put vertical"),
    (builders.straddle(put(100), call(100)), "long straddle"),
    (builders.strangle(put(90), call(110), bought=False), "short strangle"),
    (builders.butterfly(put(90), put(100), put(110), bought=False), "short put butterfly"),
    (builders.iron_condor(put(90), put(95), call(105), call(110)), "short iron condor"),
    (builders.iron_condor(put(90), put(95), call(105), call(110), sold=False), "long iron condor"),
    (builders.iron_butterfly(put(90), put(100), call(100), call(110)), "short iron butterfly"),
    (builders.calendar(put(100), put(100, FAR)), "long put calendar"),
    (builders.diagonal(call(105), call(100, FAR)), "long call diagonal"),
    (builders.ratio(call(100), call(110), 1, 2), "call ratio"),
]


@pytest.mark.parametrize(("strategy", "title"), NAMED, ids=[title for _, title in NAMED])
def test_what_is_built_is_recognised(strategy: Strategy, title: str) -> None:
    assert recognise(strategy).title == title


def made(*legs: tuple[object, int], lots: int = 0) -> Strategy:
    return unit([StrategyLeg(contract, ratio) for contract, ratio in legs], lots)[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "strategy",
    [
        made((call(100), 1), (put(110), -1)),
        made((put(110), 1), (call(100), 1)),
        made((call(100), 1), (call(110), 1)),
        made((call(90), 1), (call(100), -1), (call(110), 1)),
        made((call(90), 1), (call(100), -2), (put(110), 1)),
        made((put(90), 1), (put(105), -1), (call(95), -1), (call(110), 1)),
        made((put(90), 2), (put(95), -1), (call(105), -1), (call(110), 1)),
        made((call(100), -1), (call(100, FAR), 2)),
        made((call(100), -1), (put(100, FAR), 1)),
        made((call(100), -1), (call(105), -1), (call(110, FAR), 2)),
        made((call(100), 1), lots=1),
        made((call(100), -2), lots=1),
        made((put(80), 1), (put(90), 1), (put(95), 1), (put(100), 1), (call(100), 1)),
    ],
)
def test_what_fits_no_name_is_custom(strategy: Strategy) -> None:
    assert recognise(strategy).kind is Kind.CUSTOM


def test_what_a_name_would_hide_is_said() -> None:
    broken = made((call(90), 1), (call(100), -2), (call(115), 1))
    lopsided = made((put(90), 1), (put(95), -1), (call(105), -1), (call(115), 1))
    reversed_calendar = made((call(100), 1), (call(100, FAR), -1))

    assert recognise(builders.ratio(call(100), call(110), 1, 2)).warnings is Warnings.UNCOVERED
    assert recognise(builders.ratio(call(100), call(110), 2, 1)).warnings is Warnings.NONE
    assert (
        recognise(builders.straddle(put(100), call(100), bought=False)).warnings
        is Warnings.UNCOVERED
    )
    assert recognise(builders.cash_secured_put(put(100))).warnings is Warnings.NONE
    assert recognise(broken).warnings is Warnings.UNEVEN_WINGS
    assert recognise(lopsided).warnings is Warnings.UNEVEN_WINGS
    assert recognise(reversed_calendar).warnings == Warnings.LATER_IS_SHORT | Warnings.UNCOVERED
    assert recognise(made((call(100), -2), lots=1)).warnings is Warnings.UNCOVERED
