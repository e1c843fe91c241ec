"""Alpaca's words for a status: every documented one means something here."""

import pytest

from cream.core.exchange.alpaca_status import STATUS_BY_WORD, VenueStatus, order_status
from cream.core.model.order import OrderStatus

DOCUMENTED = [
    "new",
    "partially_filled",
    "filled",
    "done_for_day",
    "canceled",
    "expired",
    "replaced",
    "pending_cancel",
    "pending_replace",
    "pending_review",
    "accepted",
    "pending_new",
    "accepted_for_bidding",
    "stopped",
    "rejected",
    "suspended",
    "calculated",
    "held",
]


@pytest.mark.parametrize("word", DOCUMENTED)
def test_every_documented_word_has_a_meaning(word: str) -> None:
    assert isinstance(order_status(word), OrderStatus)


def test_no_word_is_in_the_table_that_is_not_documented() -> None:
    assert set(STATUS_BY_WORD) == set(DOCUMENTED)


def test_an_unknown_word_is_not_guessed_at() -> None:
    assert order_status("teleported") is None


def test_ends_are_ends_and_nothing_else_is() -> None:
    """DONE_FOR_DAY and its like may go on tomorrow; a replaced order goes on in its successor."""
    ends = {word for word in DOCUMENTED if STATUS_BY_WORD[word].is_closed}
    assert ends == {"filled", "canceled", "expired", "rejected"}


def test_no_order_at_the_broker_counts_as_not_sent() -> None:
    unsent = (OrderStatus.PENDING_NEW, OrderStatus.UNKNOWN_SUBMIT)
    assert not set(unsent) & set(STATUS_BY_WORD.values())


@pytest.mark.parametrize("status", [one for one in VenueStatus if one is not VenueStatus.REPLACED])
def test_the_venue_closes_an_order_exactly_when_we_do(status: VenueStatus) -> None:
    assert status.is_closed == STATUS_BY_WORD[status.value].is_closed


def test_a_replaced_order_is_over_there_and_lives_on_here() -> None:
    """Here it is one order with its successor, whose id is yet to be learnt."""
    replaced = VenueStatus.REPLACED
    assert replaced.is_closed
    assert not STATUS_BY_WORD[replaced.value].is_closed
