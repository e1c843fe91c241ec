"""The section `persistence` has the defaults that operators know, and says what waits."""

import re
from pathlib import Path

import attrs
import pytest

from cream.adapters.store.settings import PersistenceSettings
from cream.core.model.setting import setting_of

FIELDS = attrs.fields_dict(PersistenceSettings)


def test_the_defaults_are_those_of_the_interface() -> None:
    defaults = PersistenceSettings()

    assert defaults.enabled is True
    assert defaults.db_path == Path("./data/orders.db")
    assert defaults.database_url is None
    assert defaults.snapshot_interval_secs == 60
    assert defaults.max_connections == 5


def test_what_waits_for_a_later_version_says_so() -> None:
    waiting = {name for name, field in FIELDS.items() if setting_of(field).not_effective}

    assert waiting == set()


def test_every_setting_is_explained() -> None:
    assert all(setting_of(field).doc for field in FIELDS.values())


@pytest.mark.parametrize(
    ("url", "is_accepted"),
    [
        ("sqlite:///data/orders.db", True),
        ("postgresql://cream@db/cream", True),
        ("postgresql+psycopg://cream@db/cream", True),
        ("mysql://cream@db/cream", False),
        ("data/orders.db", False),
    ],
)
def test_a_url_is_of_a_kind_that_cream_keeps_journals_in(url: str, is_accepted: bool) -> None:
    pattern = setting_of(FIELDS["database_url"]).pattern

    assert pattern is not None
    assert (re.fullmatch(pattern, url) is not None) is is_accepted
