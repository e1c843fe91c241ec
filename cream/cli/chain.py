"""`cream chain AAPL`: what is listed on an underlying, how is it quoted, and what is that worth?

A table for each expiration. What is wrong with a quote, and why it gives no volatility, is said in
words at the end of its line.
"""

import argparse
import sys
from collections.abc import Iterator
from itertools import groupby
from urllib.parse import urlencode

from cream.cli.client import Json, call, guarded, print_json
from cream.cli.exits import DONE
from cream.cli.tables import table

_HEADINGS = (
    "TYPE",
    "STRIKE",
    "BID",
    "ASK",
    "IV %",
    "DELTA",
    "GAMMA",
    "THETA",
    "VEGA",
    "RHO",
    "OPEN",
    "VOLUME",
    "REMARK",
)

_FLAWS = {
    "NO_QUOTE": "no quote",
    "CROSSED": "crossed",
    "NO_BID": "no bid",
    "NO_ASK": "no ask",
}
_REASONS = {
    "BELOW_INTRINSIC": "priced at or below intrinsic",
    "ABOVE_MAXIMUM": "priced above its maximum",
    "BAD_INPUT": "cannot be valued",
    "NOT_BRACKETED": "no volatility gives its price",
    "NO_SPOT": "the underlying has no price",
    "NO_HISTORY": "too few closes of the underlying",
    "EXPIRED": "expired",
}


def chain(options: argparse.Namespace) -> int:
    """Print the chain; 1 where there is none."""
    return guarded(_chain, options)


def _chain(options: argparse.Namespace) -> int:
    reply = call(options, "GET", f"/v1/option-chain?{urlencode(list(_query(options)))}")
    if options.json:
        print_json(reply)
    else:
        sys.stdout.write("\n".join(_lines(reply)) + "\n")
    return DONE


def _query(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    yield "underlying", options.underlying.upper()
    for day in options.expiration:
        yield "expiration", day
    for name in ("type", "min_strike", "max_strike", "limit"):
        given = getattr(options, name)
        if given is not None:
            yield name, given


def _lines(reply: Json) -> Iterator[str]:
    yield _heading(reply)
    for expiration, group in groupby(reply["options"], key=lambda one: str(one["expiration"])):
        yield ""
        yield expiration
        yield table(_HEADINGS, [_row(one) for one in group])
    shown, matched = len(reply["options"]), reply["matched"]
    yield ""
    yield f"{shown} of {matched} options" if shown < matched else f"{matched} options"


def _heading(reply: Json) -> str:
    price, age = reply["underlying_price"], reply["underlying_age_seconds"]
    if age is None:
        return f"{reply['underlying']} has no quote"
    text = f"{reply['underlying']} {price if price is not None else 'has no price'}"
    text += f", quoted {_seconds(age)} ago"
    if reply["underlying_is_stale"]:
        text += " (stale)"
    rates = (reply["risk_free_rate"], reply["dividend_yield"])
    return text + ", read with a rate of {:.2%} and a yield of {:.2%}".format(*rates)


def _row(one: Json) -> list[object]:
    return [
        one["type"].lower(),
        one["strike"],
        one["bid"],
        one["ask"],
        _rounded(one["implied_volatility"], 2, 100),
        _rounded(one["delta"], 4),
        _rounded(one["gamma"], 5),
        _rounded(one["theta"], 4),
        _rounded(one["vega"], 4),
        _rounded(one["rho"], 4),
        one["open_interest"],
        one["volume"],
        _remark(one),
    ]


def _rounded(number: float | None, places: int, times: float = 1.0) -> str | None:
    return None if number is None else f"{number * times:.{places}f}"


def _remark(one: Json) -> str:
    """What is to be known of a line before it is relied upon; nothing if all is well."""
    remarks = [_FLAWS[flag] for flag in one["flags"] if flag in _FLAWS]
    if "STALE" in one["flags"]:
        remarks.append(f"stale, {_seconds(one['quote_age_seconds'])} old")
    reason = _REASONS.get(one["valuation_status"])
    if reason is not None:
        remarks.append(reason)
    if one["figures_from"] == "TWIN":
        other = "put" if one["type"] == "CALL" else "call"
        remarks.append(f"volatility of the {other}")
    if one["figures_from"] == "SMILE":
        remarks.append("volatility between those of its neighbours")
    if one["figures_from"] == "HISTORY":
        remarks.append("volatility of the underlying's closes")
    if one["figures_from"] == "FEED":
        remarks.append("Greeks of the feed")
    return "; ".join(remarks)


def _seconds(age: float) -> str:
    return f"{age:.1f} s" if age < 60 else f"{age / 60:.0f} min"
