from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from cream.adapters.sandbox import words
from cream.core.model.instrument import Equity
from tests.fakes.venue_lab import call


def test_ids_follow_from_their_causes_and_look_like_alpacas() -> None:
    one = words.uuid_text("order", "1")
    assert (UUID(one).version, str(UUID(one))) == (4, one)
    assert one == words.uuid_text("order", "1")
    assert one != words.uuid_text("order1", "")
    assert len(words.ulid_text("a")) == 26


def test_the_account_is_a_paper_account() -> None:
    assert words.account_number(1).startswith("PA")
    assert words.account_number(1) != words.account_number(2)


@pytest.mark.parametrize(
    ("value", "text"), [("10.00", "10"), ("0", "0"), ("0E+5", "0"), ("1E+3", "1000"), ("-2", "-2")]
)
def test_a_quantity_is_as_short_as_it_is(value: str, text: str) -> None:
    assert words.number(Decimal(value)) == text


def test_prices_money_and_moments_are_texts() -> None:
    assert (words.price(None), words.price(Decimal("238.50"))) == (None, "238.5")
    assert words.dollars(Decimal("5")) == "5.00"
    at = datetime(2026, 11, 23, 15, 0, 0, 7, UTC)
    assert words.moment(at) == "2026-11-23T15:00:00.000007000Z"
    assert words.eastern(at).startswith("2026-11-23T10:00:00.000007-05:00")


def test_options_have_no_blanks() -> None:
    assert words.symbol(call("240")) == "AAPL261218C00240000"
    assert words.symbol(Equity("AAPL")) == "AAPL"


def test_chance_follows_the_seed() -> None:
    one, same, other = words.Draws(1), words.Draws(1), words.Draws(2)
    drawn = [one() for _ in range(50)]
    assert drawn == [same() for _ in range(50)]
    assert drawn != [other() for _ in range(50)]
    assert all(0 <= draw < 1 for draw in drawn)
    assert len(set(drawn)) == 50
