"""Which requests to Alpaca are held back because their kind keeps failing?

One circuit breaker for each class of endpoint, so that a broken account page does not keep anyone
from the orders. Only a transport that fails, a timeout and 5xx count as failure: whoever is refused
or throttled was answered. What cancels, what closes, and every question about orders, which both
need, is counted and always passes; so does the clock, by which one learns that Alpaca is back.
Entries have their breaker in the order router.
"""

from collections.abc import Sequence
from enum import Enum

from attrs import define, field

from cream.core.resilience.breaker import Breaker, BreakerLimits, BreakerState, Ticket


class Endpoint(Enum):
    """The classes of endpoints."""

    ORDERS = "orders"
    ACCOUNT = "account"
    HISTORY = "history"
    CLOCK = "clock"


# How a path begins -> its class. The first that fits counts; everything else is about the account.
_PATHS = (
    ("/v2/orders", Endpoint.ORDERS),
    ("/v2/account/activities", Endpoint.HISTORY),
    ("/v2/clock", Endpoint.CLOCK),
)
_HELD_BACK = frozenset((Endpoint.ACCOUNT, Endpoint.HISTORY))
_FIRST_FAILURE = 500


def endpoint_of(path: str) -> Endpoint:
    """The class that a path belongs to."""
    for beginning, endpoint in _PATHS:
        if path.startswith(beginning):
            return endpoint
    return Endpoint.ACCOUNT


@define
class Breakers:
    """The breakers of one account. `limits` are those of each."""

    limits: BreakerLimits = field(factory=BreakerLimits)
    by_endpoint: dict[Endpoint, Breaker] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.by_endpoint = {one: Breaker(f"Alpaca {one.value}", self.limits) for one in Endpoint}

    def all(self) -> Sequence[Breaker]:
        """Each of them."""
        return tuple(self.by_endpoint.values())

    def take(self, path: str, now: float) -> Ticket | None:
        """A ticket for one request, or None if it should not go out."""
        endpoint = endpoint_of(path)
        breaker = self.by_endpoint[endpoint]
        ticket = breaker.take(now)
        if ticket is None and endpoint not in _HELD_BACK:
            # It passes all the same, and tells nothing: its ticket is of no period.
            return _UNCOUNTED
        return ticket

    def give_up(self, path: str, ticket: Ticket, now: float) -> None:
        """The request was given up, or never left: nothing is known of Alpaca."""
        self.by_endpoint[endpoint_of(path)].give_back(ticket, None, now)

    def give_back(self, path: str, ticket: Ticket, status: int | None, now: float) -> bool:
        """The request was answered with `status`, or not at all. Whether that opened a breaker."""
        breaker = self.by_endpoint[endpoint_of(path)]
        opened = breaker.state(now) is not BreakerState.OPEN
        breaker.give_back(ticket, status is not None and status < _FIRST_FAILURE, now)
        return opened and breaker.state(now) is BreakerState.OPEN


_UNCOUNTED = Ticket(-1)
