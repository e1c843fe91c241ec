"""What do a chain's prices, Greeks and implied volatilities cost, next to other libraries?

Arrays in and arrays out; medians of several runs, in processor time of all threads, so that neither
other work on the machine nor a peer's own threads change much. Peers are measured where
they are installed (QuantLib comes with the development set; pyvolr and vollib do not), else a row
says so. Peers that take one contract at a time are timed on a part of the chain. The aims are those
of an idle machine of two cores.
"""

import importlib
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import trio

from cream.core.pricing import american, american_chain, american_implied, european, implied
from cream.core.pricing.exercise_boundary import REFERENCE
from cream.core.pricing.rows import Contracts, Status, contracts

ROUNDS = 11
# Contracts that a peer without batches is timed on: a second at most for the slowest.
PART = 200
REFRESHES = 5
TICK_SECONDS = 0.001

Row = dict[str, Any]
Job = Callable[[], object]


def run(quick: bool = False) -> list[Row]:
    """Rows: each job with what a contract costs, ours first."""
    rounds = 3 if quick else ROUNDS
    batch, sigma = chain()
    rows = [*_european(batch, sigma, rounds), *_american(batch, sigma, rounds)]
    rows.append(trio.run(_lag, american_chain.build(batch), sigma, 2 if quick else REFRESHES))
    return rows


def chain() -> tuple[Contracts, np.ndarray]:
    """4,000 contracts: ten expiries, 200 strikes, both sides, a smile."""
    spot = 187.35
    days = np.array([1, 7, 14, 30, 60, 90, 180, 270, 365, 730])
    strike = np.tile(np.repeat(np.linspace(90.0, 290.0, 200), 2), days.size)
    sign = np.tile([1.0, -1.0], 200 * days.size)
    skew = np.log(strike / spot)
    sigma = np.maximum(0.25 - 0.05 * skew + 0.1 * skew**2, 0.05)
    return contracts(sign, spot, strike, 0.045, 0.0052, np.repeat(days / 365, 400)), sigma


def _timed(what: str, who: str, job: Job, contracts_priced: int, rounds: int, **more: Any) -> Row:
    job()
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        job()
        taken.append(time.process_time() - began)
    a_contract = statistics.median(taken) / contracts_priced * 1e6
    best = min(taken) / contracts_priced * 1e6
    return {
        "what": what,
        "who": who,
        "us_a_contract": round(a_contract, 3),
        "best_us": round(best, 3),
        "contracts": contracts_priced,
        "ms": round(a_contract * contracts_priced / 1e3, 2),
        **more,
    }


def _european(batch: Contracts, sigma: np.ndarray, rounds: int) -> list[Row]:
    values = european.greeks(batch, sigma)
    paid = values.price
    greeks, volatility = "European price and 5 Greeks", "European implied volatility"
    rows = [
        _timed(
            greeks, "cream", lambda: european.greeks(batch, sigma), batch.size, rounds, aim_ms=0.5
        ),
        *_peers(greeks, batch, sigma, paid, rounds),
        _timed(
            volatility,
            "cream",
            lambda: implied.implied_volatility(batch, paid),
            batch.size,
            rounds,
            aim_ms=6,
        ),
        *_peers(volatility, batch, sigma, paid, rounds),
    ]
    large = batch.take(np.resize(np.arange(batch.size), 100_000))
    wide, dear = np.resize(sigma, 100_000), np.resize(paid, 100_000)
    return [
        *rows,
        _timed(f"{greeks}, 100,000", "cream", lambda: european.greeks(large, wide), 100_000, 3),
        _timed(
            f"{volatility}, 100,000",
            "cream",
            lambda: implied.implied_volatility(large, dear),
            100_000,
            3,
        ),
    ]


def _american(batch: Contracts, sigma: np.ndarray, rounds: int) -> list[Row]:
    tables = american_chain.build(batch)
    values = tables.values(sigma)
    some = np.arange(0, batch.size, 23)
    exact = american.prices(batch.take(some), sigma[some], REFERENCE)
    error = np.abs(values.price[some] - exact)
    other_side = np.flatnonzero(batch.sign * (batch.spot - batch.strike) < 0.0)
    half = american_chain.build(batch.take(other_side))
    paid = values.price[other_side]
    found, status = american_implied.implied_volatility(half, paid)
    told = (status == Status.OK) & (paid > 0.01)
    off = float(np.abs(found - sigma[other_side])[told].max())
    what = "American price, delta, gamma"
    return [
        _timed(
            "American tables", "cream", lambda: american_chain.build(batch), 4_000, 3, aim_ms=60
        ),
        _timed(
            what,
            "cream",
            lambda: tables.values(sigma, derivatives=True),
            batch.size,
            rounds,
            aim_ms=15,
            largest_error=f"{error.max():.1e}",
        ),
        _timed("American price", "cream", lambda: tables.values(sigma), batch.size, rounds),
        *_quantlib_american("American price", batch, sigma, rounds),
        _timed(
            "American implied volatility, out of the money",
            "cream",
            lambda: american_implied.implied_volatility(half, paid),
            other_side.size,
            max(3, rounds // 2),
            aim_ms=30,
            largest_error=f"{off:.1e}",
        ),
    ]


def _peers(
    what: str, batch: Contracts, sigma: np.ndarray, paid: np.ndarray, rounds: int
) -> list[Row]:
    solves = "implied" in what
    rows = []
    for name, jobs in (("QuantLib", _quantlib), ("pyvolr", _pyvolr), ("vollib", _vollib)):
        try:
            greeks, volatility, count = jobs(batch, sigma, paid)
        except ImportError:
            rows.append({"what": what, "who": name, "note": "not installed, not measured"})
            continue
        rows.append(_timed(what, name, volatility if solves else greeks, count, rounds))
    return rows


def _quantlib(batch: Contracts, sigma: np.ndarray, paid: np.ndarray) -> tuple[Job, Job, int]:
    ql = importlib.import_module("QuantLib")
    kinds = [ql.Option.Call if sign > 0 else ql.Option.Put for sign in batch.sign[:PART]]
    # A part from the middle of the chain, where volatility exists.
    part = slice(2_000, 2_000 + PART)
    strike, years = batch.strike[part].tolist(), batch.years[part].tolist()
    discount = np.exp(-batch.rate[part] * batch.years[part])
    growth = np.exp((batch.rate - batch.dividend_yield)[part] * batch.years[part])
    forward, spot = (batch.spot[part] * growth).tolist(), batch.spot[part].tolist()
    spread = (sigma[part] * np.sqrt(batch.years[part])).tolist()
    factors, prices = discount.tolist(), paid[part].tolist()

    def greeks() -> None:
        for k, x, f, s, d, t, now in zip(
            kinds, strike, forward, spread, factors, years, spot, strict=True
        ):
            one = ql.BlackCalculator(ql.PlainVanillaPayoff(k, x), f, s, d)
            one.value(), one.delta(now), one.gamma(now)
            one.vega(t), one.theta(now, t), one.rho(t)

    def volatility() -> None:
        for k, x, f, p, d in zip(kinds, strike, forward, prices, factors, strict=True):
            try:
                ql.blackFormulaImpliedStdDev(k, x, f, p, d, 0.0, 0.2, 1e-12)
            except RuntimeError:
                continue

    return greeks, volatility, PART


def _pyvolr(batch: Contracts, sigma: np.ndarray, paid: np.ndarray) -> tuple[Job, Job, int]:
    peer = importlib.import_module("pyvolr.bs")
    flags = np.where(batch.sign > 0, "c", "p")
    terms = (flags, batch.spot, batch.strike, batch.years, batch.rate)

    def greeks() -> None:
        peer.price(*terms, sigma, batch.dividend_yield)
        peer.greeks(*terms, sigma, batch.dividend_yield)

    def volatility() -> None:
        peer.implied_vol(paid, *terms, batch.dividend_yield, on_error="ignore")

    return greeks, volatility, batch.size


def _vollib(batch: Contracts, sigma: np.ndarray, paid: np.ndarray) -> tuple[Job, Job, int]:
    base = "vollib.black_scholes_merton"
    price = importlib.import_module(base).black_scholes_merton
    g = importlib.import_module(f"{base}.greeks.analytical")
    solve = importlib.import_module(f"{base}.implied_volatility").implied_volatility
    part = slice(2_000, 2_000 + PART)
    rows = list(
        zip(
            np.where(batch.sign > 0, "c", "p")[part].tolist(),
            *(one[part].tolist() for one in (batch.spot, batch.strike, batch.years, batch.rate)),
            sigma[part].tolist(),
            batch.dividend_yield[part].tolist(),
            paid[part].tolist(),
            strict=True,
        )
    )

    def greeks() -> None:
        for flag, s, k, t, r, vol, q, _ in rows:
            price(flag, s, k, t, r, vol, q)
            for one in (g.delta, g.gamma, g.vega, g.theta, g.rho):
                one(flag, s, k, t, r, vol, q)

    def volatility() -> None:
        for flag, s, k, t, r, _, q, p in rows:
            try:
                solve(p, s, k, t, r, q, flag)
            except Exception:  # noqa: BLE001 - a peer's answer to a price without a volatility
                continue

    return greeks, volatility, PART


def _quantlib_american(what: str, batch: Contracts, sigma: np.ndarray, rounds: int) -> list[Row]:
    """Prices by QdFp-fast, which has no Greeks and errs by up to 2e-3 on such a chain."""
    try:
        ql = importlib.import_module("QuantLib")
    except ImportError:
        return [{"what": what, "who": "QuantLib", "note": "not installed, not measured"}]
    today = ql.Date(2, 1, 2025)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    spot, vol = ql.SimpleQuote(1.0), ql.SimpleQuote(0.2)
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(spot),
        ql.YieldTermStructureHandle(ql.FlatForward(today, 0.0052, count)),
        ql.YieldTermStructureHandle(ql.FlatForward(today, 0.045, count)),
        ql.BlackVolTermStructureHandle(
            ql.BlackConstantVol(today, ql.NullCalendar(), ql.QuoteHandle(vol), count)
        ),
    )
    engine = ql.QdFpAmericanEngine(process, ql.QdFpAmericanEngine.fastScheme())
    rows = np.arange(0, batch.size, batch.size // PART)
    options = []
    for row in rows:
        kind = ql.Option.Call if batch.sign[row] > 0 else ql.Option.Put
        last = today + round(float(batch.years[row]) * 365)
        option = ql.VanillaOption(
            ql.PlainVanillaPayoff(kind, float(batch.strike[row])), ql.AmericanExercise(today, last)
        )
        option.setPricingEngine(engine)
        options.append((option, float(sigma[row])))

    def price() -> None:
        spot.setValue(1.0)
        spot.setValue(187.35)
        for option, one in options:
            vol.setValue(one)
            option.NPV()

    return [_timed(what, "QuantLib QdFp fast", price, len(options), rounds)]


async def _lag(tables: american_chain.AmericanChain, sigma: np.ndarray, refreshes: int) -> Row:
    """How late a ticker of a millisecond wakes while a thread refreshes the chain each second."""
    late: list[float] = []

    async def tick() -> None:
        while True:
            due = trio.current_time() + TICK_SECONDS
            await trio.sleep_until(due)
            late.append(trio.current_time() - due)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(tick)
        for _ in range(refreshes):
            await trio.to_thread.run_sync(lambda: tables.values(sigma, derivatives=True))
            await trio.sleep(1.0)
        nursery.cancel_scope.cancel()
    late.sort()
    return {
        "what": "lag of the event loop while a thread refreshes the chain each second",
        "p50_ms": round(late[len(late) // 2] * 1e3, 2),
        "p99_ms": round(late[int(len(late) * 0.99)] * 1e3, 2),
        "max_ms": round(late[-1] * 1e3, 2),
        "aim_p99_ms": 10,
    }
