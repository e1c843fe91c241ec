"""A chain is every page of snapshots, with the open interest of the day, in our units."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
import trio
from trio.testing import MockClock

from cream.adapters.brokers.alpaca import chains as module
from cream.adapters.brokers.alpaca.chains import AlpacaChains, Tapes, listed_option, open_chains
from cream.adapters.brokers.alpaca.data_models import AlpacaSnapshot
from cream.adapters.brokers.alpaca.document import decode_json, read
from cream.core.model.errors import CreamError
from cream.core.model.instrument import OptionRight
from cream.core.model.plan import Environment
from cream.core.options.chain import ChainFilter, price_of
from cream.core.options.occ import parse_occ
from tests.unit.adapters.brokers.alpaca.payloads import payload
from tests.unit.adapters.brokers.alpaca.scripted import (
    Answer,
    Script,
    keyed,
    ok,
    refused,
)

STAMP = "2026-11-23T14:59:59.5Z"
ALL = ChainFilter(underlying="AAPL")
CALL, PUT = "AAPL261218C00240000", "AAPL261218P00240000"


def share() -> httpx.Response:
    quote = {"t": STAMP, "bp": 238.39, "bs": 2, "ap": 238.41, "as": 3}
    return ok({"symbol": "AAPL", "quote": quote})


def snapshot(bid: float, ask: float, **more: Any) -> dict[str, Any]:
    return {"latestQuote": {"t": STAMP, "bp": bid, "bs": 10, "ap": ask, "as": 20}, **more}


def page(token: str | None = None, **snapshots: Any) -> httpx.Response:
    return ok({"snapshots": snapshots, "next_page_token": token})


def contracts(token: str | None = None, **interest: str | None) -> httpx.Response:
    rows = [
        {
            "symbol": symbol,
            "underlying_symbol": "AAPL",
            "expiration_date": "2026-12-18",
            "strike_price": "240",
            "type": "call",
            "open_interest": count,
        }
        for symbol, count in interest.items()
    ]
    return ok({"option_contracts": rows, "next_page_token": token})


def made(data: Script, trading: Script | None = None) -> AlpacaChains:
    own = data.rest()
    return AlpacaChains(own, (trading or Script()).rest(), own.clock)


def asked(script: Script, number: int) -> dict[str, str]:
    return dict(script.requests[number].url.params)


async def test_every_page_is_read_and_each_contract_has_its_open_interest() -> None:
    data = Script(
        share(),
        page("p-2", **{CALL: snapshot(5.1, 5.2)}),
        page(**{PUT: snapshot(6, 6.1, latestTrade={"t": STAMP, "p": 6.05, "s": 1})}),
    )
    trading = Script(contracts("c-2", **{CALL: "120"}), contracts(**{PUT: None}))

    listing = await made(data, trading).listing(ALL)

    call, put = listing.options
    assert (call.contract, put.contract) == (parse_occ(CALL), parse_occ(PUT))
    assert call.quote is not None
    assert put.quote is not None
    assert (call.quote.bid, call.quote.ask) == (Decimal("5.1"), Decimal("5.2"))
    assert (call.quote.bid_size, call.quote.ask_size) == (10, 20)
    assert call.quote.symbol == "AAPL  261218C00240000"
    assert put.quote.last == Decimal("6.05")
    assert (call.open_interest, put.open_interest) == (120, None)
    assert listing.underlying is not None
    assert listing.underlying.mid == Decimal("238.4")
    assert listing.underlying.at == datetime(2026, 11, 23, 14, 59, 59, 500_000, UTC)
    assert "page_token" not in asked(data, 1)
    assert asked(data, 2)["page_token"] == "p-2"
    assert asked(trading, 1)["page_token"] == "c-2"


async def test_what_is_asked_for_is_narrowed_at_alpaca_and_once_more_here() -> None:
    wanted = ChainFilter(
        underlying="AAPL",
        expirations=(date(2026, 12, 18), date(2027, 1, 15)),
        right=OptionRight.CALL,
        min_strike=Decimal("200"),
        max_strike=Decimal("242.5"),
    )
    between = "AAPL270108C00240000"
    data = Script(share(), page(**{CALL: snapshot(5, 6), between: snapshot(5, 6)}))

    listing = await made(data, Script(contracts())).listing(wanted)

    assert [one.contract for one in listing.options] == [parse_occ(CALL)]
    sent = asked(data, 1)
    assert sent == {
        "feed": "indicative",
        "limit": "1000",
        "type": "call",
        "strike_price_gte": "200",
        "strike_price_lte": "242.5",
        "expiration_date_gte": "2026-12-18",
        "expiration_date_lte": "2027-01-15",
    }


async def test_every_question_about_prices_names_the_feed_that_is_set() -> None:
    data = Script(share(), page("p-2"), page(**{CALL: snapshot(5, 6)}))
    trading = Script(contracts())
    own = data.rest()
    tapes = Tapes(shares="sip", options="opra")

    await AlpacaChains(own, trading.rest(), own.clock, tapes).listing(ALL)

    assert [asked(data, number)["feed"] for number in range(3)] == ["sip", "opra", "opra"]
    assert "feed" not in asked(trading, 0)


async def test_contracts_are_asked_for_with_bounds_and_once_a_day() -> None:
    """Without bounds Alpaca silently lists only up to the next weekend."""
    data = Script(*[share(), page(**{CALL: snapshot(5, 6)})] * 2)
    trading = Script(contracts(**{CALL: "120"}))
    source = made(data, trading)

    first, second = await source.listing(ALL), await source.listing(ALL)

    assert first.options[0].open_interest == second.options[0].open_interest == 120
    assert len(trading.requests) == 1
    sent = asked(trading, 0)
    assert sent["expiration_date_gte"] == "2026-11-23"
    assert sent["expiration_date_lte"] == "2029-11-25"


async def test_a_chain_is_of_use_without_open_interest_which_is_asked_for_again_later(
    autojump_clock: MockClock,
) -> None:
    answers: list[Answer] = []
    for _ in range(3):
        answers += [share(), page(**{CALL: snapshot(5, 6)})]
    trading = Script(ok({}, 500), contracts(**{CALL: "7"}))
    source = made(Script(*answers), trading)

    without = await source.listing(ALL)
    still = await source.listing(ALL)
    assert len(trading.requests) == 1, "a refresh each second does not ask each second"
    await trio.sleep(61)
    known = await source.listing(ALL)

    interests = [one.options[0].open_interest for one in (without, still, known)]
    assert interests == [None, None, 7]


async def test_open_interest_is_kept_of_a_bounded_number_of_underlyings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_MOST_UNDERLYINGS", 1)
    data = Script(*[share(), page(**{CALL: snapshot(5, 6)})] * 3)
    trading = Script(*[contracts(**{CALL: "120"}) for _ in range(3)])
    source = made(data, trading)

    for symbol in ("AAPL", "MSFT", "AAPL"):
        await source.listing(ChainFilter(underlying=symbol))

    assert len(trading.requests) == 3


async def test_what_cannot_be_traded_or_read_spoils_no_other_row() -> None:
    adjusted = "AAPL1261218C00240000"
    rows = {adjusted: snapshot(1, 2), CALL: {"latestQuote": {"t": "now"}}, PUT: snapshot(6, 6.1)}

    listing = await made(Script(share(), page(**rows)), Script(contracts())).listing(ALL)

    unread, good = listing.options
    assert (unread.contract, unread.quote) == (parse_occ(CALL), None)
    assert good.quote is not None


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([httpx.Response(404, json={"message": "no"})], "NOT_FOUND"),
        ([ok({"symbol": "AAPL"}), page()], "NOT_FOUND"),
        ([httpx.ConnectError("x")], "NOT_READY"),
        ([httpx.ReadTimeout("x")], "NOT_READY"),
        ([refused(403, 42210000, "subscription does not permit")], "NOT_READY"),
        ([ok({}, 503)], "NOT_READY"),
        ([httpx.Response(200, text="<html>")], "NOT_READY"),
        ([ok([])], "NOT_READY"),
        ([ok({"quote": {"t": STAMP}})], "NOT_READY"),
        ([share(), ok({"snapshots": []})], "NOT_READY"),
    ],
)
async def test_what_alpaca_does_not_answer_is_told_by_its_kind(
    answers: list[Answer], code: str
) -> None:
    with pytest.raises(CreamError) as caught:
        await made(Script(*answers)).listing(ALL)

    assert caught.value.kind.code == code


async def test_a_filter_that_nothing_fits_is_an_empty_chain_and_asks_for_no_interest() -> None:
    trading = Script()

    listing = await made(Script(share(), page()), trading).listing(ALL)

    assert listing.options == ()
    assert not trading.requests


async def test_contracts_that_are_no_list_cost_the_open_interest_alone() -> None:
    data = Script(share(), page(**{CALL: snapshot(5, 6)}))

    listing = await made(data, Script(ok({"option_contracts": {}}))).listing(ALL)

    assert listing.options[0].open_interest is None


async def test_a_listing_that_does_not_end_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PAGES", 2)
    data = Script(share(), *[page("again", **{CALL: snapshot(5, 6)}) for _ in range(2)])

    with pytest.raises(CreamError, match="does not end"):
        await made(data).listing(ALL)


def recorded(name: str) -> dict[str, AlpacaSnapshot]:
    document: Any = decode_json(payload(name))
    rows = document["snapshots"]
    rows = rows.get("snapshots", rows)
    return {symbol: read(AlpacaSnapshot, raw) for symbol, raw in rows.items()}


@pytest.mark.parametrize(
    "name",
    [
        "openapi/data_option_chain.json",
        "openapi/data_option_snapshots.json",
        "alpaca-py-tests/option_chain.json",
        "alpaca-py-tests/option_snapshot_greeks.json",
    ],
)
def test_recorded_snapshots_have_quotes_and_greeks_in_our_units(name: str) -> None:
    """Alpaca's theta is per day, its vega and rho per point."""
    raw: Any = json.loads(payload(name))["snapshots"]
    raw = raw.get("snapshots", raw)

    for symbol, shown in recorded(name).items():
        option = listed_option(parse_occ(symbol), shown, 5, date(2024, 4, 22))
        theirs = raw[symbol]["greeks"]

        assert option.figures is not None
        assert option.figures.implied_volatility == raw[symbol]["impliedVolatility"]
        ours = option.figures.greeks
        assert (ours.delta, ours.gamma) == (theirs["delta"], theirs["gamma"])
        assert ours.theta == pytest.approx(theirs["theta"] * 365)
        assert ours.vega == pytest.approx(theirs["vega"] * 100)
        assert ours.rho == pytest.approx(theirs["rho"] * 100)
        assert price_of(option.quote) is not None
        assert option.open_interest == 5
        assert option.volume is None


def test_a_recorded_snapshot_without_greeks_has_none() -> None:
    (shown,) = recorded("alpaca-py-tests/option_snapshot_quote_only.json").values()

    assert listed_option(parse_occ(CALL), shown, None, date(2024, 4, 22)).figures is None


@pytest.mark.parametrize(
    "more",
    [
        {"greeks": {"delta": 0.5, "gamma": 0.1, "theta": -0.1, "vega": 0.2}},
        {"impliedVolatility": 0},
        {"impliedVolatility": None},
    ],
)
def test_figures_that_are_not_whole_are_none(more: dict[str, Any]) -> None:
    greeks = {"delta": 0.5, "gamma": 0.1, "theta": -0.1, "vega": 0.2, "rho": 0.1}
    raw = snapshot(5, 6, **{"greeks": greeks, "impliedVolatility": 0.2, **more})
    seen = read(AlpacaSnapshot, decode_json(json.dumps(raw)))

    shown = listed_option(parse_occ(CALL), seen, None, date(2026, 11, 23))

    assert shown.figures is None


@pytest.mark.parametrize(("day", "volume"), [(23, 41), (22, None)])
def test_volume_is_that_of_today_or_not_known(day: int, volume: int | None) -> None:
    bar = {"t": f"2026-11-{day}T05:00:00Z", "o": 5, "h": 6, "l": 5, "c": 6, "v": 41}
    raw = read(AlpacaSnapshot, snapshot(5, 6, dailyBar=bar))

    assert listed_option(parse_occ(CALL), raw, None, date(2026, 11, 23)).volume == volume


async def test_market_data_is_asked_at_its_own_host_with_the_keys() -> None:
    trading = Script().rest()

    async with open_chains(keyed(), Environment.PAPER, trading) as source:
        assert source.name == "Alpaca"
        assert source.trading.client is trading.client
        assert source.trading.turnstile is trading.turnstile
        assert source.trading.breakers is not trading.breakers, "a list holds back no account"
        assert str(source.data.client.base_url) == "https://data.alpaca.markets"
        assert source.data.client.headers["APCA-API-KEY-ID"] == "PK-key"
        assert source.data.turnstile is not trading.turnstile
    assert source.data.client.is_closed
