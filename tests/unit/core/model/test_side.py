"""Buying and selling are each other's opposite."""

import pytest

from cream.core.model.side import Side


@pytest.mark.parametrize("side", Side)
def test_the_opposite_of_the_opposite_is_the_side(side: Side) -> None:
    assert side.opposite is not side
    assert side.opposite.opposite is side
    assert side.sign + side.opposite.sign == 0
