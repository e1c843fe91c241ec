"""What can be set about the store? The section `persistence` of the configuration."""

from pathlib import Path

from attrs import frozen

from cream.core.model.secret import Secret
from cream.core.model.setting import setting


@frozen(kw_only=True)
class PersistenceSettings:
    """Where the journal lies and how it is written."""

    enabled: bool = setting(
        True,
        doc="Whether orders are journalled. Without it nothing survives a restart; never in LIVE.",
    )
    db_path: Path = setting(
        Path("./data/orders.db"), doc="The SQLite file. Its directory is made if it is not there."
    )
    database_url: Secret | None = setting(
        None,
        doc="Instead of db_path: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE.",
        pattern=r"(sqlite|postgresql(\+\w+)?)://.*",
    )
    snapshot_interval_secs: int = setting(
        60,
        doc="How often the state is written whole, which bounds how much is read at a start.",
        gt=0,
        le=86_400,
        unit="seconds",
    )
    closed_orders_secs: int = setting(
        3_600,
        doc="How long a closed order stays in memory. After that it is read from the archive.",
        ge=1,
        le=31_536_000,
        unit="seconds",
    )
    retention_days: int | None = setting(
        None,
        doc="Journal records older than this are removed once snapshots stand in for them, and "
        "`cream explain` and `cream replay` can do less; null keeps all. Orders stay readable.",
        ge=1,
        le=36_500,
        unit="days",
    )
    max_connections: int = setting(
        5,
        doc="How many connections may be open to PostgreSQL. Two are: to write and to read.",
        ge=2,
        le=100,
    )
    busy_timeout_ms: int = setting(
        5_000,
        doc="How long a lock that another program holds on the file is waited for.",
        ge=0,
        le=60_000,
        unit="milliseconds",
    )
    commit_batch_max: int = setting(
        1_000,
        doc="A commit takes no more batches once it has this many records, which bounds its time.",
        ge=1,
        le=100_000,
    )
    commit_timeout_ms: int = setting(
        10_000,
        doc="How long a commit may take before the journal counts as failed.",
        gt=0,
        le=600_000,
        unit="milliseconds",
    )
    drain_timeout_ms: int = setting(
        5_000,
        doc="How long the last records may take to be written when Cream stops.",
        gt=0,
        le=600_000,
        unit="milliseconds",
    )
