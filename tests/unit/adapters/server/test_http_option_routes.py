"""Instructions about options over HTTP."""

import pytest

from tests.fakes.operations import FakeOperations
from tests.unit.adapters.server.plans import Json
from tests.unit.adapters.server.site import call, post

SYMBOL = "AAPL  261218C00240000"


async def test_an_option_is_exercised_in_part_or_whole(operations: FakeOperations) -> None:
    part = await post(operations, "/v1/options/exercise", {"symbol": SYMBOL, "quantity": 2})
    await post(operations, "/v1/options/exercise", {"symbol": "AAPL261218C00240000"})

    assert part == {
        "request_id": "x-1",
        "symbol": SYMBOL,
        "quantity": "2",
        "instruction": "exercise",
        "outcome": "taken",
        "message": "",
    }
    assert operations.commands == [
        ("exercise", SYMBOL, "2", "local"),
        ("exercise", SYMBOL, "None", "local"),
    ]


async def test_an_option_can_be_left_unexercised(operations: FakeOperations) -> None:
    reply = await post(operations, "/v1/options/do-not-exercise", {"symbol": SYMBOL})

    assert (reply["instruction"], reply["outcome"]) == ("do_not_exercise", "taken")
    assert operations.commands == [("do_not_exercise", SYMBOL, "local")]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("exercise", {"symbol": "AAPL"}, "symbol"),
        ("exercise", {"symbol": SYMBOL, "quantity": 0}, "quantity"),
        ("exercise", {"symbol": SYMBOL, "quantity": 1.5}, "quantity"),
        ("exercise", {"symbol": SYMBOL, "force": True}, "force"),
        ("do-not-exercise", {"symbol": SYMBOL, "quantity": 1}, "quantity"),
        ("do-not-exercise", {}, "symbol"),
    ],
)
async def test_what_is_not_understood_is_not_sent(
    operations: FakeOperations, path: str, body: Json, field: str
) -> None:
    reply = await call(operations, "POST", f"/v1/options/{path}", body)

    assert reply.status_code == 400
    assert (await reply.get_json())["details"][0]["field"] == field
    assert operations.commands == []
