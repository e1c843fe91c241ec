"""The reference of all settings, as text for people."""

import pytest
from attrs import frozen

from cream.adapters.config.markdown import render_markdown
from cream.core.model.setting import section, setting
from tests.unit.adapters.config.sample_settings import Breaker, Engine

TEXT = render_markdown(Engine)
LINES = TEXT.splitlines()


@pytest.mark.parametrize(
    "row",
    [
        "| `enabled` | true or false | `true` |  |  | Whether \\| to run. |",
        "| `http_port` | whole number | `50051` |  | ≥ 1, ≤ 65535 | Port for JSON. |",
        "| `timeout_s` | number | `2.5` | seconds | > 0 | Patience. |",
        "| `max_notional` | decimal, or null | null | USD | > 0 | Cap. |",
        "| `level` | `1` or `2` or `3` | `1` |  |  | Level. |",
        "| `fee` | one of flat, tiered | `flat` |  |  | Fees. |",
        "| `tactics` | true or false | `false` |  |  | **Not yet effective** (comes with tactics). "
        "Slices. |",
        "| `api_key` | secret | empty |  |  | Key. |",
        "| `prices` | table of: decimal | SPY: `662.00` |  | > 0 | Prices. |",
        "| `symbols` | list of: text that matches [A-Z]+ | `SPY` |  |  | Symbols. |",
        "| `venues` | table of: section | none |  |  | By venue. |",
        "| `name` | text | must be given |  |  | Whose token it is. |",
        "| `calls` | whole number | `10` |  | ≥ 1 | Calls to look at. |",
        "| `max_delta_shares` | decimal | `250` |  | > 0 | Delta. May also be written "
        "`max_delta`. |",
        "| `db_path` | path | `data/orders.db` |  |  | Journal. Example: `/var/lib/orders.db`. |",
        "| `clock_start` | time (RFC 3339), or null | null |  |  | Start of time. |",
        "| `mode` | `PAPER` or `LIVE` | `PAPER` |  |  | Environment. The environment variable "
        "`CREAM_ENV` wins over the file. |",
    ],
)
def test_every_setting_has_a_row_that_says_all_of_it(row: str) -> None:
    assert row in LINES


def test_every_section_has_a_heading_of_its_path_in_the_order_of_the_classes() -> None:
    assert [line for line in LINES if line.startswith("#")] == [
        "## `server`",
        "## `brokers`",
        "## `brokers.alpaca`",
        "## `limits`",
        "## `breaker`",
        "## `feed_breaker`",
        "## `tokens[]`",
        "## `venues.NAME`",
    ]


def test_a_section_that_waits_for_its_feature_says_so_below_its_heading() -> None:
    at = LINES.index("## `feed_breaker`")

    assert LINES[at + 2] == "**Not yet effective** (no feed). For the feed."


@frozen
class OnlySections:
    breaker: Breaker = section(Breaker, doc="")


@frozen
class Deep:
    many: tuple[dict[str, Breaker], ...] = setting((), doc="A table\nin a list.")
    flags: tuple[bool, ...] = setting((True, False), doc="")


def test_a_class_of_sections_only_begins_with_the_first_of_them() -> None:
    assert render_markdown(OnlySections).startswith("## `breaker`\n\n| Key |")


def test_sections_are_found_however_deep_they_lie() -> None:
    text = render_markdown(Deep)

    assert "## `many[].NAME`" in text
    assert "| `many` | list of: table of: section | none |  |  | A table in a list. |" in text
    assert "| `flags` | list of: true or false | `true`, `false` |" in text


def test_the_text_ends_with_one_newline() -> None:
    assert TEXT.endswith("|\n")
