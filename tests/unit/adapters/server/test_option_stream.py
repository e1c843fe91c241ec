"""Which options a subscription has, and what is said of each newer quote."""

from datetime import timedelta
from decimal import Decimal

import pytest
from attrs import evolve

from cream.adapters.server.option_stream import MOST_UNDERLYINGS, options_of, streamed
from cream.core.model.errors import CreamError
from tests.fakes.chains import NOW, a_chain, quoted
from tests.fakes.operations import FakeOperations

CALL, PUT = "AAPL  261218C00240000", "AAPL  261218P00200000"


async def test_the_options_are_shared_between_the_shares_and_those_named_are_not_repeated() -> None:
    operations = FakeOperations(chain=a_chain())

    found = await options_of(operations, ["AAPL", "XOM", CALL])

    assert list(found) == [PUT]
    assert [(one.underlying, one.limit) for one in operations.chains_asked] == [
        ("AAPL", 100),
        ("XOM", 100),
    ]


async def test_a_share_without_options_has_none() -> None:
    assert await options_of(FakeOperations(), ["AAPL"]) == {}


async def test_a_market_that_does_not_answer_is_no_market_without_options() -> None:
    class Silent(FakeOperations):
        async def option_chain(self, wanted: object) -> None:  # type: ignore[override]
            raise CreamError("NOT_READY", "no answer")

    with pytest.raises(CreamError, match="no answer"):
        await options_of(Silent(), ["AAPL"])


async def test_chains_are_read_for_so_many_shares_and_no_more() -> None:
    operations = FakeOperations(chain=a_chain())
    letters = [f"A{chr(65 + number)}" for number in range(MOST_UNDERLYINGS + 1)]
    with pytest.raises(CreamError) as refused:
        await options_of(operations, letters)
    assert refused.value.problems[0].field == "include_options"
    assert operations.chains_asked == []
    assert await options_of(operations, letters[1:])


@pytest.mark.parametrize(
    ("bid", "ask", "flags"),
    [
        ("4.20", "4.25", []),
        ("4.30", "4.25", ["CROSSED"]),
        ("0", "0.05", ["NO_BID"]),
        ("4.20", "0", ["NO_ASK"]),
    ],
)
def test_a_newer_quote_says_what_is_wrong_with_it_and_nothing_of_volatility(
    bid: str, ask: str, flags: list[str]
) -> None:
    row = a_chain().rows[0]
    row = evolve(row, listed=evolve(row.listed, volume=7))
    newer = quoted(CALL, bid, ask, NOW + timedelta(minutes=5))

    told = streamed(row, newer, NOW + timedelta(minutes=5, seconds=2))

    assert (told.contract.strike, told.quote.bid, told.quote.volume) == (240.0, float(bid), 7)
    assert (told.quote_age_seconds, list(told.flags), told.open_interest) == (2.0, flags, 120)
    assert not any(told.HasField(name) for name in ("delta", "implied_volatility", "model_price"))
    assert (told.valuation_status, told.figures_from) == ("", "")
    assert Decimal(str(told.quote.ask)) == Decimal(ask)
