"""`cream backtest`: what would these plans have done over these bars?

Asks no daemon and sends nothing. Judges with the configured limits, by the gate that the daemon
has, and trades at the simulated venue, fed with bars (docs/backtest.md).
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from attrs import evolve

from cream.adapters.config import ConfigErrors
from cream.adapters.feeds.bar_files import BadBars, read_bars
from cream.cli.backtest_report import as_json, as_text
from cream.cli.client import CommandFailed, guarded, print_json
from cream.cli.exits import CONFIGURATION, DONE, REFUSED, USAGE
from cream.cli.plan_files import read_plan_file
from cream.cli.settings import load_settings
from cream.core.backtest.dealing import Assumptions, Fee, no_fee
from cream.core.backtest.path import MarketBar
from cream.core.backtest.run import DatedPlan, Setup, backtest
from cream.core.backtest.upkeep import Policies
from cream.core.exchange.fees import Trade, estimated_fees
from cream.core.execution.bars import SameBarPriority
from cream.core.execution.history import trading_day
from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.plan import DecisionPlan
from cream.core.model.side import Side
from cream.daemon.settings import Settings
from cream.daemon.tree_settings import tree_settings

_DEFAULT_CONFIG = Path("config.yaml")
# What a plan may give away and still be one: half of the price. Units: basis points.
_MOST_SLIPPAGE = Decimal(5_000)
_MOST_CASH = Decimal(1_000_000_000)
# Dollars a share or contract: far above any schedule.
_MOST_COMMISSION = Decimal(100)


def run_backtest(options: argparse.Namespace) -> int:
    """Run it; 1 if a plan was refused, 2 if bars or plans cannot be read."""
    return guarded(_backtest, options)


def _backtest(options: argparse.Namespace) -> int:
    settings = _settings(options.config)
    setup = _setup(settings, options)
    plans = sorted(_plans(options), key=lambda dated: dated.at)
    bars = _bars(options.bars)
    outcome = backtest(setup, bars, plans)
    if options.json:
        print_json(as_json(setup, bars, outcome))
    else:
        sys.stdout.write(as_text(setup, bars, outcome) + "\n")
    return DONE if all(one.ok for one in outcome.plans) else REFUSED


def _settings(given: Path | None) -> Settings:
    """The configuration that was named; else config.yaml where there is one, else the defaults."""
    if given is None and not _DEFAULT_CONFIG.exists():
        return Settings()
    try:
        return load_settings(given or _DEFAULT_CONFIG).settings
    except ConfigErrors as errors:
        raise CommandFailed(str(errors), CONFIGURATION) from None


def _setup(settings: Settings, options: argparse.Namespace) -> Setup:
    tree = tree_settings(settings, "", "")
    cash = settings.brokers.simulated.cash
    if options.cash is not None:
        cash = _amount("--cash", options.cash, _MOST_CASH)
    if cash <= 0:
        raise CommandFailed("--cash: nothing can be bought with nothing", USAGE)
    participation = _amount("--participation", options.participation, Decimal(1))
    if participation <= 0:
        raise CommandFailed("--participation: at zero nothing would ever trade", USAGE)
    return Setup(
        cash=cash,
        limits=tree.constraints,
        environment=settings.environment.mode,
        policies=Policies(
            protection=tree.protection,
            mass_cancel=tree.mass_cancel.policy,
            partial_fills=tree.partial_fills,
            watch=tree.watch_levels,
        ),
        assumptions=Assumptions(
            slippage_bps=_amount("--slippage-bps", options.slippage_bps, _MOST_SLIPPAGE),
            participation=participation,
            priority=SameBarPriority(settings.stops.same_bar_priority),
            fee=_fee(options),
        ),
        allow_partial=options.allow_partial,
        rate=tree.rates.rate,
        dividends=tree.dividends,
    )


def _fee(options: argparse.Namespace) -> Fee:
    share = _amount("--commission-per-share", options.commission_per_share, _MOST_COMMISSION)
    contract = _amount(
        "--commission-per-contract", options.commission_per_contract, _MOST_COMMISSION
    )
    regulatory = bool(options.regulatory_fees)
    if not (share or contract or regulatory):
        return no_fee

    def fee(
        instrument: Instrument, side: Side, quantity: Decimal, price: Decimal, at: datetime
    ) -> Decimal:
        each = contract if isinstance(instrument, OptionContract) else share
        if not regulatory:
            return quantity * each
        trade = Trade(
            instrument=instrument,
            side=side,
            quantity=quantity,
            price=price,
            day=trading_day(at),
        )
        return quantity * each + estimated_fees(trade)

    return fee


def _amount(name: str, text: str, most: Decimal) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= most:
        raise CommandFailed(f"{name}: {text!r} is not a number from 0 to {most:,}", USAGE)
    return amount


def _plans(options: argparse.Namespace) -> Iterator[DatedPlan]:
    """Every plan, each with the moment at which it is decided on.

    Raises: CommandFailed for files that are no plans, or say no moment.
    """
    otherwise = _moment(options.at)
    undated = []
    for file in _files(options.plans):
        plan = read_plan_file(file)
        at = plan.timestamp or otherwise
        if at is None:
            undated.append(str(file))
        else:
            yield DatedPlan(_dated(plan, at), at.astimezone(UTC))
    if undated:
        message = "these plans have no timestamp: give --at, the moment at which to decide on them"
        raise CommandFailed("\n  ".join([message, *undated]), USAGE)


def _dated(plan: DecisionPlan, at: datetime) -> DecisionPlan:
    return plan if plan.timestamp is not None else evolve(plan, timestamp=at)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CommandFailed(f"--at: {text!r} is not a moment (2012-03-05T14:30:00Z)", USAGE)
    return moment


def _files(given: Sequence[Path]) -> Iterator[Path]:
    """Files as they are, folders as the plans in them, by name."""
    for path in given:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(path.glob("*.json"))
        if not inside:
            raise CommandFailed(f"{path}: there is no *.json in this folder", USAGE)
        yield from inside


def _bars(files: Sequence[Path]) -> Sequence[MarketBar]:
    try:
        return read_bars(files)
    except OSError as error:
        raise CommandFailed(str(error), USAGE) from None
    except BadBars as bad:
        raise CommandFailed(str(bad), USAGE) from None
