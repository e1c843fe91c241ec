from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.risk.checks import ALL_RULES
from cream.core.risk.rule import Rule, room, shown_at_least, shown_at_most
from tests.unit.core.risk.scenes import d


@pytest.mark.parametrize(("limit", "taken", "left"), [(10, 4, 6), (10, 10, None), (10, 11, None)])
def test_room_is_what_is_left_or_none(limit: int, taken: int, left: int | None) -> None:
    assert room(d(limit), d(taken)) == left


@given(st.decimals("-1000", "1000", places=12))
def test_a_ratio_never_looks_better_than_it_is(ratio: Decimal) -> None:
    assert abs(shown_at_most(ratio)) >= abs(ratio)
    assert abs(shown_at_least(ratio)) <= abs(ratio)
    assert abs(shown_at_most(ratio) - ratio) < Decimal("0.000001")


def test_a_ratio_beyond_all_reason_is_shown_as_it_is() -> None:
    """Rounded to six places it would not fit into the digits that there are."""
    assert shown_at_most(d("1e24")) == d("1e24")


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.code)
def test_a_rule_says_in_a_sentence_what_it_demands(rule: Rule) -> None:
    assert rule.statement.endswith(".")
    assert rule.statement[0].isupper()


def test_every_rule_has_a_code_of_its_own() -> None:
    found = [rule.code for rule in ALL_RULES]

    assert len(set(found)) == len(found)
