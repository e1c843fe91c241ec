from attrs import evolve

from cream.core.risk.line import Line, is_occupied
from tests.unit.core.risk.scenes import d, equity


def test_what_is_held_can_be_closed_but_for_what_other_exits_work_on() -> None:
    held = Line(instrument=equity("AAPL"), held=d(10), exiting=d(4))

    assert held.available == 6
    assert evolve(held, exiting=d(14)).available == 0


def test_each_side_is_what_is_held_there_and_what_works_there() -> None:
    one = Line(
        instrument=equity("AAPL"),
        held=d(-3),
        mark=d(10),
        buying=d(2),
        selling=d(1),
        buying_value=d(20),
        selling_value=d(11),
    )

    assert (one.long_units, one.short_units) == (2, 4)
    assert (one.long_value, one.short_value) == (20, 41)
    assert one.gross(more_long=d(30)) == 50
    assert is_occupied(one)
