"""The agent of the soak asks for as much as it likes, and holds no more than it said it would."""

import random
from collections import Counter

from tests.soak.workload import CLOSING_SECONDS, MOST_HELD, SYMBOLS, Asked, Workload


def work() -> Workload:
    return Workload(random.Random(1))


def price(asked: Asked, name: str) -> float:
    return float(asked.decision[name])


def test_what_is_held_stays_bounded_where_everything_is_done_as_asked() -> None:
    agent, held, kinds = work(), Counter[str](), Counter[str]()
    for number in range(2_000):
        asked = agent.next(number, number / 20)
        if asked.closes:
            kinds["closes"] += 1
            held[asked.symbol] = 0
        elif not asked.rests:
            kinds["trades"] += 1
            held[asked.symbol] += 1
        else:
            kinds["rests"] += 1
        assert max(held.values(), default=0) <= MOST_HELD
        if number % 20 == 0:
            agent.looked(held, number / 20)
    assert 1_100 < kinds["rests"] < 1_500
    assert kinds["trades"] > 300
    assert kinds["closes"] > 50


def test_a_symbol_that_is_being_closed_is_let_alone_until_it_is_or_time_is_up() -> None:
    agent = work()
    agent.looked(dict.fromkeys(SYMBOLS, MOST_HELD), 0.0)
    every = [agent.next(number, 0.0) for number in range(200)]
    closed = [one.symbol for one in every if one.closes]
    assert sorted(closed) == sorted(SYMBOLS), "each once"
    assert all(one.rests for one in every[-20:]), "nothing is free"

    agent.looked(dict.fromkeys(SYMBOLS, MOST_HELD), CLOSING_SECONDS + 1)
    assert any(agent.next(number, 20.0).closes for number in range(50)), "asked again"


def test_an_exit_that_came_to_nothing_is_asked_for_again() -> None:
    agent = work()
    agent.looked(dict.fromkeys(SYMBOLS, MOST_HELD), 0.0)
    first = next(one for number in range(200) if (one := agent.next(number, 0.0)).closes)
    agent.came_to_nothing(first)
    again = [one for number in range(400) if (one := agent.next(number, 0.0)).closes]
    assert first.symbol in [one.symbol for one in again]


def test_the_market_goes_beyond_the_exits_of_what_traded_and_comes_back() -> None:
    agent = work()
    entries = [agent.next(number, 0.0) for number in range(100)]
    trades = {one.symbol: one for one in entries if not (one.rests or one.closes)}
    before: dict[str, float] = {}
    for _ in range(50):
        moved = agent.moved()
        away = [symbol for symbol in moved if symbol not in before]
        assert len(away) == 1
        entry = trades[away[0]]
        levels = price(entry, "stop_loss_level"), price(entry, "take_profit_level")
        assert not levels[0] <= moved[away[0]] <= levels[1]
        assert all(one.symbol != away[0] for one in [agent.next(1, 0.0)] if not one.rests)
        before = {away[0]: moved[away[0]]}
