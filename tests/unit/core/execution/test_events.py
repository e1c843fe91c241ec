"""What every event has in common."""

from datetime import datetime
from typing import get_args, get_type_hints

import attrs
import pytest

from cream.core.execution import activity_events as a
from cream.core.execution import events as e
from cream.core.execution import option_events as o
from cream.core.execution import roll_events as r
from tests.fakes.builders import NOW


@pytest.mark.parametrize("kind", get_args(e.Event), ids=lambda kind: kind.__name__)
def test_every_event_says_when_it_was_learned(kind: type) -> None:
    assert get_type_hints(kind)["at"] is datetime


@pytest.mark.parametrize("kind", get_args(e.Event), ids=lambda kind: kind.__name__)
def test_no_event_can_be_edited(kind: type) -> None:
    """A fact that turns out to be wrong is followed by another one."""
    event = kind.__new__(kind)

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        event.at = NOW


def test_every_event_of_this_module_may_stand_in_the_journal() -> None:
    """A kind that is not in the union would be written by nobody and read by nobody."""
    defined = {
        kind
        for module in (e, a, o, r)
        for kind in vars(module).values()
        if isinstance(kind, type) and kind.__module__ == module.__name__
    }
    parts = {e.Record, e.Asked}

    assert defined - parts == set(get_args(e.Event))
