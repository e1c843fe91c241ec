"""A sandbox without sockets: its two applications, asked directly."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import frozen

from cream.adapters.clock import ShiftedClock
from cream.adapters.feeds.settings import LISTED_PRICES, SyntheticSettings
from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.adapters.sandbox.app import Sandbox, create_app
from cream.adapters.sandbox.control import ControlRoutes
from cream.adapters.sandbox.data_routes import DataRoutes
from cream.adapters.sandbox.history_routes import HistoryRoutes
from cream.adapters.sandbox.reference_routes import ReferenceRoutes
from cream.adapters.sandbox.server import SandboxSettings, make_sandbox
from cream.adapters.sandbox.trading_routes import TradingRoutes
from tests.fakes.venue_lab import NOON

KEYS = {"APCA-API-KEY-ID": "PK", "APCA-API-SECRET-KEY": "s"}
NEAR, FAR = "AAPL261218C00240000", "AAPL261218C00250000"


@frozen
class Lab:
    """The sandbox and its applications."""

    sandbox: Sandbox
    app: Any
    control: Any

    async def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] = KEYS
    ) -> tuple[int, Any]:
        """Status and document of the answer."""
        answer = await self.app.test_client().open(
            path, method=method, json=body, headers=dict(headers)
        )
        return answer.status_code, await _document(answer)

    async def steer(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """The same at the control port."""
        answer = await self.control.test_client().open(path, method=method, json=body)
        return answer.status_code, await _document(answer)

    async def order(self, **fields: Any) -> dict[str, Any]:
        """An order that must be taken."""
        body = {"symbol": "AAPL", "qty": "10", "side": "buy", "type": "market"}
        body |= {"time_in_force": "day"} | fields
        status, document = await self.ask("POST", "/v2/orders", body)
        assert status == 200, document
        return dict(document)

    async def refused(self, **fields: Any) -> tuple[int, int, str]:
        """Status, code and words of an order that must be refused."""
        body = {"symbol": "AAPL", "qty": "10", "side": "buy", "type": "market"}
        body |= {"time_in_force": "day"} | fields
        status, document = await self.ask("POST", "/v2/orders", body)
        return status, document["code"], document["message"]


def lab(**changes: Any) -> Lab:
    clock = ShiftedClock(NOON)
    market = SyntheticMarket(SyntheticSettings(tick_rate=0), clock)
    market.set_quote("AAPL", Decimal("238.39"), Decimal("238.41"), 1_000, 1_000)
    sandbox = make_sandbox(SandboxSettings(**changes), market, clock, symbols=tuple(LISTED_PRICES))
    app = create_app(sandbox)
    TradingRoutes(sandbox).register(app)
    ReferenceRoutes(sandbox, tuple(LISTED_PRICES)).register(app)
    DataRoutes(sandbox).register(app)
    HistoryRoutes(sandbox).register(app)
    return Lab(sandbox, app, ControlRoutes(sandbox).app())


async def _document(answer: Any) -> Any:
    data = await answer.get_data()
    if answer.content_type != "application/json":
        return data.decode()
    return await answer.get_json()
