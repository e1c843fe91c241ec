from collections.abc import Callable

import pytest

from cream.core.pricing import builders
from cream.core.pricing.strategies import Strategy
from tests.unit.core.pricing.legs import FAR, call, put


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: builders.vertical(call(100), put(110)), "vertical"),
        (lambda: builders.vertical(call(100), call(100)), "vertical"),
        (lambda: builders.vertical(call(100), call(110, FAR)), "diagonal"),
        (lambda: builders.straddle(put(100), call(101)), "strangle"),
        (lambda: builders.strangle(put(100), call(100)), "straddle"),
        (lambda: builders.strangle(put(105), call(100)), "custom"),
        (lambda: builders.iron_condor(put(95), put(90), call(105), call(110)), "custom"),
        (lambda: builders.iron_condor(put(90), put(100), call(100), call(110)), "iron butterfly"),
        (lambda: builders.iron_butterfly(put(90), put(95), call(105), call(110)), "iron condor"),
        (lambda: builders.butterfly(call(90), call(100), put(110)), "custom"),
        (lambda: builders.calendar(call(100), call(105, FAR)), "diagonal"),
        (lambda: builders.calendar(call(100, FAR), call(100)), "expires before"),
        (lambda: builders.diagonal(call(100), call(100, FAR)), "calendar"),
        (lambda: builders.collar(put(110), call(100)), "lower strike"),
        (lambda: builders.covered_call(put(100)), "custom"),
        (lambda: builders.cash_secured_put(call(100)), "short call"),
        (lambda: builders.protective_put(call(100)), "custom"),
        (lambda: builders.ratio(call(100), call(110), 1, 1), "vertical"),
        (lambda: builders.ratio(call(100), call(110), 2, 4), "2 units of a call ratio"),
    ],
)
def test_contracts_that_make_something_else_are_refused_by_its_name(
    build: Callable[[], Strategy], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        build()
