"""The real daemon, killed in the middle of work: a few cycles of what `make crash` runs."""

from pathlib import Path

import pytest

from tests.crash.daemon_kill9 import IN_FLIGHT, Report, run
from tests.databases import postgres

pytestmark = pytest.mark.slow


def demand_work(report: Report, cycles: int) -> None:
    """That the cycles were not idle: what is compared has to be there."""
    assert report.cycles == cycles
    assert min(report.in_flight) >= IN_FLIGHT
    assert report.told.orders
    assert report.venue_orders


def test_no_acknowledged_order_is_lost_or_doubled_on_sqlite(tmp_path: Path) -> None:
    report = run(tmp_path, {"db_path": str(tmp_path / "orders.db")}, cycles=2, seed=7)

    demand_work(report, 2)


def test_no_acknowledged_order_is_lost_or_doubled_on_postgresql(tmp_path: Path) -> None:
    try:
        with postgres.running() as server:
            report = run(tmp_path, {"database_url": server.url("postgres")}, cycles=1, seed=8)
    except postgres.NoServer as error:
        pytest.skip(str(error))

    demand_work(report, 1)
