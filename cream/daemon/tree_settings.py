"""What does each subsystem need of the configuration? Its own few numbers, in its own units."""

from cream.core.execution.levels import TriggerPrice
from cream.core.execution.protection import ProtectionPolicy
from cream.core.execution.reconciliation import Tolerances
from cream.core.model.promise import OnLoss
from cream.core.options.dividends import dividends_of
from cream.core.resilience.backoff import Backoff
from cream.core.resilience.breaker import BreakerLimits, Window
from cream.core.safety.heartbeat import HeartbeatLimits
from cream.core.safety.mass_cancel import MassCancelPolicy
from cream.daemon.activity_reader import ActivityReaderSettings
from cream.daemon.archivist import ArchivistSettings
from cream.daemon.breaker_settings import BreakerSettings
from cream.daemon.journal_writer import JournalWriterSettings
from cream.daemon.mass_canceller import MassCancelSettings
from cream.daemon.option_settings import with_cutoffs
from cream.daemon.order_router import RouterSettings
from cream.daemon.reconciler_settings import ReconcilerSettings
from cream.daemon.settings import Settings
from cream.daemon.supervisor import Intensity
from cream.daemon.tree import TreeSettings
from cream.daemon.valuations import Rates


def tree_settings(settings: Settings, version: str, config_hash: str) -> TreeSettings:
    """The settings of the tree that `settings` ask for."""
    supervision, safety, stops = settings.supervision, settings.safety, settings.stops
    restart = Backoff(base=supervision.backoff_base_seconds, cap=supervision.backoff_cap_seconds)
    return TreeSettings(
        environment=settings.environment.mode,
        constraints=with_cutoffs(settings.constraints, settings.options),
        options=settings.options.policy,
        rolling=settings.options.rolling.all_rules,
        heartbeat=_heartbeat(settings),
        router=_router(settings),
        reconciler=_reconciler(settings),
        mass_cancel=_mass_cancel(settings, restart),
        breaker=breaker_limits(settings),
        ack_timeout=_ack_timeout(settings),
        intensity=Intensity(
            restarts=supervision.max_restarts, period_seconds=supervision.period_seconds
        ),
        restart=restart,
        protection=_protection(settings),
        partial_fills=settings.partial_fills.policy,
        writer=JournalWriterSettings(
            commit_batch_max=settings.persistence.commit_batch_max,
            commit_timeout_seconds=settings.persistence.commit_timeout_ms / 1000,
            drain_timeout_seconds=settings.persistence.drain_timeout_ms / 1000,
        ),
        activities=_activities(settings),
        archivist=ArchivistSettings(
            snapshot_interval=settings.persistence.snapshot_interval_secs,
            closed_orders=settings.persistence.closed_orders_secs,
            retention=_seconds_of_days(settings.persistence.retention_days),
        ),
        version=version,
        config_hash=config_hash,
        watch_link=safety.enabled,
        watch_levels=stops.enabled,
        levels_interval=stops.monitoring_interval_ms / 1000,
        quote_stale_after=settings.feeds.stale_after_seconds,
        account_stale_after=settings.routing.account_stale_seconds,
        mass_cancel_wait=safety.mass_cancel_wait_seconds,
        client_timeout=safety.client_timeout_seconds,
        on_client_loss=OnLoss(safety.on_client_loss),
        recovery_wait=settings.recovery.start_timeout_seconds if settings.recovery.enabled else 0,
        stop_within=supervision.stop_seconds,
        dividends=dividends_of(one.told() for one in settings.pricing.dividends),
        stream_buffer=settings.server.stream_buffer,
        rates=_rates(settings),
    )


def _ack_timeout(settings: Settings) -> float | None:
    brokers = settings.brokers
    return brokers.alpaca.ack_timeout_seconds if brokers.active == "alpaca" else None


def _activities(settings: Settings) -> ActivityReaderSettings | None:
    """How the account's history is read. The simulated broker keeps none."""
    if settings.brokers.active == "simulated":
        return None
    own = settings.reconciliation
    return ActivityReaderSettings(
        interval=own.activities_interval_secs, lookback_days=own.activities_lookback_days
    )


def _rates(settings: Settings) -> Rates:
    """What options are priced with. The synthetic market says itself what it quotes with."""
    if settings.brokers.active == "simulated":
        return Rates(rate=float(settings.feeds.synthetic.risk_free_rate), dividend_yield=0.0)
    own = settings.pricing
    return Rates(
        rate=own.risk_free_rate,
        dividend_yield=own.default_dividend_yield,
        implied=own.use_implied_volatility,
        window_days=own.volatility_window_days,
    )


def _protection(settings: Settings) -> ProtectionPolicy:
    stops = settings.stops
    return ProtectionPolicy(
        place_at_broker=stops.use_bracket_orders,
        settle_seconds=stops.settle_seconds,
        yields_to_mass_cancel=settings.safety.protective == "cancel",
        trigger=TriggerPrice(stops.trigger),
        blind_seconds=stops.blind_seconds,
    )


def _seconds_of_days(days: int | None) -> float | None:
    return None if days is None else days * 86_400.0


def _mass_cancel(settings: Settings, restart: Backoff) -> MassCancelSettings:
    safety = settings.safety
    policy = MassCancelPolicy(
        keep_protection=safety.protective == "keep", spare_gtc=safety.gtc_policy == "exclude"
    )
    return MassCancelSettings(policy=policy, backoff=restart)


def _heartbeat(settings: Settings) -> HeartbeatLimits:
    safety = settings.safety
    return HeartbeatLimits(
        interval=safety.heartbeat_interval_ms / 1000,
        timeout=safety.heartbeat_timeout_seconds,
        grace=safety.grace_period_seconds,
        calm=safety.calm_seconds,
    )


def _router(settings: Settings) -> RouterSettings:
    routing = settings.routing
    return RouterSettings(
        submit_timeout=routing.submit_timeout_seconds,
        cancel_timeout=routing.cancel_timeout_seconds,
        unavailable_retry=routing.unavailable_retry_seconds,
        release=routing.release_seconds,
    )


def _reconciler(settings: Settings) -> ReconcilerSettings:
    own, recovery = settings.reconciliation, settings.recovery
    return ReconcilerSettings(
        enabled=own.enabled,
        interval=own.interval_secs,
        positions_interval=own.positions_interval_secs,
        open_orders_interval=own.open_orders_interval_secs,
        in_flight_interval=own.in_flight_interval_secs,
        absence_probes=own.absence_probes,
        absence_seconds=own.absence_seconds,
        max_order_age=own.max_order_age_secs,
        auto_resolve_orphans=own.auto_resolve_orphans,
        auto_resolve_at_start=recovery.auto_resolve_orphans,
        sync_positions=recovery.sync_positions,
        on_critical=own.on_critical_discrepancy,
        restricts_at_start=recovery.abort_on_critical,
        tolerances=Tolerances(
            quantity=recovery.position_qty_tolerance, price=recovery.position_price_tolerance_pct
        ),
        young=own.protection_window_secs,
        resume_automatically=settings.safety.resume == "auto",
    )


def breaker_limits(settings: Settings) -> BreakerLimits:
    """The limits of the circuit breakers of the broker that is active."""
    alpaca = settings.circuit_breaker.alpaca if settings.brokers.active == "alpaca" else None
    return _breaker(alpaca or settings.circuit_breaker.default)


def _breaker(own: BreakerSettings) -> BreakerLimits:
    return BreakerLimits(
        failure_rate_threshold=own.failure_rate_threshold,
        minimum_calls=own.minimum_calls,
        wait_seconds=own.wait_duration_secs,
        half_open_calls=own.permitted_calls_in_half_open,
        window=Window(own.sliding_window_type),
        window_size=own.sliding_window_size,
    )
