"""Garbage is looked for seldom, and not among what a start has made."""

import gc
from collections.abc import Iterator

import pytest

from cream.adapters.garbage import YOUNG, collect_seldom, keep_what_is_there


@pytest.fixture
def as_it_was() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.mark.usefixtures("as_it_was")
def test_the_young_are_looked_through_less_often_and_the_old_as_ever() -> None:
    before = gc.get_threshold()

    collect_seldom()

    assert gc.get_threshold() == (YOUNG, *before[1:])


@pytest.mark.usefixtures("as_it_was")
def test_what_a_start_has_made_is_not_looked_through_again() -> None:
    made = [object()]
    made.append(made)

    keep_what_is_there()

    assert gc.get_freeze_count() > 0
    assert all(one is not made for one in gc.get_objects())
