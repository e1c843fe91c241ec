"""An exit that is refused for shares which a cancelled order still holds."""

from typing import Any

import httpx
import pytest
from trio.testing import MockClock

from cream.adapters.brokers.alpaca.releases import WITHIN
from cream.core.model.broker import Accepted, Refused
from cream.core.model.order import OrderPurpose, Side
from tests.fakes.venue_lab import terms
from tests.unit.adapters.brokers.alpaca.scripted import Script, ok, order, refused
from tests.unit.adapters.brokers.alpaca.test_broker import over

EXIT = terms(Side.SELL, "10", purpose=OrderPurpose.EXIT)
HELD_UP = "insufficient qty available for order (requested: 10, available: 0)"


def lacking() -> httpx.Response:
    return refused(403, 40310000, HELD_UP)


def holding(available: str | None, quantity: str = "10", symbol: str = "AAPL") -> httpx.Response:
    row = {"symbol": symbol, "qty": quantity, "avg_entry_price": "1", "qty_available": available}
    return ok([row])


def methods(script: Script) -> str:
    return " ".join(request.method for request in script.requests)


async def test_it_is_sent_again_once_they_are_free(autojump_clock: MockClock) -> None:
    """The shares of a cancelled order are waited for."""
    script = Script(lacking(), holding("0"), ok({}, 503), holding("10"), ok(order(side="sell")))
    assert isinstance(await over(script).submit(EXIT), Accepted)
    assert methods(script) == "POST GET GET GET POST"
    assert script.requests[0].content == script.requests[-1].content


@pytest.mark.parametrize("available", ["0", "9", None])
async def test_it_is_refused_if_they_do_not_become_free(
    autojump_clock: MockClock, available: str | None
) -> None:
    script = Script(lacking(), *[holding(available) for _ in WITHIN])
    outcome = await over(script).submit(EXIT)
    assert outcome == Refused("INSUFFICIENT_QTY", HELD_UP)
    assert methods(script).count("POST") == 1


@pytest.mark.parametrize("shown", [ok([]), holding("9", "9"), holding("10", symbol="MSFT")])
async def test_what_is_not_held_is_not_waited_for(
    autojump_clock: MockClock, shown: httpx.Response
) -> None:
    script = Script(lacking(), shown)
    assert isinstance(await over(script).submit(EXIT), Refused)
    assert methods(script) == "POST GET"


async def test_neither_is_anything_for_an_entry() -> None:
    script = Script(lacking())
    assert isinstance(await over(script).submit(terms(Side.SELL)), Refused)
    assert methods(script) == "POST"


@pytest.mark.parametrize("answer", [refused(403, 40310000, "wash trade"), refused(422, 42210000)])
async def test_another_refusal_is_final(answer: Any) -> None:
    script = Script(answer)
    assert isinstance(await over(script).submit(EXIT), Refused)
    assert methods(script) == "POST"
