"""What can an operator type? The parser of the `cream` command.

Exit codes follow sysexits.h where it has one: 0 done, 1 refused or not ready, 2 wrong usage,
69 the daemon cannot be reached, 70 a defect, 74 the journal cannot be used or the answer not be
written, 77 not let in, 78 the configuration is wrong, 130 interrupted.
"""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cream
from cream.cli.exits import DEFECT, DONE, INTERRUPTED, JOURNAL
from cream.cli.sandbox_options import add_sandbox
from cream.cli.streams import discard_output, fill_standard_streams, is_no_room

Command = Callable[[argparse.Namespace], int]

if TYPE_CHECKING:
    Groups = argparse._SubParsersAction[argparse.ArgumentParser]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    # NumPy's linear algebra would start a thread a core, which spin while they wait: on matrices as
    # small as ours that is five times the work, and takes the cores from the event loop. Read when
    # NumPy is first imported, which is never before this.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    fill_standard_streams()
    options = parser().parse_args(argv)
    command: Command = options.command
    try:
        code = command(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has read enough (`cream orders | head`).
        discard_output()
        return DONE
    except OSError as error:
        if not is_no_room(error):
            traceback.print_exc()
            return DEFECT
        discard_output()
        sys.stderr.write(f"cream: {error.strerror}: not all of the answer is written\n")
        return JOURNAL
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:  # noqa: BLE001 - barrier: a defect must not look like a refusal
        traceback.print_exc()
        return DEFECT
    return code


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    root = argparse.ArgumentParser(
        prog="cream", description="A trade-execution daemon between AI agents and a broker."
    )
    root.add_argument("--version", action="version", version=f"cream {cream.__version__}")
    groups = root.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_run(groups)
    add_sandbox(groups)
    _add_config(groups)
    _add_plan(groups)
    _add_reading(groups)
    _add_acting(groups)
    _add_levers(groups)
    _add_exercise(groups)
    _add_options(groups)
    _add_chain(groups)
    _add_roll(groups)
    _add_backtest(groups)
    _add_journal(groups)
    return root


def _add_run(groups: "Groups") -> None:
    run = groups.add_parser("run", help="start the daemon")
    _config_option(run)
    run.add_argument("--broker", choices=("simulated", "alpaca"), help="instead of brokers.active")
    run.set_defaults(command=_run)


def _add_config(groups: "Groups") -> None:
    config = groups.add_parser("config", help="look at the configuration")
    actions = config.add_subparsers(required=True, metavar="ACTION")
    texts = {
        "check": "report every problem with its line, and keys that have no effect yet",
        "show": "print what is in force, secrets masked",
        "schema": "print a JSON Schema for editors",
    }
    for name, text in texts.items():
        action = actions.add_parser(name, help=text)
        _config_option(action)
        action.add_argument("--json", action="store_true", help="print JSON")
        action.set_defaults(command=_config, action=name)


def _add_plan(groups: "Groups") -> None:
    plan = groups.add_parser("plan", help="check or submit a decision plan")
    actions = plan.add_subparsers(required=True, metavar="ACTION")
    texts = {
        "check": "ask for the verdict; nothing is sent to the broker",
        "submit": "judge the plan and place its orders",
    }
    for name, text in texts.items():
        action = actions.add_parser(name, help=text)
        action.add_argument("file", type=Path, help="a plan in JSON, - for standard input")
        if name == "submit":
            action.add_argument(
                "--allow-partial", action="store_true", help="admit decisions one by one"
            )
        _client_options(action)
        action.set_defaults(command=_plan, action=name)


def _add_reading(groups: "Groups") -> None:
    texts = {
        "status": "readiness, trading state and subsystems; exit code 1 if not ready",
        "orders": "every order, open and closed",
        "positions": "what is held, and how it is protected",
        "activities": "what happened to the account that was no trade: fees, dividends, options",
        "fees": "what trades were estimated to cost, and what was charged",
        "reconcile": "how the broker's view and ours compare; exit code 1 if they do not",
        "watch": "follow changes as they happen",
    }
    for name, text in texts.items():
        command = groups.add_parser(name, help=text)
        if name == "orders":
            command.add_argument("--open", action="store_true", help="only those that can trade")
        if name == "activities":
            _activity_options(command)
        if name == "reconcile":
            command.add_argument("--now", action="store_true", help="compare everything first")
        if name == "watch":
            said = "end after so many messages"
            command.add_argument("--count", type=_count, default=0, help=said)
        _client_options(command)
        command.set_defaults(command=_reading, action=name)


def _count(text: str) -> int:
    """A whole number from 1.   Raises: ArgumentTypeError."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, was {text!r}")
    return int(text)


def _activity_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--type", action="append", default=[], help="FEE, DIVIDEND, ...; may be repeated"
    )
    command.add_argument("--since", help="YYYY-MM-DD, inclusive")
    command.add_argument("--until", help="YYYY-MM-DD, inclusive")


def _add_acting(groups: "Groups") -> None:
    cancel = groups.add_parser("cancel", help="ask for an order to be cancelled")
    cancel.add_argument("order_id", help="our id, the client id or the broker's")
    _client_options(cancel)
    cancel.set_defaults(command=_acting, action="cancel")
    texts = {
        "halt": "refuse increases until an operator resumes; exits and cancels pass",
        "reduce": "as halt, for winding down",
        "resume": "lift what an operator may lift",
    }
    for name, text in texts.items():
        command = groups.add_parser(name, help=text)
        command.add_argument(
            "--reason", required=name != "resume", default="resumed", help="goes into the journal"
        )
        if name == "resume":
            command.add_argument(
                "--force", action="store_true", help="even if the broker does not agree with us"
            )
        _client_options(command)
        command.set_defaults(command=_acting, action=name)


def _add_levers(groups: "Groups") -> None:
    kill = groups.add_parser(
        "kill", help="the kill switch: halt, cancel everything, close positions on demand"
    )
    kill.add_argument("--reason", required=True, help="goes into the journal")
    kill.add_argument(
        "--flatten",
        choices=("submit",),
        help="also close every position; the word says that it sends orders",
    )
    mass = groups.add_parser("mass-cancel", help="cancel everything that works, and wait for it")
    mass.add_argument("--reason", required=True, help="goes into the journal")
    for command, action in ((kill, "kill"), (mass, "mass-cancel")):
        _client_options(command)
        command.set_defaults(command=_acting, action=action)


def _add_exercise(groups: "Groups") -> None:
    take = groups.add_parser("exercise", help="have the broker exercise an option that is owned")
    leave = groups.add_parser("do-not-exercise", help="on its last day: have an option expire")
    for command, action in ((take, "exercise"), (leave, "do-not-exercise")):
        command.add_argument("symbol", help="the option's symbol")
        if action == "exercise":
            command.add_argument("quantity", help="how many contracts, or the word all")
        command.add_argument("submit", choices=("submit",), help="the word says that it is sent")
        _client_options(command)
        command.set_defaults(command=_acting, action=action)


def _add_options(groups: "Groups") -> None:
    price = groups.add_parser("price", help="price a table of options; needs no daemon")
    price.add_argument("file", type=Path, help="CSV (docs/options.md), - for standard input")
    price.add_argument("--json", action="store_true", help="print a list of rows as JSON")
    price.set_defaults(command=_price)
    payoff = groups.add_parser("payoff", help="draw what a plan's option trades gain and lose")
    payoff.add_argument("file", type=Path, help="a plan in JSON, - for standard input")
    payoff.add_argument("--svg", type=Path, help="also write a drawing to this file")
    payoff.add_argument("--png", type=Path, help="the same as PNG; needs cream[plot]")
    payoff.add_argument("--json", action="store_true", help="print figures and curves as JSON")
    assumed = payoff.add_argument_group("assumed where legs expire on several days")
    assumed.add_argument("--volatility", type=float, default=0.30, help="default: 0.30")
    assumed.add_argument("--rate", type=float, default=0.04, help="default: 0.04")
    assumed.add_argument("--dividend-yield", type=float, default=0.0, help="default: 0")
    payoff.set_defaults(command=_payoff)


def _add_chain(groups: "Groups") -> None:
    chain = groups.add_parser("chain", help="the listed options of an underlying, with Greeks")
    chain.add_argument("underlying", help="a ticker")
    chain.add_argument("--expiration", action="append", default=[], help="YYYY-MM-DD; repeatable")
    chain.add_argument("--type", choices=("call", "put"), help="only calls or only puts")
    chain.add_argument("--min-strike", help="dollars, inclusive")
    chain.add_argument("--max-strike", help="dollars, inclusive")
    chain.add_argument("--limit", help="at most so many: the first to expire, nearest the money")
    _client_options(chain)
    chain.set_defaults(command=_chain)


def _add_roll(groups: "Groups") -> None:
    roll = groups.add_parser("roll", help="which options would be rolled now, and into what")
    how = roll.add_mutually_exclusive_group(required=True)
    how.add_argument("--dry-run", action="store_true", help="nothing is sent")
    how.add_argument("--now", metavar="SYMBOL", help="roll this position, whatever its rule says")
    roll.add_argument("submit", nargs="?", choices=("submit",), help="the word that --now needs")
    _client_options(roll)
    roll.set_defaults(command=_roll)


def _add_backtest(groups: "Groups") -> None:
    command = groups.add_parser("backtest", help="what plans would have done over bars of the past")
    command.add_argument("plans", type=Path, nargs="+", help="plans in JSON, or folders of them")
    command.add_argument(
        "--bars", type=Path, action="append", required=True, help="CSV (docs/backtest.md); repeat"
    )
    command.add_argument(
        "--config", "-c", type=Path, help="default: config.yaml if it is there, else the defaults"
    )
    command.add_argument("--at", help="when to decide on plans that have no timestamp")
    command.add_argument("--cash", help="of the account; else brokers.simulated.cash")
    numbers = (
        ("--slippage-bps", "5", "what takes any price gives away"),
        ("--participation", "0.10", "of a bar's volume that can be had"),
        ("--commission-per-share", "0", "dollars"),
        ("--commission-per-contract", "0", "dollars"),
    )
    for name, default, text in numbers:
        command.add_argument(name, default=default, help=f"{text} (default {default})")
    command.add_argument(
        "--regulatory-fees", action="store_true", help="add those of the day, as far as known"
    )
    command.add_argument("--allow-partial", action="store_true", help="admit decisions one by one")
    command.add_argument("--json", action="store_true", help="print everything, with the curve")
    command.set_defaults(command=_backtest)


def _add_journal(groups: "Groups") -> None:
    group = groups.add_parser("journal", help="look after the journal; no daemon is needed")
    actions = group.add_subparsers(required=True, metavar="ACTION")
    texts = {
        "verify": "check every record and snapshot; exit code 74 if it cannot be believed",
        "export": "write the records as JSON lines",
        "compact": "remove old records that snapshots stand in for; the daemon must be stopped",
    }
    for name, text in texts.items():
        action = actions.add_parser(name, help=text)
        if name == "compact":
            action.add_argument("--older-than-days", type=int, help="else as configured")
            _config_option(action)
            action.add_argument("--json", action="store_true", help="print JSON")
        else:
            _journal_options(action)
        if name == "export":
            action.add_argument("--out", help="a new file; else standard output")
        action.set_defaults(command=_journal, action=name)
    explain = groups.add_parser("explain", help="tell an order's whole life from the journal")
    explain.add_argument("order_id", help="our id, the client id or the broker's")
    _journal_options(explain)
    explain.set_defaults(command=_journal, action="explain")
    replay = groups.add_parser(
        "replay", help="fold the journal again and compare with every snapshot"
    )
    replay.add_argument(
        "journal", type=Path, nargs="?", help="a journal file or an export; else as configured"
    )
    _journal_options(replay, named=True)
    replay.set_defaults(command=_journal, action="replay")


def _journal_options(command: argparse.ArgumentParser, named: bool = False) -> None:
    _config_option(command)
    if not named:
        command.add_argument(
            "--journal", type=Path, help="a journal file or an export; else as configured"
        )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--account", help="only this account's records")


def _config_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--config", "-c", type=Path, default=Path("config.yaml"), help="default: config.yaml"
    )


def _client_options(command: argparse.ArgumentParser) -> None:
    _config_option(command)
    command.add_argument("--url", help="of the daemon; else CREAM_URL, else the configuration")
    command.add_argument("--token", help="else CREAM_TOKEN")
    command.add_argument("--json", action="store_true", help="print the reply as JSON")


def _run(options: argparse.Namespace) -> int:
    from cream.cli.run import run

    return run(options)


def _config(options: argparse.Namespace) -> int:
    from cream.cli.configuration import configuration

    return configuration(options)


def _plan(options: argparse.Namespace) -> int:
    from cream.cli.plans import plan

    return plan(options)


def _reading(options: argparse.Namespace) -> int:
    from cream.cli.reading import reading

    return reading(options)


def _chain(options: argparse.Namespace) -> int:
    from cream.cli.chain import chain

    return chain(options)


def _roll(options: argparse.Namespace) -> int:
    from cream.cli.roll import roll

    return roll(options)


def _journal(options: argparse.Namespace) -> int:
    from cream.cli.journal import journal

    return journal(options)


def _acting(options: argparse.Namespace) -> int:
    from cream.cli.acting import acting

    return acting(options)


def _price(options: argparse.Namespace) -> int:
    from cream.cli.pricing import price

    return price(options)


def _backtest(options: argparse.Namespace) -> int:
    from cream.cli.backtest import run_backtest

    return run_backtest(options)


def _payoff(options: argparse.Namespace) -> int:
    from cream.cli.payoff import payoff

    return payoff(options)
