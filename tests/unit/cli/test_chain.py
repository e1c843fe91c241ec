"""A chain is shown by expiration, and what is wrong with a line is said in words."""

import json
from typing import Any

import pytest

from cream.cli import exits
from cream.cli.main import main
from tests.unit.cli.fake_daemon import FakeDaemon, Json


def option(strike: str, **changes: Any) -> Json:
    return {
        "symbol": f"AAPL  261218C{strike}",
        "expiration": "2026-12-18",
        "type": "CALL",
        "strike": strike,
        "bid": "4.10",
        "ask": "4.15",
        "bid_size": 10,
        "ask_size": 20,
        "quote_at": "2026-11-23T15:00:00Z",
        "quote_age_seconds": 0.5,
        "flags": [],
        "implied_volatility": 0.1901,
        "delta": 0.51234,
        "gamma": 0.041234,
        "theta": -0.1,
        "vega": 0.25,
        "rho": 0.08,
        "model_price": 4.125,
        "figures_from": "QUOTE",
        "valuation_status": "OK",
        "open_interest": 120,
        "volume": None,
        **changes,
    }


NONE: Json = dict.fromkeys(
    ("implied_volatility", "delta", "gamma", "theta", "vega", "rho", "figures_from")
)


def reply(*options: Json, **changes: Any) -> Json:
    return {
        "underlying": "AAPL",
        "underlying_price": "238.40",
        "underlying_bid": "238.39",
        "underlying_ask": "238.41",
        "underlying_age_seconds": 0.25,
        "underlying_is_stale": False,
        "as_of": "2026-11-23T15:00:00Z",
        "risk_free_rate": 0.04,
        "dividend_yield": 0.0,
        "matched": len(options),
        "options": list(options),
        **changes,
    }


def test_a_chain_is_a_table_for_each_expiration(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (option("240"), option("242.50", bid="3.00"), option("240", expiration="2027-01-15"))
    daemon.replies["GET /v1/option-chain?underlying=AAPL"] = (200, reply(*rows))

    assert main(["chain", "aapl"]) == exits.DONE

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (
        "AAPL 238.40, quoted 0.2 s ago, read with a rate of 4.00% and a yield of 0.00%"
    )
    assert lines[2] == "2026-12-18"
    assert lines[3].split() == [
        *("TYPE", "STRIKE", "BID", "ASK", "IV", "%", "DELTA", "GAMMA", "THETA", "VEGA", "RHO"),
        *("OPEN", "VOLUME", "REMARK"),
    ]
    assert lines[4].split() == [
        *("call", "240", "4.10", "4.15", "19.01", "0.5123", "0.04123", "-0.1000", "0.2500"),
        *("0.0800", "120", "-"),
    ]
    assert lines[7] == "2027-01-15"
    assert lines[-1] == "3 options"


@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        ({"flags": ["STALE"], "quote_age_seconds": 12.0}, "stale, 12.0 s old"),
        ({"flags": ["STALE"], "quote_age_seconds": 600.0}, "stale, 10 min old"),
        ({"flags": ["CROSSED"], "valuation_status": "NO_PRICE", **NONE}, "crossed"),
        ({"flags": ["NO_BID"]}, "no bid"),
        ({"flags": ["NO_ASK"], "valuation_status": "NO_PRICE", **NONE}, "no ask"),
        ({"flags": ["NO_QUOTE"], "valuation_status": "NO_PRICE", "bid": None}, "no quote"),
        (
            {"valuation_status": "BELOW_INTRINSIC", "figures_from": "TWIN"},
            "priced at or below intrinsic; volatility of the put",
        ),
        ({"type": "PUT", "figures_from": "TWIN"}, "volatility of the call"),
        ({"figures_from": "FEED"}, "Greeks of the feed"),
        (
            {"valuation_status": "NO_PRICE", "figures_from": "HISTORY"},
            "volatility of the underlying's closes",
        ),
        ({"valuation_status": "NO_HISTORY"}, "too few closes of the underlying"),
        (
            {"flags": ["CROSSED"], "valuation_status": "NO_PRICE", "figures_from": "SMILE"},
            "crossed; volatility between those of its neighbours",
        ),
        ({"valuation_status": "NO_SPOT", **NONE}, "the underlying has no price"),
    ],
)
def test_what_is_wrong_with_a_line_is_said_in_words(
    changes: Json, remark: str, daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = reply(option("240", **changes))
    daemon.replies["GET /v1/option-chain?underlying=AAPL"] = (200, shown)

    assert main(["chain", "AAPL"]) == exits.DONE

    assert capsys.readouterr().out.splitlines()[4].endswith(f"  {remark}")


@pytest.mark.parametrize(
    ("changes", "heading"),
    [
        ({"underlying_is_stale": True, "underlying_age_seconds": 9.0}, "quoted 9.0 s ago (stale)"),
        ({"underlying_price": None}, "AAPL has no price, quoted 0.2 s ago"),
        ({"underlying_age_seconds": None, "underlying_price": None}, "AAPL has no quote"),
    ],
)
def test_what_is_wrong_with_the_underlying_stands_first(
    changes: Json, heading: str, daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.replies["GET /v1/option-chain?underlying=AAPL"] = (200, reply(**changes))

    assert main(["chain", "AAPL"]) == exits.DONE

    assert heading in capsys.readouterr().out.splitlines()[0]


def test_filters_go_to_the_daemon_and_a_part_says_that_it_is_one(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    path = (
        "GET /v1/option-chain?underlying=AAPL&expiration=2026-12-18&expiration=2027-01-15"
        "&type=put&min_strike=200&max_strike=242.50&limit=1"
    )
    daemon.replies[path] = (200, reply(option("240"), matched=9))
    narrowed = [
        *("--expiration", "2026-12-18", "--expiration", "2027-01-15", "--type", "put"),
        *("--min-strike", "200", "--max-strike", "242.50", "--limit", "1"),
    ]

    assert main(["chain", "AAPL", *narrowed]) == exits.DONE

    assert capsys.readouterr().out.splitlines()[-1] == "1 of 9 options"


def test_json_is_the_reply_as_it_came(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = reply(option("240"))
    daemon.replies["GET /v1/option-chain?underlying=AAPL"] = (200, shown)

    assert main(["chain", "AAPL", "--json"]) == exits.DONE

    assert json.loads(capsys.readouterr().out) == shown


def test_an_underlying_without_options_is_a_refusal(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["chain", "ZZZZ"]) == exits.REFUSED

    assert "NOT_FOUND" in capsys.readouterr().err
