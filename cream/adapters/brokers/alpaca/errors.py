"""What does an answer that is no success mean for the request that caused it?

By HTTP status and Alpaca's code, never by the text: texts are not stable. The text is only used to
give a refusal a name of ours that people and tests can branch on. The one question that matters for
an order is whether it may exist now; see `submit_outcome`.

Source: docs.alpaca.markets, Options Trading (error table) and Working with Orders (FAQ), 2026-09.
"""

from collections.abc import Mapping
from typing import assert_never

from attrs import field, frozen

from cream.adapters.brokers.alpaca.document import SchemaMismatch, decode_json
from cream.core.model.broker import OutcomeUnknown, Refused, Unavailable

# "client_order_id must be unique", with HTTP 422. Other refusals have this code as well, so it
# means: look the id up.
LOOK_IT_UP_CODE = 40010001
# Alpaca's codes have eight digits. Python reads no number of thousands.
_MOST_DIGITS = 18
# How much of a page that is no JSON goes into a log line.
_SHOWN = 200

DUPLICATE_CLIENT_ID = "CLIENT_ORDER_ID_NOT_UNIQUE"
CREDENTIALS_REFUSED = "CREDENTIALS_REFUSED"
INSUFFICIENT_QTY = "INSUFFICIENT_QTY"

# Alpaca's words -> our name. The first that is found in the message counts.
_NAMES: tuple[tuple[str, str], ...] = (
    ("insufficient qty", INSUFFICIENT_QTY),
    ("buying power", "INSUFFICIENT_BUYING_POWER"),
    ("wash trade", "WASH_TRADE"),
    ("opposite side", "WASH_TRADE"),
    ("while a short sell order is open", "OPPOSITE_ORDER_OPEN"),
    ("while a long buy order is open", "OPPOSITE_ORDER_OPEN"),
    ("sub-penny", "SUB_PENNY_PRICE"),
    ("not fractionable", "NOT_FRACTIONABLE"),
    ("fractional", "FRACTIONAL_QUANTITY"),
    ("sold short", "SHORTING_NOT_ALLOWED"),
    ("liquidation only", "LIQUIDATION_ONLY"),
    ("not authorized to trade", "NOT_AUTHORIZED"),
    ("not eligible", "NOT_AUTHORIZED"),
    ("expires soon", "CONTRACT_EXPIRES_SOON"),
    ("is expired", "CONTRACT_EXPIRED"),
    ("market hours", "MARKET_CLOSED"),
    ("position intent mismatch", "POSITION_INTENT_MISMATCH"),
    ("time_in_force", "INVALID_TIME_IN_FORCE"),
    ("is already in", "ORDER_NOT_CANCELABLE"),
    ("not found", "NOT_FOUND"),
    ("does not exist", "NOT_FOUND"),
)


@frozen(kw_only=True)
class DefiniteRefusal:
    """Nothing was done and nothing will be. `fields` is what else the body says."""

    code: str
    message: str
    alpaca_code: int | None = None
    fields: Mapping[str, object] = field(factory=dict)


@frozen
class LookItUp:
    """An order with this client id may exist already."""

    message: str


@frozen
class NotFound:
    """There is no such thing now. That it never was does not follow."""

    message: str


@frozen
class Throttled:
    """Too many requests. `certain`: Alpaca itself said so, so nothing was done."""

    message: str
    certain: bool


@frozen
class CredentialsRefused:
    """Wrong keys, or keys for another host. Nothing was done."""

    message: str


@frozen
class Ambiguous:
    """It may have been done."""

    why: str


@frozen
class NothingSent:
    """The request did not leave; `held_back`: because we did not let it."""

    why: str
    held_back: bool = False


@frozen
class Unreadable:
    """It was done, and what it made is not known."""

    why: str


Failure = (
    DefiniteRefusal
    | LookItUp
    | NotFound
    | Throttled
    | CredentialsRefused
    | Ambiguous
    | NothingSent
    | Unreadable
)


def failure_of(status: int, body: bytes) -> Failure:
    """What an answer with this HTTP status, which is no success, means."""
    document = _document(body)
    code, message = _code(document), _message(document, body)
    if status == 429:
        return Throttled(message, certain=code is not None)
    if status >= 500 or status < 400:
        return Ambiguous(f"HTTP {status}: {message}")
    if code == LOOK_IT_UP_CODE:
        return LookItUp(message)
    if status == 404:
        return NotFound(message)
    if status == 401 or (status == 403 and code is None):
        return CredentialsRefused(message)
    known = {"code", "message"}
    return DefiniteRefusal(
        code=_name_of(code, status, message),
        message=message,
        alpaca_code=code,
        fields={key: value for key, value in document.items() if key not in known},
    )


def submit_outcome(failure: Failure) -> Refused | Unavailable | OutcomeUnknown:
    """What the failure of a POST means for the order that was in it."""
    match failure:
        case DefiniteRefusal(code=code, message=message):
            return Refused(code, message)
        case LookItUp(message):
            return Refused(DUPLICATE_CLIENT_ID, message)
        case NotFound(message):
            return Refused("NOT_FOUND", message)
        case Throttled(message, certain):
            return Unavailable(message, True) if certain else OutcomeUnknown(message)
        case CredentialsRefused(message):
            return Unavailable(f"the keys were refused: {message}", True)
        case NothingSent(why, held_back):
            return Unavailable(why, held_back=held_back)
        case Ambiguous(why) | Unreadable(why):
            return OutcomeUnknown(why)
        case _:
            assert_never(failure)


def cancel_outcome(failure: Failure) -> Refused | Unavailable | OutcomeUnknown:
    """What the failure of a DELETE means. Asking again is harmless, so throttling is certain."""
    if isinstance(failure, Throttled):
        return Unavailable(failure.message, True)
    if isinstance(failure, LookItUp):
        return Refused("ORDER_NOT_CANCELABLE", failure.message)
    return submit_outcome(failure)


def _document(body: bytes) -> Mapping[str, object]:
    """The body as an object; empty where it is something else, such as a gateway's page."""
    try:
        document = decode_json(body)
    except SchemaMismatch:
        return {}
    return document if isinstance(document, Mapping) else {}


def _code(document: Mapping[str, object]) -> int | None:
    code = document.get("code")
    if isinstance(code, str) and code.isdecimal() and len(code) <= _MOST_DIGITS:
        return int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _message(document: Mapping[str, object], body: bytes) -> str:
    message = document.get("message")
    if isinstance(message, str) and message:
        return message
    return body[:_SHOWN].decode("utf-8", "replace").strip() or "no message"


def _name_of(code: int | None, status: int, message: str) -> str:
    lower = message.lower()
    for words, name in _NAMES:
        if words in lower:
            return name
    return f"ALPACA_{code if code is not None else status}"
