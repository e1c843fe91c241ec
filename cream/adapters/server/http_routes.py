"""Which routes judge, place, show and cancel?"""

from quart import Quart, Response, g, request
from quart_schema import document_response

from cream.adapters.server import json_bodies as bodies
from cream.adapters.server import json_types as api
from cream.adapters.server.chain_requests import chain_from_query
from cream.adapters.server.chain_views import chain_view
from cream.adapters.server.http_replies import json_body, reply
from cream.adapters.server.http_site import Site
from cream.adapters.server.json_chain_types import OptionChain
from cream.adapters.server.json_state_types import Portfolio as PortfolioShape
from cream.adapters.server.json_state_types import Positions
from cream.adapters.server.json_state_views import portfolio_view, position_view
from cream.adapters.server.json_views import cancel_view, order_view, submit_view, verdict_view
from cream.adapters.server.openapi import document_query, document_request
from cream.adapters.server.order_listing import orders_from_query
from cream.adapters.server.portfolio import portfolio
from cream.adapters.server.requests_json import (
    cancel_request,
    check_request,
    order_ids_request,
    submit_request,
)


def add_to(app: Quart, site: Site) -> None:
    """Add the routes for plans, orders and holdings."""
    _add_plans(app, site)
    _add_orders(app, site)
    _add_holdings(app, site)
    _add_chains(app, site)


def _add_plans(app: Quart, site: Site) -> None:
    operations = site.operations

    @app.post("/v1/check-constraints")
    @document_request(bodies.CheckBody)
    @document_response(api.Verdict)
    async def check_constraints() -> Response:
        """Judge a plan; nothing changes."""
        asked = check_request(await json_body(), site.environment)
        return reply(verdict_view(await operations.check_plan(asked.plan, asked.override)))

    @app.post("/v1/submit-orders")
    @document_request(bodies.SubmitBody)
    @document_response(api.SubmitReply)
    async def submit_orders() -> Response:
        """Judge a plan and place its orders; the same plan again is placed once."""
        asked = submit_request(await json_body(), site.environment)
        result = await operations.submit_plan(asked.plan, asked.params)
        children = [operations.children(order.order_id) for order in result.orders]
        return reply(submit_view(result, children))


def _add_orders(app: Quart, site: Site) -> None:
    operations = site.operations

    @app.post("/v1/order-state")
    @document_request(bodies.OrderIdsBody)
    @document_response(api.OrderStateReply)
    async def order_state() -> Response:
        """Orders by our id, client id or broker id."""
        found, missing = [], []
        for any_id in order_ids_request(await json_body()):
            order = await operations.find_order(any_id)
            if order is None:
                missing.append(any_id)
            else:
                found.append(order_view(order, operations.children(order.order_id)))
        return reply(api.OrderStateReply(orders=tuple(found), not_found=tuple(missing)))

    @app.get("/v1/orders")
    @document_query(
        status="Only orders with this status word.", limit="Only so many, the newest of them."
    )
    @document_response(api.Orders)
    async def orders() -> Response:
        """Every order, oldest first; `status` and `limit` (the newest) narrow it."""
        wanted = orders_from_query(list(request.args.lists()))
        chosen = await operations.all_orders(wanted.status, wanted.limit)
        return reply(api.Orders(orders=tuple(order_view(one) for one in chosen)))

    @app.post("/v1/cancel-orders")
    @document_request(bodies.CancelBody)
    @document_response(api.CancelReply)
    async def cancel_orders() -> Response:
        """Ask for orders to be cancelled."""
        asked = cancel_request(await json_body())
        results = await operations.cancel_orders(asked.order_ids, asked.reason, g.actor)
        return reply(api.CancelReply(results=tuple(cancel_view(one) for one in results)))


def _add_holdings(app: Quart, site: Site) -> None:
    operations = site.operations

    @app.get("/v1/positions")
    @document_response(Positions)
    async def positions() -> Response:
        """What is held, with marks and protection."""
        views = tuple(position_view(one) for one in operations.positions())
        return reply(Positions(positions=views))

    @app.get("/v1/portfolio")
    @document_response(PortfolioShape)
    async def whole_portfolio() -> Response:
        """Account, holdings, working orders, profit and loss, and how old each figure is."""
        return reply(portfolio_view(portfolio(operations, site.now())))


def _add_chains(app: Quart, site: Site) -> None:
    @app.get("/v1/option-chain")
    @document_query(
        underlying="The ticker; required.",
        expiration="Only options that expire on this day (YYYY-MM-DD); may be repeated.",
        type="Only CALL or only PUT.",
        min_strike="Dollars per share, inclusive.",
        max_strike="Dollars per share, inclusive.",
        limit="At most so many: those that expire first, of these the nearest to the money.",
    )
    @document_response(OptionChain)
    async def option_chain() -> Response:
        """The listed options of an underlying, with quotes, volatilities and Greeks."""
        wanted = chain_from_query(list(request.args.lists()))
        return reply(await chain_view(await site.operations.option_chain(wanted)))
