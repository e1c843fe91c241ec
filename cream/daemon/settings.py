"""What can be configured, all of it? The settings of every part, under the keys users know.

Parts that are adapters define their own section; the sections of the daemon itself are here. A key
that is accepted is used; one whose feature is still to come says so (`not_effective`).
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from attrs import frozen

from cream.adapters.brokers.alpaca.endpoints import endpoint_problems, missing_credentials
from cream.adapters.brokers.alpaca.settings import AlpacaSettings
from cream.adapters.brokers.simulated_settings import SimulatedSettings
from cream.adapters.feeds.alpaca.settings import AlpacaFeedSettings, live_feed_problems
from cream.adapters.feeds.settings import SyntheticSettings
from cream.adapters.server.settings import ServerSettings, server_problems
from cream.adapters.store.settings import PersistenceSettings
from cream.core.execution.activities import MAX_LOOKBACK_DAYS
from cream.core.model.plan import Environment
from cream.core.model.setting import section, setting
from cream.core.risk.limits import Constraints
from cream.daemon.breaker_settings import BreakersSettings
from cream.daemon.option_settings import OptionsSettings
from cream.daemon.partial_fill_settings import PartialFillSettings
from cream.daemon.pricing_settings import PricingSettings

_ALPACA = "Alpaca for real"


@frozen(kw_only=True)
class EnvironmentSettings:
    """Play money or real money."""

    mode: Environment = setting(
        Environment.PAPER, env="CREAM_ENV", doc="PAPER or LIVE; LIVE needs a live broker."
    )


@frozen(kw_only=True)
class BrokersSettings:
    """Which broker holds the account."""

    active: Literal["simulated", "alpaca"] = setting(
        "simulated", doc="The broker that orders go to."
    )
    simulated: SimulatedSettings = section(SimulatedSettings, doc="The simulated broker.")
    alpaca: AlpacaSettings = section(AlpacaSettings, doc="Alpaca.")


@frozen(kw_only=True)
class FeedsSettings:
    """Where quotes come from, and how long one is good."""

    stale_after_seconds: float = setting(
        5.0, gt=0, le=3600, unit="s", doc="Age from which a quote judges no increase."
    )
    synthetic: SyntheticSettings = section(
        SyntheticSettings,
        doc="The seeded market that the simulated broker trades in.",
    )
    alpaca: AlpacaFeedSettings = section(AlpacaFeedSettings, doc="Alpaca's market data.")


@frozen(kw_only=True)
class LoggingSettings:
    """What is logged, and in which form. Logs go to standard output."""

    level: Literal["trace", "debug", "info", "warn", "warning", "error"] = setting(
        "info", doc="Least level that is logged; `CREAM_LOG` wins, then `RUST_LOG`."
    )
    format: Literal["json", "pretty", "auto"] = setting(
        "auto", doc="One JSON object per line, or columns for people; auto looks for a terminal."
    )


@frozen(kw_only=True)
class ObservabilitySettings:
    """How to look inside."""

    logging: LoggingSettings = section(LoggingSettings, doc="Logs.")


@frozen(kw_only=True)
class RecoverySettings:
    """What happens at start."""

    enabled: bool = setting(True, doc="Settle with the broker before READY; LIVE needs it.")
    auto_resolve_orphans: bool = setting(
        True,
        doc="Adopt at start orders that carry our id and are not known; later "
        "`reconciliation.auto_resolve_orphans` decides.",
    )
    sync_positions: bool = setting(
        True, doc="Take the broker's positions for true where they differ from ours."
    )
    abort_on_critical: bool = setting(
        True,
        doc="Increase nothing after a critical difference at start, until a comparison is clean.",
    )
    position_qty_tolerance: Decimal = setting(
        Decimal(0),
        ge=0,
        unit="shares or contracts",
        doc="Difference of a holding that is not counted, and not taken over.",
    )
    position_price_tolerance_pct: Decimal = setting(
        Decimal("0.01"),
        ge=0,
        le=1,
        unit="fraction",
        doc="Difference of its average price that is not mentioned.",
    )
    start_timeout_seconds: float = setting(
        30.0, gt=0, le=600, unit="s", doc="How long the start waits for the broker."
    )


@frozen(kw_only=True)
class ReconciliationSettings:
    """How often the broker's view and ours are compared, and what follows."""

    enabled: bool = setting(True, doc="Compare at intervals, not only after a connect.")
    interval_secs: float = setting(300.0, gt=0, le=86_400, unit="s", doc="Between full passes.")
    in_flight_interval_secs: float = setting(
        2.0, gt=0, le=600, unit="s", doc="Between look-ups of orders without an answer."
    )
    open_orders_interval_secs: float = setting(
        5.0, gt=0, le=3600, unit="s", doc="Between comparisons of open orders."
    )
    positions_interval_secs: float = setting(
        30.0, gt=0, le=3600, unit="s", doc="Between comparisons of holdings."
    )
    activities_interval_secs: float = setting(
        60.0, gt=0, le=3600, unit="s", doc="Between looks at fees, dividends, assignments, splits."
    )
    activities_lookback_days: int = setting(
        7, ge=1, le=MAX_LOOKBACK_DAYS, unit="days", doc="How far back; rows come days late."
    )
    absence_probes: int = setting(
        5,
        ge=2,
        le=100,
        unit="look-ups",
        doc="How many must find nothing before an order is absent.",
    )
    absence_seconds: float = setting(
        30.0,
        gt=0,
        le=3600,
        unit="s",
        doc="Over how long those look-ups must be spread; a restart does not begin them anew.",
    )
    protection_window_secs: float = setting(
        1800.0,
        ge=0,
        le=86_400,
        unit="s",
        doc="Age before which an order that the broker shows, and does not list, is no difference.",
    )
    max_order_age_secs: float = setting(
        86_400.0, gt=0, unit="s", doc="Age at which orphans are cancelled."
    )
    auto_resolve_orphans: bool = setting(
        True, doc="Adopt orders that carry our id and are not known, instead of restricting trade."
    )
    on_critical_discrepancy: Literal["halt", "alert", "log_and_continue"] = setting(
        "halt", doc="What a critical difference does to the trading state."
    )


@frozen(kw_only=True)
class SafetySettings:
    """What happens when the broker goes away."""

    enabled: bool = setting(True, doc="Watch the broker's heartbeat; LIVE needs it.")
    grace_period_seconds: float = setting(
        30.0, ge=0, le=3600, unit="s", doc="From SUSPECT to DISCONNECTED, when all is cancelled."
    )
    heartbeat_interval_ms: int = setting(
        30_000, gt=0, le=3_600_000, unit="ms", doc="Silence after which the broker is probed."
    )
    heartbeat_timeout_seconds: float = setting(
        10.0, gt=0, le=600, unit="s", doc="How long a probe may go unanswered."
    )
    calm_seconds: float = setting(
        1.0,
        ge=0,
        le=600,
        unit="s",
        doc="How long the broker must answer without failing until a doubt ends: damps flapping.",
    )
    gtc_policy: Literal["include", "exclude"] = setting(
        "include", doc="Whether a mass cancel takes GTC entries too."
    )
    protective: Literal["keep", "cancel"] = setting(
        "keep", doc="Whether a mass cancel leaves stops and targets; wins over gtc_policy."
    )
    resume: Literal["auto", "operator"] = setting(
        "auto", doc="Who lifts a disconnect: a clean reconciliation, or an operator."
    )
    client_timeout_seconds: float = setting(
        30.0,
        ge=1,
        le=3600,
        unit="s",
        doc="How long a client with a session may be silent, unless it asks for another time.",
    )
    on_client_loss: Literal["none", "cancel_entries", "reduce"] = setting(
        "cancel_entries", doc="What follows then, unless it asks for something else."
    )
    mass_cancel_wait_seconds: float = setting(
        10.0, gt=0, le=600, unit="s", doc="How long a caller of mass cancel waits for its end."
    )


@frozen(kw_only=True)
class StopsSettings:
    """How stops and targets are watched."""

    enabled: bool = setting(True, doc="Watch levels here that no order at the broker covers.")
    same_bar_priority: Literal["stop_first", "target_first", "high_low_order"] = setting(
        "stop_first",
        doc=(
            "Which counts where one bar reached both, in `cream backtest`; high_low_order: an up "
            "bar went low first, any other high first. Quotes come one by one and need no rule."
        ),
    )
    monitoring_interval_ms: int = setting(
        100,
        gt=0,
        le=60_000,
        unit="ms",
        doc="Least pause between looks that time alone asks for; a quote is looked at at once.",
    )
    trigger: Literal["executable", "last"] = setting(
        "executable", doc="What reaches a level: the side to close at, or the last trade."
    )
    use_bracket_orders: bool = setting(
        True, doc="Place missing protection at the broker again, where it can hold it."
    )
    settle_seconds: float = setting(
        1.0, ge=0, le=60, unit="s", doc="How long a position may be uncovered at the broker first."
    )
    blind_seconds: float = setting(
        5.0, ge=0, le=3600, unit="s", doc="Without a fresh quote, until the broker holds the stop."
    )


@frozen(kw_only=True)
class RoutingSettings:
    """How orders travel to the broker."""

    submit_timeout_seconds: float = setting(
        10.0, gt=0, le=120, unit="s", doc="After this an order's fate is unknown and looked up."
    )
    cancel_timeout_seconds: float = setting(
        10.0, gt=0, le=120, unit="s", doc="After this a cancel is asked for again."
    )
    unavailable_retry_seconds: float = setting(
        3.0, ge=0, le=60, unit="s", doc="How long an order that cannot leave is tried again."
    )
    release_seconds: float = setting(
        5.0, gt=0, le=60, unit="s", doc="How long an exit waits for its shares to be released."
    )
    account_stale_seconds: float = setting(
        60.0, gt=0, le=3600, unit="s", doc="Age from which account figures judge no increase."
    )


@frozen(kw_only=True)
class SupervisionSettings:
    """How often subsystems are restarted, and how long the daemon takes to stop."""

    max_restarts: int = setting(
        10, ge=0, le=1000, unit="restarts", doc="More than this in the period ends the daemon."
    )
    period_seconds: float = setting(60.0, gt=0, le=3600, unit="s", doc="That period.")
    backoff_base_seconds: float = setting(
        0.1, gt=0, le=60, unit="s", doc="Longest first wait before a restart; doubles each time."
    )
    backoff_cap_seconds: float = setting(
        30.0, gt=0, le=3600, unit="s", doc="Longest wait before a restart."
    )
    stop_seconds: float = setting(
        5.0, gt=0, le=120, unit="s", doc="How long each part may take to stop."
    )


@frozen(kw_only=True)
class Settings:
    """Everything in `config.yaml`."""

    environment: EnvironmentSettings = section(EnvironmentSettings, doc="PAPER or LIVE.")
    server: ServerSettings = section(ServerSettings, doc="The two APIs.")
    brokers: BrokersSettings = section(BrokersSettings, doc="Where orders go.")
    feeds: FeedsSettings = section(FeedsSettings, doc="Where quotes come from.")
    pricing: PricingSettings = section(PricingSettings, doc="How options are priced.")
    constraints: Constraints = section(Constraints, doc="What the gate lets pass.")
    observability: ObservabilitySettings = section(ObservabilitySettings, doc="Looking inside.")
    circuit_breaker: BreakersSettings = section(BreakersSettings, doc="Circuit breakers.")
    persistence: PersistenceSettings = section(PersistenceSettings, doc="The journal.")
    recovery: RecoverySettings = section(RecoverySettings, doc="What happens at start.")
    reconciliation: ReconciliationSettings = section(
        ReconciliationSettings, doc="Comparing with the broker."
    )
    safety: SafetySettings = section(SafetySettings, doc="When the broker goes away.")
    stops: StopsSettings = section(StopsSettings, doc="Watching levels.")
    routing: RoutingSettings = section(RoutingSettings, doc="Orders on their way.")
    partial_fills: PartialFillSettings = section(
        PartialFillSettings, doc="Orders that fill in part."
    )
    options: OptionsSettings = section(OptionsSettings, doc="Options that are held.")
    supervision: SupervisionSettings = section(SupervisionSettings, doc="Restarts and stopping.")

    def problems(self) -> Iterable[tuple[str, str]]:
        """What the sections together do not allow."""
        for problem in server_problems(self.server):
            yield problem.field, problem.problem
        if self.environment.mode is Environment.LIVE:
            yield from self._live_problems()
        if self.brokers.active == "alpaca":
            yield from self._alpaca_problems()

    def _alpaca_problems(self) -> Iterable[tuple[str, str]]:
        missing = missing_credentials(self.brokers.alpaca)
        if missing is not None:
            yield "brokers.alpaca", missing
        mode = self.environment.mode
        for name, problem in endpoint_problems(self.brokers.alpaca, mode):
            yield f"brokers.alpaca.{name}", problem
        if mode is Environment.LIVE:
            yield from live_feed_problems(self.feeds.alpaca)

    def _live_problems(self) -> Iterable[tuple[str, str]]:
        if self.brokers.active == "simulated":
            yield "environment.mode", "LIVE needs a real broker, but brokers.active is simulated"
        needed = (
            ("safety.enabled", self.safety.enabled),
            ("recovery.enabled", self.recovery.enabled),
            ("persistence.enabled", self.persistence.enabled),
        )
        for path, given in needed:
            if not given:
                yield path, "must be true in LIVE"
        if not self.server.token_hashes:
            yield "server.token_hashes", "needs at least one hash in LIVE"
