"""Which routes show what happened to the account beside orders, and what it costs?"""

from quart import Quart, Response, request
from quart_schema import document_response

from cream.adapters.server import json_account_types as api
from cream.adapters.server.account_requests import activities_from_query
from cream.adapters.server.account_views import activities_view, alarms_view, fees_view
from cream.adapters.server.http_replies import reply
from cream.adapters.server.http_site import Site
from cream.adapters.server.openapi import document_query


def add_account_routes(app: Quart, site: Site) -> None:
    """Add the routes."""
    operations = site.operations

    @app.get("/v1/activities")
    @document_query(
        type="Only these types (FEE, DIVIDEND, ...), with commas between them; may be repeated.",
        since="Only rows of this day (YYYY-MM-DD) and later ones.",
        until="Only rows of this day and earlier ones.",
        limit="At most so many rows a page, 100 unless it is said; up to 1000.",
        cursor="The next_cursor of the page before.",
    )
    @document_response(api.Activities)
    async def activities() -> Response:
        """What happened to the account that was no trade, the newest day first, page by page."""
        wanted = activities_from_query(list(request.args.lists()))
        return reply(activities_view(operations.history.activities(wanted)))

    @app.get("/v1/fees")
    @document_response(api.Fees)
    async def fees() -> Response:
        """What trades were estimated to cost and what was charged, by day and kind."""
        return reply(fees_view(operations.history.fees()))

    @app.get("/v1/options/alarms")
    @document_response(api.OptionAlarms)
    async def option_alarms() -> Response:
        """What an operator has to know of options that are held."""
        return reply(alarms_view(operations.history.option_alarms()))
