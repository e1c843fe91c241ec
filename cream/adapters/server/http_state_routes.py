"""Which routes show how the daemon does, and change what it may do?"""

from quart import Quart, Response, g
from quart_schema import document_response, hide

from cream.adapters.server import json_bodies as bodies
from cream.adapters.server import json_state_types as api
from cream.adapters.server import json_state_views as views
from cream.adapters.server.heartbeats import heartbeat_request
from cream.adapters.server.http_account_routes import add_account_routes
from cream.adapters.server.http_option_routes import add_option_routes
from cream.adapters.server.http_replies import json_body, reply
from cream.adapters.server.http_site import Site
from cream.adapters.server.openapi import docs_page, document_request
from cream.adapters.server.requests_json import (
    kill_switch_request,
    mass_cancel_request,
    trading_state_request,
)
from cream.adapters.server.simulation_requests import (
    disconnect_request,
    fault_request,
    levers,
    quote_request,
)


def add_to(app: Quart, site: Site) -> None:
    """Add the routes for health, trading state and simulation."""
    _add_health(app, site)
    _add_insight(app, site)
    _add_trading_state(app, site)
    add_option_routes(app, site)
    add_account_routes(app, site)
    _add_simulation(app, site)
    _add_docs(app)


def _add_health(app: Quart, site: Site) -> None:
    @app.get("/health")
    @document_response(api.Health)
    async def health() -> Response:
        """The process lives."""
        return reply(api.Health(status="ok"))

    @app.get("/ready")
    @document_response(api.Readiness)
    @document_response(api.Readiness, 503)
    async def ready() -> Response:
        """200 exactly when a risk-increasing order would be accepted, else 503 with reasons."""
        state = site.operations.readiness()
        return reply(views.readiness_view(state), 200 if state.ready else 503)


def _add_insight(app: Quart, site: Site) -> None:
    operations = site.operations

    @app.get("/v1/feed-health")
    @document_response(api.FeedHealth)
    async def feed_health() -> Response:
        """How the market data does."""
        return reply(views.feed_view(operations.feed_health()))

    @app.get("/v1/circuit-breaker")
    @document_response(api.Breakers)
    async def circuit_breaker() -> Response:
        """Whether calls to the broker are held back."""
        return reply(views.breakers_view(operations.circuit_breakers()))

    @app.get("/v1/supervision")
    @document_response(api.Subsystems)
    async def supervision() -> Response:
        """Every subsystem: its state, restarts and last error."""
        return reply(views.subsystems_view(operations.supervision()))

    @app.get("/v1/reconciliation")
    @document_response(api.Reconciliation)
    async def reconciliation() -> Response:
        """How the broker's view and ours compare."""
        return reply(views.reconciliation_view(operations.reconciliation()))

    @app.post("/v1/reconciliation")
    @document_response(api.Reconciliation)
    async def reconcile_now() -> Response:
        """Compare everything with the broker now."""
        return reply(views.reconciliation_view(await operations.reconcile_now()))

    @app.get("/metrics")
    @hide
    async def metrics() -> Response:
        """Prometheus exposition."""
        body, content_type = site.metrics()
        return Response(body, content_type=content_type)


def _add_trading_state(app: Quart, site: Site) -> None:
    operations = site.operations

    @app.get("/v1/trading-state")
    @document_response(api.TradingState)
    async def trading_state() -> Response:
        """The trading state and what demands it."""
        return reply(views.trading_state_view(operations.trading_state()))

    @app.post("/v1/trading-state")
    @document_request(bodies.TradingStateBody)
    @document_response(api.TradingState)
    async def set_trading_state() -> Response:
        """Set or lift the operator's restriction."""
        asked = trading_state_request(await json_body())
        view = await operations.set_trading_state(
            asked.state, asked.reason, asked.actor or g.actor, asked.force
        )
        return reply(views.trading_state_view(view))

    @app.post("/v1/kill-switch")
    @document_request(bodies.KillSwitchBody)
    @document_response(api.KillSwitchReply)
    async def kill_switch() -> Response:
        """Halt, cancel everything that works, and close positions on demand."""
        reason, flatten = kill_switch_request(await json_body())
        report = await operations.kill_switch(reason, g.actor, flatten)
        return reply(views.kill_switch_view(report))

    @app.post("/v1/heartbeat")
    @document_request(bodies.HeartbeatBody)
    @document_response(api.Heartbeat)
    async def heartbeat() -> Response:
        """A client is still there, or with `close` leaves; its session begins with the first."""
        beat = heartbeat_request(await json_body())
        if beat.close:
            await operations.close_session(beat.session_id)
            return reply(api.Heartbeat(session_id=beat.session_id, timeout_seconds=0, on_loss=None))
        kept = await operations.heartbeat(
            beat.session_id, beat.timeout_seconds, beat.on_loss, g.actor
        )
        return reply(
            api.Heartbeat(
                session_id=kept.session_id,
                timeout_seconds=kept.timeout_seconds,
                on_loss=kept.on_loss.value,
            )
        )

    @app.post("/v1/mass-cancel")
    @document_request(bodies.ReasonBody)
    @document_response(api.MassCancelReply)
    async def mass_cancel() -> Response:
        """Cancel everything that works and wait for the broker's confirmation."""
        reason = mass_cancel_request(await json_body())
        return reply(views.mass_cancel_view(await operations.mass_cancel(reason, g.actor)))


def _add_simulation(app: Quart, site: Site) -> None:
    operations = site.operations

    @app.post("/v1/simulation/quote")
    @document_request(bodies.QuoteBody)
    @document_response(api.Quote)
    async def move_market() -> Response:
        """Move the market by hand."""
        simulation = levers(operations)
        asked = quote_request(await json_body())
        quote = simulation.set_quote(
            asked.instrument.symbol, asked.bid, asked.ask, asked.bid_size, asked.ask_size
        )
        return reply(views.quote_view(quote))

    @app.post("/v1/simulation/disconnect")
    @document_request(bodies.DisconnectBody)
    @document_response(api.Done)
    async def disconnect() -> Response:
        """Make the broker unreachable for a while."""
        simulation = levers(operations)
        simulation.disconnect(disconnect_request(await json_body()))
        return reply(api.Done())

    @app.post("/v1/simulation/fault")
    @document_request(bodies.FaultBody)
    @document_response(api.Done)
    async def fault() -> Response:
        """Switch a named fault on or off."""
        simulation = levers(operations)
        asked = fault_request(await json_body())
        simulation.fault(asked.name, asked.parameters)
        return reply(api.Done())


def _add_docs(app: Quart) -> None:
    @app.get("/docs")
    @hide
    async def docs() -> Response:
        """A page that lists the API without fetching anything from elsewhere."""
        return Response(docs_page(app), content_type="text/html; charset=utf-8")
