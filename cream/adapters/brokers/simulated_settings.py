"""What can be set of the simulated broker?"""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from attrs import frozen

from cream.core.model.setting import setting

# Moments are stored as nanoseconds since 1970 in 64 bits, which ends in 2262.
_EARLIEST, _LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


@frozen(kw_only=True)
class SimulatedSettings:
    """The simulated broker: what its account begins with, and where it keeps its book."""

    cash: Decimal = setting(
        Decimal(100_000),
        gt=0,
        le=1_000_000_000,
        unit="USD",
        doc="Cash of a new account. An account that exists keeps what it has.",
    )
    db_path: str = setting(
        "./data/venue.db",
        doc=(
            "The broker's own book and account. It is the outside: delete it to begin with a new "
            "account, and the engine's own database with it."
        ),
    )
    kept_in_memory: int = setting(
        1_000,
        ge=1,
        le=1_000_000,
        doc=(
            "How many closed orders, with their exits, and how many executions the broker keeps in "
            "memory. Older ones stay in its file, and are found there."
        ),
    )
    clock_start: datetime | None = setting(
        None,
        doc=(
            "Where the clock of the daemon begins at every start, and advances from in real time. "
            "null: the time of the machine."
        ),
        example="2026-11-23T15:00:00Z",
    )

    def problems(self) -> Iterable[tuple[str, str]]:
        """What the clock cannot show."""
        start = self.clock_start
        if start is not None and not _EARLIEST <= start < _LATEST:
            yield "clock_start", f"must be from {_EARLIEST.year} to {_LATEST.year - 1}"
