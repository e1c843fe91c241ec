"""How does Alpaca show an option chain? Snapshots page by page, open interest from another API.

Snapshots have quotes, last trades and, for most contracts, volatility and Greeks; any part may be
missing, and a price of zero means that there is none. Open interest is told once a day by the list
of contracts, so it is asked for once a day. What cannot be traded here (adjusted contracts) is left
out.

Units: Alpaca's theta is per day, its vega and rho per point; ours per year and per 1.00.

Source: Alpaca Market Data API v1beta1 and Trading API v2, OpenAPI documents, 2026-06.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import quote as quoted

import structlog
import trio
from attrs import define, evolve, field, frozen

from cream.adapters.brokers.alpaca.breakers import Breakers
from cream.adapters.brokers.alpaca.data_models import AlpacaQuote, AlpacaSnapshot
from cream.adapters.brokers.alpaca.document import SchemaMismatch, read
from cream.adapters.brokers.alpaca.endpoints import endpoints
from cream.adapters.brokers.alpaca.errors import failure_of
from cream.adapters.brokers.alpaca.models import AlpacaContract
from cream.adapters.brokers.alpaca.rest import AlpacaRest, NoAnswer, NotSent, Params, http_client
from cream.adapters.brokers.alpaca.settings import AlpacaSettings
from cream.adapters.brokers.alpaca.turnstile import Turnstile
from cream.core.model.errors import CreamError
from cream.core.model.instrument import OptionContract
from cream.core.model.market import Quote
from cream.core.model.plan import Environment
from cream.core.options.chain import ChainFilter, FeedFigures, ListedOption, Listing
from cream.core.options.greeks import PerShare
from cream.core.options.occ import NEW_YORK, parse_occ
from cream.core.ports import Clock
from cream.core.resilience.budget import Priority, RateBudget

log = structlog.get_logger(__name__)

M = TypeVar("M")

SNAPSHOTS_A_PAGE, CONTRACTS_A_PAGE = 1_000, 1_000
# The largest chains have some ten thousand contracts; a listing that does not end is a fault.
MAX_PAGES = 50
# Rows that are read before everyone else gets a turn: about two milliseconds.
TURN = 20
# The longest-lived options are listed three years ahead. Without a bound Alpaca lists one week.
_FARTHEST = timedelta(days=3 * 366)
# How long open interest that could not be had is done without, before it is asked for again.
_INTEREST_RETRY_SECONDS = 60.0
# Underlyings of which open interest is kept.
_MOST_UNDERLYINGS = 100

_DAYS_A_YEAR, _POINTS = 365.0, 100.0
_MINUTE = 60.0


@frozen(kw_only=True)
class Tapes:
    """Which feeds are read, by Alpaca's words. The defaults are what every account may read."""

    shares: str = "iex"
    options: str = "indicative"


@frozen
class _Interest:
    """Open interest of one underlying, as known on `day`. None where it could not be had."""

    day: date
    by_contract: Mapping[OptionContract, int] | None
    asked_at: float

    def serves(self, day: date) -> bool:
        """Whether there is no need to ask again."""
        waited = trio.current_time() - self.asked_at
        known = self.by_contract is not None
        return self.day == day and (known or waited < _INTEREST_RETRY_SECONDS)


@define(eq=False)
class AlpacaChains:
    """The OptionChains port over Alpaca: `data` asks its market data, `trading` its contracts."""

    data: AlpacaRest
    trading: AlpacaRest
    clock: Clock
    tapes: Tapes = Tapes()
    _interest: dict[str, _Interest] = field(factory=dict, init=False)

    @property
    def name(self) -> str:
        """What logs and people call it."""
        return "Alpaca"

    async def listing(self, wanted: ChainFilter) -> Listing:
        """Every option that Alpaca shows of what `wanted` admits.

        Raises: CreamError NOT_FOUND, NOT_READY.
        """
        symbol = wanted.underlying
        share = await self._share(symbol)
        snapshots = await self._snapshots(wanted)
        if not snapshots and share is None:
            raise CreamError("NOT_FOUND", f"Alpaca shows nothing of {symbol} and its options")
        interest = await self._open_interest(symbol) if snapshots else {}
        today = self.clock.now().astimezone(NEW_YORK).date()
        options: list[ListedOption] = []
        for number, (contract, snapshot) in enumerate(snapshots.items()):
            if number % TURN == 0:
                await trio.lowlevel.checkpoint()
            options.append(listed_option(contract, snapshot, interest.get(contract), today))
        return Listing(symbol=symbol, underlying=share, options=tuple(options))

    async def _share(self, symbol: str) -> Quote | None:
        path = f"/v2/stocks/{quoted(symbol, safe='')}/quotes/latest"
        document = await _asked(self.data, path, {"feed": self.tapes.shares})
        raw = document.get("quote")
        return None if raw is None else share_quote(symbol, _read(AlpacaQuote, raw))

    async def _snapshots(self, wanted: ChainFilter) -> dict[OptionContract, AlpacaSnapshot]:
        path = f"/v1beta1/options/snapshots/{quoted(wanted.underlying, safe='')}"
        found: dict[OptionContract, AlpacaSnapshot] = {}
        left_out = seen = 0
        for page in await _pages(self.data, path, _snapshot_params(wanted, self.tapes)):
            rows = page.get("snapshots")
            if not isinstance(rows, Mapping):
                raise _unreadable(SchemaMismatch("$.snapshots", "is no object"))
            for symbol, raw in rows.items():
                if (seen := seen + 1) % TURN == 0:
                    await trio.lowlevel.checkpoint()
                contract = _contract(symbol)
                if contract is None:
                    left_out += 1
                elif wanted.admits(contract):
                    found[contract] = _snapshot(raw)
        if left_out:
            log.info("alpaca.contracts_left_out", underlying=wanted.underlying, count=left_out)
        return found

    async def _open_interest(self, symbol: str) -> Mapping[OptionContract, int]:
        """By contract; empty where it cannot be had: a chain is of use without."""
        today = self.clock.now().astimezone(NEW_YORK).date()
        kept = self._interest.get(symbol)
        if kept is None or not kept.serves(today):
            known: Mapping[OptionContract, int] | None = None
            try:
                known = await self._contracts(symbol, today)
            except CreamError as error:
                log.warning("alpaca.open_interest_unknown", underlying=symbol, error=error.message)
            self._interest.pop(symbol, None)
            while len(self._interest) >= _MOST_UNDERLYINGS:
                del self._interest[next(iter(self._interest))]
            kept = self._interest[symbol] = _Interest(today, known, trio.current_time())
        return kept.by_contract or {}

    async def _contracts(self, symbol: str, today: date) -> dict[OptionContract, int]:
        params = {
            "underlying_symbols": symbol,
            "status": "active",
            "expiration_date_gte": today.isoformat(),
            "expiration_date_lte": (today + _FARTHEST).isoformat(),
            "limit": str(CONTRACTS_A_PAGE),
        }
        found: dict[OptionContract, int] = {}
        for page in await _pages(self.trading, "/v2/options/contracts", params):
            rows = page.get("option_contracts")
            if not isinstance(rows, list):
                raise _unreadable(SchemaMismatch("$.option_contracts", "is no list"))
            for number, raw in enumerate(rows):
                if number % TURN == 0:
                    await trio.lowlevel.checkpoint()
                row = _read(AlpacaContract, raw)
                contract = _contract(row.symbol)
                if contract is not None and row.open_interest is not None:
                    found[contract] = int(row.open_interest)
        return found


@asynccontextmanager
async def open_chains(
    settings: AlpacaSettings,
    environment: Environment,
    trading: AlpacaRest,
    tapes: Tapes = Tapes(),
) -> AsyncIterator[AlpacaChains]:
    """Chains, with a client of their own for market data: its requests are counted apart.

    Contracts are asked for within the budget of `trading`, but with breakers of their own: a list
    that fails must not hold back what the daemon asks of the account.
    """
    where = endpoints(settings, environment)
    limits = trading.breakers.limits
    contracts = evolve(trading, breakers=Breakers(limits))
    budget = RateBudget(limit=settings.requests_per_minute, period_seconds=_MINUTE)
    async with http_client(settings, where.data) as client:
        data = AlpacaRest(
            client=client,
            turnstile=Turnstile(budget),
            clock=trading.clock,
            settings=settings,
            breakers=Breakers(limits),
        )
        yield AlpacaChains(data, contracts, trading.clock, tapes)


# Mapping ----------------------------------------------------------------------------------------


def listed_option(
    contract: OptionContract, snapshot: AlpacaSnapshot, open_interest: int | None, today: date
) -> ListedOption:
    """What a snapshot says of a contract on `today`, by New York's date."""
    shown, trade, bar = snapshot.latest_quote, snapshot.latest_trade, snapshot.daily_bar
    # The bar of another day says nothing of this one.
    traded = bar is not None and _day(bar.at.at) == today
    last = None if trade is None else trade.price
    return ListedOption(
        contract=contract,
        quote=None if shown is None else _quote(contract.symbol, shown, last),
        open_interest=open_interest,
        volume=int(bar.volume) if bar is not None and traded else None,
        figures=feed_figures(snapshot),
    )


def share_quote(symbol: str, shown: AlpacaQuote) -> Quote:
    """The quote of a share. Zero is no price, here as there."""
    return _quote(symbol, shown, None)


def feed_figures(snapshot: AlpacaSnapshot) -> FeedFigures | None:
    """Volatility and Greeks in our units; None unless all of them are there."""
    greeks, volatility = snapshot.greeks, snapshot.implied_volatility
    if greeks is None or volatility is None or volatility <= 0:
        return None
    numbers = (greeks.delta, greeks.gamma, greeks.theta, greeks.vega, greeks.rho)
    told = [float(one) for one in numbers if one is not None]
    if len(told) < len(numbers):
        return None
    delta, gamma, theta, vega, rho = told
    return FeedFigures(
        implied_volatility=float(volatility),
        greeks=PerShare(
            delta=delta,
            gamma=gamma,
            vega=vega * _POINTS,
            theta=theta * _DAYS_A_YEAR,
            rho=rho * _POINTS,
        ),
    )


def _quote(symbol: str, shown: AlpacaQuote, last: Decimal | None) -> Quote:
    return Quote(
        symbol=symbol,
        bid=shown.bid,
        ask=shown.ask,
        bid_size=int(shown.bid_size),
        ask_size=int(shown.ask_size),
        at=shown.at.at,
        last=last,
    )


def _contract(symbol: str) -> OptionContract | None:
    try:
        return parse_occ(symbol)
    except ValueError:
        return None


def _day(moment: datetime) -> date:
    return moment.astimezone(NEW_YORK).date()


# Asking -----------------------------------------------------------------------------------------


def _snapshot_params(wanted: ChainFilter, tapes: Tapes) -> dict[str, str]:
    params = {"feed": tapes.options, "limit": str(SNAPSHOTS_A_PAGE)}
    if wanted.right is not None:
        params["type"] = wanted.right.value.lower()
    if wanted.min_strike is not None:
        params["strike_price_gte"] = format(wanted.min_strike, "f")
    if wanted.max_strike is not None:
        params["strike_price_lte"] = format(wanted.max_strike, "f")
    if wanted.expirations:
        params["expiration_date_gte"] = min(wanted.expirations).isoformat()
        params["expiration_date_lte"] = max(wanted.expirations).isoformat()
    return params


async def _pages(rest: AlpacaRest, path: str, params: dict[str, str]) -> list[Mapping[str, Any]]:
    """Every page of a listing.   Raises: CreamError."""
    pages = []
    for _ in range(MAX_PAGES):
        pages.append(await _asked(rest, path, params))
        token = pages[-1].get("next_page_token")
        if not token:
            return pages
        params = {**params, "page_token": str(token)}
    raise CreamError("NOT_READY", f"Alpaca's listing at {path} does not end")


async def _asked(rest: AlpacaRest, path: str, params: Params) -> Mapping[str, Any]:
    """The document of an answer.   Raises: CreamError."""
    try:
        reply = await rest.call("GET", path, Priority.QUERY, params=params)
    except (NotSent, NoAnswer) as error:
        raise CreamError("NOT_READY", str(error)) from error
    if reply.status == 404:
        raise CreamError("NOT_FOUND", f"Alpaca knows nothing at {path}")
    if not reply.succeeded:
        failure = failure_of(reply.status, reply.body)
        log.warning("alpaca.chain_refused", path=path, status=reply.status, failure=str(failure))
        raise CreamError("NOT_READY", f"Alpaca answered {reply.status}: {failure}")
    try:
        document = reply.document()
    except SchemaMismatch as error:
        raise _unreadable(error) from error
    if not isinstance(document, Mapping):
        raise _unreadable(SchemaMismatch("$", "is no object"))
    return document


def _snapshot(raw: object) -> AlpacaSnapshot:
    """The snapshot, or one that says nothing: what cannot be read spoils no other row."""
    try:
        return read(AlpacaSnapshot, raw)
    except SchemaMismatch as error:
        log.error("alpaca.answer_unreadable", error=str(error))
        return AlpacaSnapshot()


def _read(model: type[M], raw: object) -> M:
    try:
        return read(model, raw)
    except SchemaMismatch as error:
        raise _unreadable(error) from error


def _unreadable(error: SchemaMismatch) -> CreamError:
    log.error("alpaca.answer_unreadable", error=str(error))
    return CreamError("NOT_READY", f"Alpaca's answer cannot be read: {error}")
