from attrs import evolve

from cream.core.model.market import Known, Stale, Unknown
from cream.core.risk.exposure import Exposure
from cream.core.risk.line import Line
from cream.core.risk.view import scene_of
from tests.unit.core.risk.scenes import account, d, equity, held, view


def test_the_equity_is_known_or_stale_but_never_invented() -> None:
    assert scene_of(view(of=Known(account(5)))).equity == 5
    assert scene_of(view(of=Stale(account(5), 60.0))).equity == 5
    assert scene_of(view(of=Unknown("no answer"))).equity is None
    assert scene_of(view(of=Unknown("no answer"))).account is None


def test_the_gate_adds_up_what_nobody_has_kept() -> None:
    scene = scene_of(view(held("AAPL", 10)))

    assert scene.line(equity("AAPL")).held == 10
    assert scene.exposure.gross == d("2384.00")


def test_kept_sums_are_used_as_they_are() -> None:
    """Who keeps them spares the gate going through every position and order."""
    kept = Exposure(lines={"AAPL": Line(instrument=equity("AAPL"), held=d(3))}, gross=d(7))

    scene = scene_of(evolve(view(held("AAPL", 10)), exposure=kept))

    assert scene.exposure is kept
    assert scene.line(equity("AAPL")).held == 3
