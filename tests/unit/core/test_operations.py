"""Views that compute something."""

import pytest

from cream.core.operations import MassCancelReport


@pytest.mark.parametrize(("remaining", "complete"), [((), True), (("o1",), False)])
def test_a_mass_cancel_is_complete_once_nothing_is_listed(
    remaining: tuple[str, ...], complete: bool
) -> None:
    report = MassCancelReport(requested=2, confirmed=2 - len(remaining), remaining=remaining)

    assert report.complete is complete
