"""The account's history, fees and alarms over HTTP."""

from typing import Any

import pytest

from tests.fakes.account_history import a_history
from tests.fakes.operations import FakeOperations
from tests.unit.adapters.server.site import call


async def get(path: str) -> Any:
    reply = await call(FakeOperations(history=a_history()), "GET", path)
    assert reply.status_code == 200, await reply.get_data()
    return await reply.get_json()


async def test_a_row_is_shown_with_everything_that_is_known_of_it() -> None:
    page = await get("/v1/activities?type=ASSIGNMENT")

    assert page == {
        "activities": [
            {
                "activity_id": "20261123000000000::opasn",
                "type": "ASSIGNMENT",
                "word": "OPASN",
                "sub_word": "",
                "date": "2026-11-23",
                "status": "executed",
                "symbol": "AAPL  261218C00240000",
                "quantity": "1",
                "price": "0",
                "net_amount": "0",
                "description": "",
                "group_id": "g-1",
                "noted_at": "2026-11-23T16:00:00Z",
            }
        ],
        "next_cursor": None,
        "kept_days": 32,
    }


async def test_the_cursor_of_a_page_leads_to_the_next() -> None:
    path, seen = "/v1/activities?limit=2", []
    page = await get(path)
    while True:
        seen += [(row["type"], row["net_amount"]) for row in page["activities"]]
        if page["next_cursor"] is None:
            break
        page = await get(f"{path}&cursor={page['next_cursor']}")
    assert seen == [("FEE", "-0.02"), ("FEE", "-0.01"), ("ASSIGNMENT", "0")]


@pytest.mark.parametrize(
    "query", ["type=FEE,ASSIGNMENT", "type=FEE&type=ASSIGNMENT", "since=2026-11-23"]
)
async def test_several_kinds_may_be_asked_for(query: str) -> None:
    assert len((await get(f"/v1/activities?{query}"))["activities"]) == 3


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("type=FEES", ["type"]),
        ("type=", ["type"]),
        ("since=yesterday&until=2026-13-01", ["since", "until"]),
        ("since=20261123", ["since"]),
        ("since=2026-11-24&until=2026-11-23", ["since"]),
        ("limit=0&cursor=x", ["limit", "cursor"]),
        ("limit=1001", ["limit"]),
        ("limit=1&limit=2", ["limit"]),
        ("cursor=2026-11-23:", ["cursor"]),
        ("symbol=AAPL", ["symbol"]),
    ],
)
async def test_what_is_wrong_in_a_query_is_named_at_once(query: str, fields: list[str]) -> None:
    reply = await call(FakeOperations(), "GET", f"/v1/activities?{query}")
    assert reply.status_code == 400
    assert [one["field"] for one in (await reply.get_json())["details"]] == fields


async def test_a_fee_that_is_not_charged_yet_has_no_charge() -> None:
    assert await get("/v1/fees") == {
        "fees": [
            {
                "date": "2026-11-23",
                "kind": "TAF",
                "estimated": "0.01",
                "charged": "0.03",
                "differs": True,
            },
            {
                "date": "2026-11-24",
                "kind": "REG",
                "estimated": "0.21",
                "charged": None,
                "differs": None,
            },
        ]
    }


async def test_alarms_about_options_are_listed() -> None:
    assert await get("/v1/options/alarms") == {
        "alarms": [
            {
                "symbol": "AAPL  261218C00240000",
                "kind": "orphan_leg",
                "message": "1 is held without more",
                "since": "2026-11-23T15:00:00Z",
            }
        ]
    }
