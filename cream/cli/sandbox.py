"""`cream sandbox`: be an Alpaca to try things on, until interrupted."""

import argparse
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path

import trio
from attrs import evolve

from cream.adapters.clock import clock_from
from cream.adapters.feeds.settings import LISTED_PRICES, SyntheticSettings
from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.adapters.logs import configure
from cream.adapters.sandbox.bar_files import BarFileError, Bars, first_of, read_bars
from cream.adapters.sandbox.bars import Bar
from cream.adapters.sandbox.charging import FeeMode
from cream.adapters.sandbox.data_plans import DATA_PLANS
from cream.adapters.sandbox.listings import read_time
from cream.adapters.sandbox.refusals import Refusal
from cream.adapters.sandbox.server import Opened, SandboxSettings, serve_sandbox
from cream.cli.exits import DONE, UNREACHABLE, USAGE
from cream.core.exchange.calendar import SessionMode
from cream.core.model.money import is_within_reason

_HIGHEST_PORT, _MOST_REQUESTS, _MOST_TICKS = 65_535, 1_000_000, 1_000
# Digits before the point: more than any account has.
_CASH_PLACES = 12
# The years that Alpaca's calendar has.
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)


def sandbox(options: argparse.Namespace) -> int:
    """The exit code: 0 once told to stop, 69 if a port cannot be opened, 2 for odd options.

    With `--bars` the clock begins with the first bar and prices move by the bars alone, unless
    told otherwise.
    """
    configure("warning", "pretty")
    start: datetime | None = None
    bars: dict[str, list[Bar]] = {}
    try:
        start = read_time(options.clock_start, "--clock-start")
        wrong = list(_problems(options, start))
        bars = _bars(options.bars)
    except (Refusal, BarFileError) as problem:
        wrong = [problem.message]
    if wrong:
        sys.stderr.writelines(f"cream sandbox: {one}\n" for one in wrong)
        return USAGE
    keys = tuple(options.keys.split(":", 1)) if options.keys else None
    settings = SandboxSettings(
        port=options.port,
        control_port=options.control_port,
        seed=options.seed,
        cash=Decimal(options.cash),
        requests_per_minute=options.requests_per_minute,
        fees=FeeMode(options.fees),
        keys=(keys[0], keys[-1]) if keys else None,
        plan=DATA_PLANS[options.plan],
    )
    firsts = first_of(bars)
    if start is None and firsts:
        start = min(bar.start for bar in firsts.values())
    market = evolve(
        SyntheticSettings(),
        prices={symbol: bar.open for symbol, bar in firsts.items()} or dict(LISTED_PRICES),
        seed=options.seed,
        tick_rate=0.0 if bars else options.tick_rate,
        session=SessionMode(options.session),
    )
    code = DONE
    try:
        trio.run(partial(_until_told, settings, market, start, bars))
    except* OSError as errors:
        sys.stderr.write(f"cream sandbox: {_first(errors)}\n")
        code = UNREACHABLE
    return code


def _problems(options: argparse.Namespace, start: datetime | None) -> Iterator[str]:
    """What is wrong with the options, each by itself."""
    for name in ("port", "control_port"):
        if not 0 <= getattr(options, name) <= _HIGHEST_PORT:
            yield f"--{name.replace('_', '-')} must be from 0 to {_HIGHEST_PORT}"
    if not 1 <= options.requests_per_minute <= _MOST_REQUESTS:
        yield f"--requests-per-minute must be from 1 to {_MOST_REQUESTS}"
    if not 0 <= options.tick_rate <= _MOST_TICKS:
        yield f"--tick-rate must be from 0 to {_MOST_TICKS} quotes a second"
    if options.keys is not None and not all(options.keys.partition(":")):
        yield "--keys must be a key and a secret with a colon between them"
    if start is not None and not _EARLIEST <= start < _LATEST:
        yield f"--clock-start must be from {_EARLIEST.year} to {_LATEST.year - 1}"
    try:
        cash = Decimal(options.cash)
    except InvalidOperation:
        cash = Decimal("NaN")
    if not is_within_reason(cash, _CASH_PLACES) or cash < 0:
        yield f"--cash must be an amount of dollars, but is {options.cash}"


def _bars(names: list[str]) -> dict[str, list[Bar]]:
    """The bars of all files.   Raises: BarFileError."""
    found: dict[str, list[Bar]] = {}
    for name in names:
        try:
            with Path(name).open(encoding="utf-8", newline="") as file:
                for symbol, rows in read_bars(file, name).items():
                    found.setdefault(symbol, []).extend(rows)
        except (OSError, UnicodeDecodeError) as error:
            raise BarFileError(f"{name}: {error}") from None
    for rows in found.values():
        rows.sort(key=lambda bar: bar.start)
    return found


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _until_told(
    settings: SandboxSettings, prices: SyntheticSettings, start: datetime | None, bars: Bars
) -> None:
    clock = clock_from(start)
    market = SyntheticMarket(prices, clock)
    symbols = tuple(prices.price_by_symbol())
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with trio.open_nursery() as nursery:
            await nursery.start(market.move)
            opened = await nursery.start(serve_sandbox, settings, market, clock, symbols, bars)
            _announce(opened)
            async for _ in signals:
                nursery.cancel_scope.cancel()
                return


def _announce(opened: Opened) -> None:
    print(
        f"sandbox: Alpaca's API on http://127.0.0.1:{opened.port}, "
        f"control on http://127.0.0.1:{opened.control_port}, "
        f"account {opened.sandbox.exchange.account_number}",
        flush=True,
    )
