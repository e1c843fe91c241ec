"""What each answer means, row by row: what may exist after each of them."""

import json
from typing import Any

import pytest

from cream.adapters.brokers.alpaca.errors import (
    Ambiguous,
    CredentialsRefused,
    DefiniteRefusal,
    LookItUp,
    NotFound,
    Throttled,
    cancel_outcome,
    failure_of,
    submit_outcome,
)
from cream.core.execution.reports import DUPLICATE_CLIENT_ID
from cream.core.model.broker import OutcomeUnknown, Refused, Unavailable
from tests.unit.adapters.brokers.alpaca.payloads import payload

HTML = b"<html><body>502 Bad Gateway</body></html>"


def body(code: int | str | None = None, message: str = "no", **fields: Any) -> bytes:
    raw: dict[str, Any] = {"message": message} | fields
    return json.dumps(raw if code is None else raw | {"code": code}).encode()


@pytest.mark.parametrize("status", [400, 403, 422])
def test_a_refusal_with_a_code_is_definite(status: int) -> None:
    failure = failure_of(status, body(40310000, "insufficient qty available", available="3"))
    assert failure == DefiniteRefusal(
        code="INSUFFICIENT_QTY",
        message="insufficient qty available",
        alpaca_code=40310000,
        fields={"available": "3"},
    )
    assert submit_outcome(failure) == Refused("INSUFFICIENT_QTY", "insufficient qty available")


def test_the_status_and_the_code_may_disagree() -> None:
    """A refused data plan is HTTP 403 with a code that begins with 422."""
    assert isinstance(failure_of(403, body(42210000)), DefiniteRefusal)


def test_a_refusal_without_known_words_is_named_by_its_code() -> None:
    failure = failure_of(422, body(42210000, "new words"))
    assert isinstance(failure, DefiniteRefusal)
    assert failure.code == "ALPACA_42210000"
    bare = failure_of(400, b"")
    assert isinstance(bare, DefiniteRefusal)
    assert bare.code == "ALPACA_400"


def test_an_id_that_is_taken_is_to_be_looked_up() -> None:
    """The code alone says so: texts are not stable."""
    failure = failure_of(422, body(40010001, "whatever they write"))
    assert failure == LookItUp("whatever they write")
    assert submit_outcome(failure) == Refused(DUPLICATE_CLIENT_ID, "whatever they write")


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (401, body(40110000, "request is not authorized")),
        (401, b""),
        (403, body(None, "forbidden.")),
        (403, HTML),
    ],
)
def test_refused_keys_are_no_refusal_of_the_order(status: int, content: bytes) -> None:
    """Nothing was done, and it is the operator who must act."""
    failure = failure_of(status, content)
    assert isinstance(failure, CredentialsRefused)
    assert isinstance(submit_outcome(failure), Unavailable)
    assert isinstance(cancel_outcome(failure), Unavailable)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 302])
@pytest.mark.parametrize("content", [HTML, b"", body(50010000, "internal server error")])
def test_what_a_server_error_did_is_unknown(status: int, content: bytes) -> None:
    failure = failure_of(status, content)
    assert isinstance(failure, Ambiguous)
    assert isinstance(submit_outcome(failure), OutcomeUnknown)
    assert isinstance(cancel_outcome(failure), OutcomeUnknown)


def test_throttling_is_certain_only_in_alpacas_own_words() -> None:
    said = failure_of(429, body(42910000, "rate limit exceeded"))
    assert said == Throttled("rate limit exceeded", certain=True)
    assert isinstance(submit_outcome(said), Unavailable)
    page = failure_of(429, b"Too Many Requests")
    assert page == Throttled("Too Many Requests", certain=False)
    assert isinstance(submit_outcome(page), OutcomeUnknown)
    assert isinstance(cancel_outcome(page), Unavailable)


def test_what_is_not_found_is_not_said_never_to_have_been() -> None:
    failure = failure_of(404, body(40410000, "order not found"))
    assert failure == NotFound("order not found")
    assert submit_outcome(failure) == Refused("NOT_FOUND", "order not found")


def test_a_cancel_cannot_meet_an_id_that_is_taken() -> None:
    assert cancel_outcome(LookItUp("x")) == Refused("ORDER_NOT_CANCELABLE", "x")


@pytest.mark.parametrize("code", ["easy_to_borrow", None, True, 1.5])
def test_a_code_of_another_kind_is_none(code: Any) -> None:
    failure = failure_of(422, body(code))
    assert isinstance(failure, DefiniteRefusal)
    assert failure.alpaca_code is None


def test_a_code_of_thousands_of_digits_is_none() -> None:
    failure = failure_of(403, body("9" * 5_000))
    assert isinstance(failure, CredentialsRefused)


def test_a_code_may_be_a_text() -> None:
    assert isinstance(failure_of(422, body("40010001")), LookItUp)


def test_every_recorded_error_body_is_understood() -> None:
    for name, document in json.loads(payload("openapi/error_bodies.json")).items():
        words = [int(word) for word in name.split() if word.isdecimal() and len(word) == 3]
        failure = failure_of(words[0] if words else 422, json.dumps(document).encode())
        message = document.get("message") if isinstance(document, dict) else None
        if isinstance(failure, DefiniteRefusal) and message:
            assert failure.message == message
