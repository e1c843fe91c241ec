"""Severities."""

import pytest

from cream.core.model.verdict import Severity


@pytest.mark.parametrize("severity", list(Severity))
def test_only_errors_refuse(severity: Severity) -> None:
    assert severity.refuses is (severity in (Severity.ERROR, Severity.CRITICAL))
