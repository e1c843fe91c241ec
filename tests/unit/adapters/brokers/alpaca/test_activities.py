"""Rows of the history that are no fills: every number as it was written, every word kept."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cream.adapters.brokers.alpaca.activities import activity
from cream.adapters.brokers.alpaca.broker import AlpacaBroker
from cream.adapters.brokers.alpaca.document import SchemaMismatch, decode_json, read
from cream.adapters.brokers.alpaca.models import AlpacaNonTrade
from cream.adapters.brokers.alpaca.trading import ACTIVITIES_A_PAGE
from cream.core.model.activity import Activity, ActivityKind, ActivityStatus
from cream.core.model.errors import BrokerUnavailable
from tests.unit.adapters.brokers.alpaca.scripted import Script, ok
from tests.unit.adapters.brokers.alpaca.test_broker import over

DAY = date(2026, 11, 23)

# As Alpaca writes them; `extra_field` stands for what will be added.
DIVIDEND = """{
  "activity_type": "DIV", "id": "20190801011955195::5f596936-6f23-4cef-bdf1-3806aae57dbf",
  "date": "2019-08-01", "net_amount": "1.02", "symbol": "T", "cusip": "C00206R102",
  "qty": "2", "per_share_amount": "0.51", "extra_field": [1]
}"""
FEE = """{
  "id": "20220114000000000::8f5d6bd4", "activity_type": "FEE", "activity_sub_type": "TAF",
  "date": "2022-01-14", "net_amount": "-0.10", "status": "executed", "price": "",
  "description": "TAF fee for proceed of 50 shares (1 trades) on 2022-01-13"
}"""


def told(text: str) -> Activity:
    return activity(read(AlpacaNonTrade, decode_json(text)))


def row(activity_id: str = "a", **changes: Any) -> dict[str, Any]:
    fee = {"id": activity_id, "activity_type": "FEE", "date": "2026-11-23", "net_amount": "-0.02"}
    return fee | changes


def test_a_dividend_is_read_with_no_number_changed() -> None:
    assert told(DIVIDEND) == Activity(
        activity_id="20190801011955195::5f596936-6f23-4cef-bdf1-3806aae57dbf",
        kind=ActivityKind.DIVIDEND,
        word="DIV",
        day=date(2019, 8, 1),
        symbol="T",
        quantity=Decimal(2),
        net_amount=Decimal("1.02"),
    )


def test_a_fee_keeps_its_sort_and_its_cents() -> None:
    found = told(FEE)
    assert (found.kind, found.sub_word) == (ActivityKind.FEE, "TAF")
    assert str(found.net_amount) == "-0.10"
    assert found.price is None
    assert found.status is ActivityStatus.EXECUTED
    assert found.description.startswith("TAF fee")


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("FEE", ActivityKind.FEE),
        ("DIVNRA", ActivityKind.DIVIDEND),
        ("INT", ActivityKind.INTEREST),
        ("JNLC", ActivityKind.TRANSFER),
        ("OPASN", ActivityKind.ASSIGNMENT),
        ("OPEXC", ActivityKind.EXERCISE),
        ("OPEXP", ActivityKind.EXPIRY),
        ("OPTRD", ActivityKind.OPTION_TRADE),
        ("SPLIT", ActivityKind.SPLIT),
        ("SPIN", ActivityKind.SPIN_OFF),
        ("MA", ActivityKind.MERGER),
        ("MEM", ActivityKind.OTHER),
    ],
)
def test_every_word_has_a_kind_and_is_kept(word: str, kind: ActivityKind) -> None:
    found = activity(read(AlpacaNonTrade, row(activity_type=word)))
    assert (found.kind, found.word) == (kind, word)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("", ActivityStatus.EXECUTED),
        ("correct", ActivityStatus.CORRECTED),
        ("canceled", ActivityStatus.CANCELED),
        ("pending", ActivityStatus.PENDING),
        ("pondered", ActivityStatus.PENDING),
    ],
)
def test_a_status_that_is_not_known_does_not_count(word: str, status: ActivityStatus) -> None:
    assert activity(read(AlpacaNonTrade, row(status=word))).status is status


def test_a_row_with_a_moment_and_no_day_is_of_its_day_in_new_york() -> None:
    late = row(date=None, transaction_time="2026-11-24T02:00:00Z")
    assert activity(read(AlpacaNonTrade, late)).day == DAY


def test_a_row_without_a_day_cannot_be_read() -> None:
    with pytest.raises(SchemaMismatch, match="no day"):
        activity(read(AlpacaNonTrade, row(date="")))


async def asked(*answers: Any) -> tuple[list[Activity], Script]:
    script = Script(*(ok(one) for one in answers))
    broker: AlpacaBroker = over(script)
    return list(await broker.activities_since(DAY)), script


async def test_all_pages_are_asked_for_from_the_day_on() -> None:
    page = [row(f"a-{index}") for index in range(ACTIVITIES_A_PAGE)]
    found, script = await asked(page, [row("last")])

    assert len(found) == ACTIVITIES_A_PAGE + 1
    first, second = (one.url.params for one in script.requests)
    assert first["category"] == "non_trade_activity"
    assert first["after"].startswith("2026-11-22T23:59:55")
    assert second["page_token"] == "a-99"


async def test_what_cannot_be_read_is_left_out_and_the_rest_is_told() -> None:
    """A fill is none of these, though a broker that knows no category sends it along."""
    fill = row("f", activity_type="FILL", side="buy")
    rows = [row("a"), row("b", net_amount="much"), row("c", date="soon"), fill, row("d")]
    found, _ = await asked(rows)

    assert [one.activity_id for one in found] == ["a", "d"]


async def test_a_list_that_does_not_end_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cream.adapters.brokers.alpaca.trading.MAX_PAGES", 2)
    page = [row(f"a-{index}") for index in range(ACTIVITIES_A_PAGE)]
    with pytest.raises(BrokerUnavailable, match="does not end"):
        await asked(page, page)
