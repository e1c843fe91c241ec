"""The catalogue of errors."""

import pytest

from cream.core.model.errors import (
    CATALOGUE,
    KIND_BY_CODE,
    CreamError,
    ErrorKind,
    FieldProblem,
    GrpcCode,
)

# What the known client sends again, submissions included.
RETRIED = (GrpcCode.UNAVAILABLE, GrpcCode.RESOURCE_EXHAUSTED)


def test_codes_are_unique() -> None:
    assert len(KIND_BY_CODE) == len(CATALOGUE)


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: kind.code)
def test_only_what_is_worth_another_try_has_a_code_that_clients_retry(kind: ErrorKind) -> None:
    assert (kind.grpc in RETRIED) is (kind.code in ("NOT_READY", "BUSY", "FELL_BEHIND"))


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: kind.code)
def test_http_says_the_same_as_grpc(kind: ErrorKind) -> None:
    assert 400 <= kind.http < 600
    assert (kind.http >= 500) is (
        kind.grpc in (GrpcCode.INTERNAL, GrpcCode.UNAVAILABLE)
        or kind.code in ("UNIMPLEMENTED", "PERSISTENCE_UNAVAILABLE")
    )


def test_an_error_carries_its_kind_and_problems() -> None:
    problem = FieldProblem("size", "must be above 0")
    error = CreamError("INVALID_REQUEST", "size: must be above 0", problem)

    assert error.kind.http == 400
    assert error.problems == (problem,)
    assert str(error) == error.message
