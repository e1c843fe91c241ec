"""What do Alpaca's words for an order's status mean here?

Every documented word is in the table; a word that is not must be kept, reported and asked about,
never guessed at.

Source: docs.alpaca.markets, Orders at Alpaca, Order Lifecycle, 2026-11.
"""

from enum import Enum

from cream.core.model.order import OrderStatus


class VenueStatus(Enum):
    """The statuses that the simulated venue uses, in Alpaca's words."""

    PENDING_NEW = "pending_new"
    ACCEPTED = "accepted"
    NEW = "new"
    HELD = "held"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REPLACED = "replaced"
    REJECTED = "rejected"

    # Members are one of a kind, and looked up at every step: Python's own goes by the name.
    __hash__ = object.__hash__

    @property
    def is_closed(self) -> bool:
        """Whether the order can trade no more."""
        return self in _CLOSED


_CLOSED = frozenset(
    (
        VenueStatus.FILLED,
        VenueStatus.CANCELED,
        VenueStatus.EXPIRED,
        VenueStatus.REPLACED,
        VenueStatus.REJECTED,
    )
)

# A broker's "pending_new" has arrived there, so for us it is accepted: PENDING_NEW means that an
# order has not left yet. A replaced order lives on in its successor, which has an id of its own:
# until that is known, it is being replaced.
STATUS_BY_WORD: dict[str, OrderStatus] = {
    "pending_new": OrderStatus.ACCEPTED,
    "accepted": OrderStatus.ACCEPTED,
    "new": OrderStatus.ACCEPTED,
    "accepted_for_bidding": OrderStatus.ACCEPTED,
    "pending_review": OrderStatus.ACCEPTED,
    "stopped": OrderStatus.ACCEPTED,
    "suspended": OrderStatus.ACCEPTED,
    "held": OrderStatus.HELD,
    "partially_filled": OrderStatus.PARTIALLY_FILLED,
    "filled": OrderStatus.FILLED,
    "done_for_day": OrderStatus.DONE_FOR_DAY,
    "calculated": OrderStatus.DONE_FOR_DAY,
    "canceled": OrderStatus.CANCELED,
    "replaced": OrderStatus.PENDING_REPLACE,
    "expired": OrderStatus.EXPIRED,
    "rejected": OrderStatus.REJECTED,
    "pending_cancel": OrderStatus.PENDING_CANCEL,
    "pending_replace": OrderStatus.PENDING_REPLACE,
}


def order_status(word: str) -> OrderStatus | None:
    """The status that Alpaca's `word` means; None for a word that is not documented."""
    return STATUS_BY_WORD.get(word)
