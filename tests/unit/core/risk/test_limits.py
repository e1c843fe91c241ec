from decimal import Decimal

import attrs
import pytest

from cream.core.model.setting import setting_of
from cream.core.risk.limits import Constraints, policy_version
from tests.unit.core.risk.scenes import LIMITS, d, limits


def test_equal_limits_have_equal_versions() -> None:
    """50000 and 50000.00 are the same limit."""
    same = limits(per_instrument={"max_notional": Decimal("50000.00")})

    assert policy_version(same) == policy_version(Constraints())


@pytest.mark.parametrize("section", [one.name for one in attrs.fields(Constraints)])
def test_every_changed_limit_is_another_policy(section: str) -> None:
    settings = getattr(LIMITS, section)
    for field in attrs.fields(type(settings)):
        value = getattr(settings, field.name)
        changed = value + 1 if isinstance(value, int | Decimal) else None
        if value is None:
            changed = d(1)

        other = limits(**{section: {field.name: changed}})

        assert policy_version(other) != policy_version(LIMITS), field.name


def test_an_order_may_be_as_large_as_a_position_unless_said_otherwise() -> None:
    assert LIMITS.max_order_notional == 50_000
    assert limits(per_instrument={"max_notional": d(7)}).max_order_notional == 7
    assert limits(orders={"max_order_notional": d(9)}).max_order_notional == 9
    assert limits(orders={"max_order_notional": d(0)}).max_order_notional == 0


def test_no_limit_is_without_effect() -> None:
    waiting = {
        f"{section.name}.{field.name}"
        for section in attrs.fields(Constraints)
        for field in attrs.fields(type(getattr(LIMITS, section.name)))
        if setting_of(field).not_effective
    }

    assert waiting == set()
