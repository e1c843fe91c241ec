"""What whoever sends an order says where nothing may come between."""

from cream.core.ports import always_wanted


def test_an_order_is_wanted_unless_somebody_says_otherwise() -> None:
    assert always_wanted()
