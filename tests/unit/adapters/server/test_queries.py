"""What is said of the keys of a query, whichever path it is for."""

import pytest

from cream.adapters.server.chain_requests import chain_from_query
from cream.adapters.server.problems import Problems
from cream.adapters.server.queries import known_keys, refuse_any
from cream.core.model.errors import CreamError, FieldProblem

KEYS = {"limit": False, "type": True}


def test_a_key_that_stands_twice_is_noted_and_not_missing() -> None:
    problems = Problems()

    found = known_keys([("limit", ["1", "2"]), ("type", ["A", "B"])], KEYS, problems)

    assert found == {"limit": ["1", "2"], "type": ["A", "B"]}
    with pytest.raises(CreamError) as refused:
        problems.raise_any()
    assert refused.value.problems == (FieldProblem("limit", "stands here more than once"),)


def test_an_underlying_that_stands_twice_is_not_called_missing_as_well() -> None:
    with pytest.raises(CreamError) as refused:
        chain_from_query([("underlying", ["AAPL", "MSFT"])])

    assert refused.value.problems == (FieldProblem("underlying", "stands here more than once"),)


def test_a_path_without_parameters_takes_none() -> None:
    refuse_any([])
    with pytest.raises(CreamError) as refused:
        refuse_any([("symbol", ["A", "B"])])

    assert refused.value.problems == (FieldProblem("symbol", "is not a known parameter"),)
