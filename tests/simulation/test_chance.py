"""Does a draw depend on its name alone, so that a fault can be left out and the rest stays?"""

from tests.simulation.chance import Chance


def test_a_draw_depends_on_seed_name_and_count() -> None:
    one, same, other = Chance(1), Chance(1), Chance(2)

    first = [one.draw("a", 1), one.draw("a", 1), one.draw("b")]
    same.draw("something else")

    assert [same.draw("a", 1), same.draw("a", 1), same.draw("b")] == first
    assert other.draw("a", 1) != first[0]
    assert len(set(first)) == 3


def test_a_fault_that_is_not_permitted_does_not_happen() -> None:
    free = Chance(1)
    fired = [n for n in range(50) if free.happens("lost", 0.3, n)]
    some = frozenset(free.fired[:3])
    bound = Chance(1, permitted=some)

    again = [n for n in range(50) if bound.happens("lost", 0.3, n)]

    assert len(fired) > 5
    assert again == fired[:3]
    assert bound.faults == {"lost": 3}


def test_in_calm_nothing_happens() -> None:
    chance = Chance(1, calm=True)

    assert not any(chance.happens("lost", 1.0, n) for n in range(10))
