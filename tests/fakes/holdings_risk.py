"""The risk of an account that holds nothing."""

from datetime import UTC, datetime

from cream.core.options.holdings_risk import Basis, HoldingsRisk, holdings_risk

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def nothing_at_risk() -> HoldingsRisk:
    """As of a fixed moment."""
    basis = Basis(now=NOW, today=NOW.date(), stale_after_seconds=5.0, rate=0.04, dividends={})
    return holdings_risk([], basis)
