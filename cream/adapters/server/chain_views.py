"""How does an option chain look on the wire and in JSON?

A chain has thousands of rows: they are made a few at a time, so that everyone else gets turns.
Units change here, and nowhere else: theta per day, vega and rho per point.
"""

from collections.abc import Iterable

from attrs import frozen

from cream.adapters.server import json_chain_types as api
from cream.adapters.server.json_views import text_or_none
from cream.adapters.server.turns import in_turns
from cream.adapters.server.wire_enums import OPTION_TYPE
from cream.adapters.server.wire_market_views import quote_message
from cream.adapters.server.wire_values import wire_instant
from cream.core.model.market import Quote
from cream.core.model.money import decimal_text
from cream.core.options.chain import ListedOption, OptionChain, OptionRow, QuoteFlag, spot_of
from cream.core.options.greeks import PerShare
from cream.wire import common_pb2, market_snapshot_pb2

_DAYS_A_YEAR = 365.0
_POINTS = 100.0
_LARGEST_INT32 = 2**31 - 1


@frozen
class _EdgeGreeks:
    """Greeks in the units of people: per share, per calendar day, per point."""

    delta: float | None = None
    gamma: float | None = None
    theta: float | None = None
    vega: float | None = None
    rho: float | None = None


_NO_GREEKS = _EdgeGreeks()


def _at_the_edge(greeks: PerShare | None) -> _EdgeGreeks:
    if greeks is None:
        return _NO_GREEKS
    return _EdgeGreeks(
        delta=greeks.delta,
        gamma=greeks.gamma,
        theta=greeks.theta / _DAYS_A_YEAR,
        vega=greeks.vega / _POINTS,
        rho=greeks.rho / _POINTS,
    )


async def chain_view(chain: OptionChain) -> api.OptionChain:
    """The chain in JSON."""
    quote, price = chain.underlying, spot_of(chain.underlying)
    return api.OptionChain(
        underlying=chain.symbol,
        underlying_price=text_or_none(price),
        underlying_bid=None if quote is None else decimal_text(quote.bid),
        underlying_ask=None if quote is None else decimal_text(quote.ask),
        underlying_age_seconds=chain.underlying_age_seconds,
        underlying_is_stale=chain.underlying_is_stale,
        as_of=chain.as_of,
        risk_free_rate=chain.rate,
        dividend_yield=chain.dividend_yield,
        matched=chain.matched,
        options=tuple(await in_turns(_option_view, chain.rows)),
    )


async def chain_message(chain: OptionChain) -> market_snapshot_pb2.OptionChain:
    """The chain on the wire. An underlying without a price is at zero, as the contract has it."""
    price = spot_of(chain.underlying)
    return market_snapshot_pb2.OptionChain(
        underlying=chain.symbol,
        underlying_price=0.0 if price is None else float(price),
        options=await in_turns(option_message, chain.rows),
        as_of=wire_instant(chain.as_of),
        underlying_age_seconds=chain.underlying_age_seconds,
        underlying_is_stale=chain.underlying_is_stale,
        matched=chain.matched,
        risk_free_rate=chain.rate,
        dividend_yield=chain.dividend_yield,
    )


def _option_view(row: OptionRow) -> api.Option:
    listed, valuation = row.listed, row.valuation
    contract, quote = listed.contract, listed.quote
    greeks, source = _at_the_edge(valuation.greeks), valuation.figures_from
    return api.Option(
        symbol=contract.symbol,
        expiration=contract.expiration,
        type=contract.right.value,
        strike=decimal_text(contract.strike),
        bid=None if quote is None else decimal_text(quote.bid),
        ask=None if quote is None else decimal_text(quote.ask),
        bid_size=None if quote is None else quote.bid_size,
        ask_size=None if quote is None else quote.ask_size,
        quote_at=None if quote is None else quote.at,
        quote_age_seconds=row.quote_age_seconds,
        flags=tuple(flag.value for flag in row.flags),
        implied_volatility=valuation.implied_volatility,
        delta=greeks.delta,
        gamma=greeks.gamma,
        theta=greeks.theta,
        vega=greeks.vega,
        rho=greeks.rho,
        model_price=valuation.price,
        figures_from=None if source is None else source.value,
        valuation_status=valuation.status.value,
        open_interest=listed.open_interest,
        volume=listed.volume,
    )


def option_message(row: OptionRow) -> market_snapshot_pb2.OptionQuote:
    """One row of a chain on the wire, with everything that is known of it."""
    listed, valuation = row.listed, row.valuation
    greeks, source = _at_the_edge(valuation.greeks), valuation.figures_from
    message = option_quote_message(listed, listed.quote, row.quote_age_seconds, row.flags)
    figures = market_snapshot_pb2.OptionQuote(
        implied_volatility=valuation.implied_volatility,
        delta=greeks.delta,
        gamma=greeks.gamma,
        theta=greeks.theta,
        vega=greeks.vega,
        rho=greeks.rho,
        valuation_status=valuation.status.value,
        figures_from="" if source is None else source.value,
        model_price=valuation.price,
    )
    message.MergeFrom(figures)
    return message


def option_quote_message(
    listed: ListedOption, quote: Quote | None, age_seconds: float | None, flags: Iterable[QuoteFlag]
) -> market_snapshot_pb2.OptionQuote:
    """An option with this quote, and without volatility and Greeks."""
    contract = listed.contract
    shown = None
    if quote is not None:
        shown = quote_message(quote)
        shown.volume = listed.volume or 0
    return market_snapshot_pb2.OptionQuote(
        contract=common_pb2.OptionContract(
            underlying=contract.underlying,
            expiration=contract.expiration.isoformat(),
            strike=float(contract.strike),
            option_type=OPTION_TYPE.name(contract.right),
        ),
        quote=shown,
        open_interest=min(listed.open_interest or 0, _LARGEST_INT32),
        quote_age_seconds=age_seconds,
        flags=[flag.value for flag in flags],
        open_interest_is_known=listed.open_interest is not None,
        volume=listed.volume,
    )
