"""What a day of trades is charged, and when: nothing on paper, the next day where fees are live."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from cream.adapters.sandbox.charging import FeeDesk, FeeMode
from cream.core.model.broker import Execution
from cream.core.model.side import Side
from cream.core.options.occ import parse_instrument
from tests.fakes.venue_lab import NOON
from tests.unit.adapters.sandbox.lab import NEAR, Lab, lab

# In the second quarter of 2026 everything is charged for; the Q4 of that year knows no TAF.
SPRING = datetime(2026, 5, 12, 15, tzinfo=UTC)
DAY = timedelta(days=1)


def sold(
    quantity: str, price: str, symbol: str = "AAPL", at: datetime = SPRING, side: Side = Side.SELL
) -> Execution:
    return Execution(
        execution_id=f"{symbol}-{quantity}-{price}",
        broker_order_id="order",
        instrument=parse_instrument(symbol),
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        executed_at=at,
    )


def charged(desk: FeeDesk, now: datetime) -> dict[str, tuple[str, str]]:
    """What each kind takes, and the words of its row."""
    amount, rows = desk.take_due(now)
    found: dict[str, Any] = {row["activity_sub_type"]: row for row in rows}  # type: ignore[misc]
    assert amount == -sum((Decimal(row["net_amount"]) for row in found.values()), Decimal(0))
    return {word: (row["net_amount"], row["description"]) for word, row in found.items()}


def test_each_kind_is_added_up_over_the_day_and_rounded_up_once() -> None:
    """Three sales of 20 shares: 60 x 0.000195 TAF are 0.0117, and 0.02; one by one 0.03."""
    desk = FeeDesk(FeeMode.LIVE)
    for price in ("100", "101", "99"):
        desk.traded(sold("20", price))
    desk.traded(sold("10", "100", side=Side.BUY))
    assert desk.accrued == Decimal("0.16")

    assert charged(desk, SPRING + DAY) == {
        "REG": ("-0.13", "REG fee for proceed of 60 shares (3 trades) on 2026-05-12"),
        "TAF": ("-0.02", "TAF fee for proceed of 60 shares (3 trades) on 2026-05-12"),
        "CAT": ("-0.01", "CAT fee for proceed of 70 shares (4 trades) on 2026-05-12"),
    }
    assert desk.accrued == 0


def test_options_are_charged_by_the_contract() -> None:
    desk = FeeDesk(FeeMode.LIVE)
    desk.traded(sold("2", "1.00", "AAPL260618C00240000", side=Side.BUY))
    desk.traded(sold("5", "100"))

    rows = charged(desk, SPRING + DAY)

    assert rows["ORF"] == ("-0.06", "ORF fee for proceed of 2 contracts (1 trades) on 2026-05-12")
    assert rows["OCC"][0] == "-0.05"
    assert (
        rows["CAT"][1] == "CAT fee for proceed of 5 shares and 2 contracts (2 trades) on 2026-05-12"
    )


def test_a_day_is_charged_once_and_not_before_it_is_over_in_new_york() -> None:
    desk = FeeDesk(FeeMode.LIVE)
    desk.traded(sold("50", "100"))
    assert charged(desk, datetime(2026, 5, 13, 3, 59, tzinfo=UTC)) == {}
    late = datetime(2026, 5, 13, 4, 0, tzinfo=UTC)
    (row,) = [one for one in desk.take_due(late)[1] if one["activity_sub_type"] == "TAF"]
    assert row["date"] == date(2026, 5, 13).isoformat()
    assert charged(desk, late + DAY) == {}


def test_paper_charges_nothing() -> None:
    desk = FeeDesk(FeeMode.PAPER)
    desk.traded(sold("50", "100"))
    assert (desk.accrued, desk.take_due(SPRING + DAY)) == (0, (0, []))


async def figures(one: Lab) -> tuple[Decimal, str]:
    _, account = await one.ask("GET", "/v2/account")
    return Decimal(account["cash"]), account["accrued_fees"]


@pytest.mark.parametrize(
    ("mode", "kinds"),
    [(FeeMode.LIVE, {"ORF": "-0.03", "OCC": "-0.05", "CAT": "-0.01"}), (FeeMode.PAPER, {})],
)
async def test_the_next_day_the_account_has_paid_and_the_history_says_what(
    autojump_clock: MockClock, mode: FeeMode, kinds: dict[str, str]
) -> None:
    one = lab(fees=mode)
    assert NOON.date() == date(2026, 11, 23)
    await one.order(symbol=NEAR, qty="2")
    before, accrued = await figures(one)
    total = -sum((Decimal(fee) for fee in kinds.values()), Decimal(0))
    assert accrued == f"{total:.2f}"
    path = "/v2/account/activities/FEE"
    assert (await one.ask("GET", path))[1] == []

    await trio.sleep(86_400)
    one.sandbox.exchange.advance()

    assert await figures(one) == (before - total, "0.00")
    _, rows = await one.ask("GET", path)
    assert {row["activity_sub_type"]: row["net_amount"] for row in rows} == kinds
    assert {row["date"] for row in rows} <= {"2026-11-24"}
    one.sandbox.exchange.advance()
    assert (await figures(one))[0] == before - total
