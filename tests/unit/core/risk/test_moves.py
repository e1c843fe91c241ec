from cream.core.model.plan import Decision, Environment
from cream.core.risk.asks import Origin, asks_of
from cream.core.risk.intents import intent_of
from cream.core.risk.moves import Moves, moves_of
from cream.core.risk.view import scene_of
from tests.unit.core.risk.scenes import VERTICAL, buy, cover, equity, held, plan, spread, view

LOW, HIGH = (one.contract for one in VERTICAL)


def moves(*decisions: Decision) -> dict[str, Moves]:
    scene = scene_of(view(held("TSLA", -20)))
    origin = Origin(environment=Environment.PAPER, account_id="a", plan_id="p", cycle_id="c")
    return moves_of(intent_of(ask, scene, origin) for ask in asks_of(plan(*decisions)))


def test_what_is_asked_for_adds_up_by_symbol() -> None:
    found = moves(buy(quantity=3, decision_id="a"), buy(quantity=4, decision_id="b"), cover())

    assert found["AAPL"] == Moves(equity("AAPL"), bought=found["AAPL"].bought)
    assert (found["AAPL"].bought, found["AAPL"].units) == (7, 7)
    assert (found["TSLA"].bought, found["TSLA"].sold) == (10, 0)


def test_a_spread_moves_its_legs() -> None:
    found = moves(spread(5), buy(LOW.symbol, 1, limit="4.20"))

    assert (found[LOW.symbol].bought, found[HIGH.symbol].sold) == (6, 5)
    assert "AAPL" not in found
