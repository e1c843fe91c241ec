"""How does Alpaca say no? HTTP status, a code that is stable, words that are not, and some figures.

Source: docs.alpaca.markets, Options Trading (error table), 2026-09, and observed answers.
"""

from collections.abc import Mapping

from attrs import field, frozen

from cream.core.exchange.admission import (
    INSUFFICIENT_BUYING_POWER,
    INSUFFICIENT_QTY,
    NOT_UNIQUE,
    WASH_TRADE,
)
from cream.core.model.broker import Refused

LOOK_IT_UP, UNPROCESSABLE, FORBIDDEN, NOT_FOUND = 40010001, 42210000, 40310000, 40410000
SHORT_POSITION = 40310001
UNAUTHORIZED, THROTTLED, INTERNAL = 40110000, 42910000, 50010000

# What depends on the account is forbidden; everything else that is wrong cannot be processed.
_OF_THE_ACCOUNT = frozenset(
    (
        INSUFFICIENT_QTY,
        INSUFFICIENT_BUYING_POWER,
        WASH_TRADE,
        "OPPOSITE_ORDER_OPEN",
        "SHORTING_NOT_ALLOWED",
        "UNCOVERED_OPTION",
    )
)


@frozen
class Refusal(Exception):
    """An answer that is no success. A `code` of None leaves the code out of the body."""

    status: int
    code: int | None
    message: str
    fields: Mapping[str, object] = field(factory=dict)

    def body(self) -> dict[str, object]:
        """The JSON object."""
        named: dict[str, object] = {} if self.code is None else {"code": self.code}
        return named | {"message": self.message} | dict(self.fields)


def unprocessable(message: str) -> Refusal:
    """What was asked makes no sense."""
    return Refusal(422, UNPROCESSABLE, message)


def too_recent() -> Refusal:
    """The account's plan shows the consolidated tape only once it is old."""
    message = "subscription does not permit querying recent SIP data"
    return Refusal(403, UNPROCESSABLE, message)


def not_found(message: str) -> Refusal:
    """There is no such thing."""
    return Refusal(404, NOT_FOUND, message)


def refusal_of(refused: Refused, fields: Mapping[str, object]) -> Refusal:
    """The venue's refusal in Alpaca's form; `fields` are the figures that belong to it."""
    if refused.code == NOT_UNIQUE:
        return Refusal(422, LOOK_IT_UP, refused.message)
    if refused.code in _OF_THE_ACCOUNT:
        return Refusal(403, FORBIDDEN, refused.message, fields)
    if refused.code == "NOT_FOUND":
        return not_found(refused.message)
    return unprocessable(refused.message)
