"""Absence counts when it was found often enough, over long enough."""

from cream.daemon.absences import Absences


def test_absence_needs_both_the_look_ups_and_the_time() -> None:
    absences = Absences(probes=3, seconds=10)
    assert [absences.missed("o", at) for at in (0, 1, 2, 9.9)] == [0, 0, 0, 0]
    assert absences.missed("o", 10) == 5
    few = Absences(probes=3, seconds=10)
    assert [few.missed("o", at) for at in (0, 20)] == [0, 0]
    assert few.missed("o", 21) == 3


def test_what_was_found_begins_anew_and_others_are_not_touched() -> None:
    absences = Absences(probes=2, seconds=1)
    absences.missed("o", 0)
    absences.missed("other", 0)
    absences.found("o")
    assert absences.missed("o", 5) == 0
    assert absences.missed("other", 5) == 2


def test_what_is_not_asked_about_any_more_is_there() -> None:
    absences = Absences(probes=2, seconds=1)
    absences.missed("o", 0)
    absences.missed("other", 0)
    absences.only(("other",))
    assert (absences.missed("o", 5), absences.missed("other", 5)) == (0, 2)
