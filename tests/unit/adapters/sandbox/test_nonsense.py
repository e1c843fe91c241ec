"""What makes no sense is refused, whatever it is: no request stops the sandbox or keeps it busy."""

from typing import Any

import pytest

from tests.unit.adapters.sandbox.lab import KEYS, lab

DIGITS = "9" * 5_000
HUGE, TINY = "1e999999", "1e-999999"
TRAILING = {"type": "trailing_stop", "limit_price": None}


@pytest.mark.parametrize(
    "fields",
    [
        TRAILING | {"trail_price": HUGE},
        TRAILING | {"trail_percent": TINY},
        {"qty": HUGE},
        {"qty": DIGITS},
        {"type": "limit", "limit_price": TINY},
        {"qty": None, "notional": HUGE},
    ],
)
async def test_an_order_with_a_number_beyond_reason_is_refused(fields: dict[str, Any]) -> None:
    """A trail of 1e999999 was taken, and the next quote ended the sandbox."""
    one = lab()
    assert (await one.refused(**fields))[0] == 422
    assert (await one.steer("POST", "/quote", {"symbol": "AAPL", "bid": "99", "ask": "100"}))[
        0
    ] == 200


@pytest.mark.parametrize("part", ["percentage", "qty"])
@pytest.mark.parametrize("figure", [HUGE, TINY, DIGITS, "x", "-1", "NaN", "101"])
async def test_a_part_of_a_holding_that_is_none_is_refused(part: str, figure: str) -> None:
    """A quantity of 1e999999 kept the sandbox busy for ever."""
    one = lab()
    await one.order()
    status, _ = await one.ask("DELETE", f"/v2/positions/AAPL?{part}={figure}")
    assert status in (403, 422)
    assert (await one.ask("GET", "/v2/positions/AAPL"))[1]["qty"] == "10"


async def test_a_holding_is_closed_in_part_or_by_share() -> None:
    one = lab()
    await one.order()
    assert (await one.ask("DELETE", "/v2/positions/AAPL?qty=1&percentage=5"))[0] == 422


@pytest.mark.parametrize(
    "path",
    [
        f"/v2/orders?limit={DIGITS}",
        f"/v2/account/activities?page_size={DIGITS}",
        "/v2/account/activities?page_size=0",
        f"/v2/options/contracts?limit={DIGITS}",
        "/v2/options/contracts?limit=0",
        f"/v2/options/contracts?page_token={DIGITS}",
        "/v2/options/contracts?strike_price_gte=NaN",
        "/v2/orders?after=9999-12-31T23:59:59-23:59",
        f"/v2/stocks/bars?symbols=AAPL&limit={DIGITS}",
        "/v2/stocks/bars?symbols=AAPL&start=9999-12-31T23:59:59-23:59",
        f"/v1beta1/options/snapshots/AAPL?limit={DIGITS}",
        "/v1beta1/options/snapshots/AAPL?strike_price_lte=NaN",
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(path: str) -> None:
    assert (await lab().ask("GET", path))[0] in (400, 422)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_beyond_the_calendar_there_are_no_days(day: str) -> None:
    assert await lab().ask("GET", f"/v2/calendar?start={day}") == (200, [])


async def test_a_calendar_ends_with_the_last_day_there_is() -> None:
    status, days = await lab().ask("GET", "/v2/calendar?start=2029-12-31&end=9999-12-31")
    assert (status, [day["date"] for day in days]) == (200, ["2029-12-31"])


@pytest.mark.parametrize(
    "data", [b"[" * 100_000, b'{"a":' * 100_000, b'{"qty":1e9999999999999999999}']
)
async def test_a_body_that_nobody_can_read_is_refused(data: bytes) -> None:
    client = lab().app.test_client()
    answer = await client.post("/v2/orders", data=data, headers=KEYS)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/split", {"symbol": "AAPL", "ratio": TINY}),
        ("/split", {"symbol": "AAPL", "ratio": "0.001"}),
        ("/split", {"symbol": "AAPL", "ratio": "101"}),
        ("/quote", {"symbol": "AAPL", "bid": HUGE, "ask": HUGE}),
        ("/quote", {"symbol": "AAPL", "bid": TINY, "ask": "1"}),
        ("/quote", {"symbol": "AAPL", "bid": "1", "ask": "2", "bid_size": DIGITS}),
        ("/faults", {"name": "ws.mute_symbol", "symbol": 5}),
        ("/faults", {"name": "rest.flaky", "path": ["/v2"]}),
    ],
)
async def test_what_the_control_port_cannot_do_is_refused(path: str, body: dict[str, Any]) -> None:
    """A symbol that is no text meant every symbol."""
    one = lab()
    await one.order()
    assert (await one.steer("POST", path, body))[0] == 422
    assert (await one.steer("GET", "/book"))[0] == 200
