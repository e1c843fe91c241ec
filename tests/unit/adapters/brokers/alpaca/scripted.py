"""An Alpaca that says what the test wrote: REST answers one by one, and frames one by one."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx

from cream.adapters.brokers.alpaca.reconnect import Reconnects
from cream.adapters.brokers.alpaca.rest import AlpacaRest
from cream.adapters.brokers.alpaca.settings import AlpacaSettings
from cream.adapters.brokers.alpaca.turnstile import Turnstile
from cream.adapters.clock import ShiftedClock
from cream.core.model.secret import Secret
from cream.core.resilience.backoff import Backoff
from cream.core.resilience.budget import RateBudget

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
STAMP = "2026-11-23T15:00:00.000001Z"

Answer = httpx.Response | Exception | Callable[[httpx.Request], Any]


def ok(document: Any, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=document, headers={"X-Request-ID": "r-1"} | headers)


def refused(status: int, code: int, message: str = "no") -> httpx.Response:
    return ok({"code": code, "message": message}, status)


def order(**changes: Any) -> dict[str, Any]:
    raw = {
        "id": "b-1",
        "client_order_id": "cream-1",
        "status": "pending_new",
        "symbol": "AAPL",
        "side": "buy",
        "type": "market",
        "order_class": "",
        "time_in_force": "day",
        "qty": "10",
        "filled_qty": "0",
        "submitted_at": STAMP,
        "updated_at": STAMP,
    }
    return raw | changes


class Script:
    """Answers in the order in which they were written; every request is kept."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if callable(answer):
            answer = await answer(request)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, httpx.Response)
        return answer

    def rest(self, **changes: Any) -> AlpacaRest:
        settings = keyed(**changes)
        return AlpacaRest(
            client=httpx.AsyncClient(
                base_url="http://alpaca", transport=httpx.MockTransport(self.handle)
            ),
            turnstile=Turnstile(RateBudget(limit=settings.requests_per_minute, period_seconds=60)),
            clock=ShiftedClock(NOW),
            settings=settings,
        )

    def bodies(self) -> list[Any]:
        return [json.loads(one.content) for one in self.requests if one.content]

    def paths(self) -> list[str]:
        return [f"{one.method} {one.url.path}" for one in self.requests]


def keyed(**changes: Any) -> AlpacaSettings:
    return AlpacaSettings(api_key=Secret("PK-key"), api_secret=Secret("very-secret"), **changes)


def reconnects(settings: AlpacaSettings) -> Reconnects:
    backoff = Backoff(base=settings.reconnect_base_seconds, cap=settings.reconnect_cap_seconds)
    return Reconnects(backoff, settings.ghost_session_seconds, lambda: 1.0)
