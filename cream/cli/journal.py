"""`cream journal`, `explain`, `replay`: what the journal says, whether or not a daemon runs."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from cream.adapters.clock import SystemClock
from cream.adapters.config import ConfigErrors
from cream.adapters.store import codec
from cream.adapters.store.opening import compact_offline
from cream.cli.exits import DONE, JOURNAL, REFUSED
from cream.cli.journals import Account, Source, Whole, checked, opened, whole, write_export
from cream.cli.settings import complain, load_settings
from cream.core.execution.comparison import cut_down, differences, in_order
from cream.core.execution.events import Record
from cream.core.execution.memory import BookState, rebuilt, state_of
from cream.core.execution.story import Scene, Story, story
from cream.core.model.errors import JournalFailed
from cream.core.model.plan import Environment

# A difference is a line of some hundred characters; nobody reads more than these.
_DIFFERENCES_SHOWN = 50


def journal(options: argparse.Namespace) -> int:
    """Do what `options.action` says."""
    commands = {
        "verify": _verify,
        "export": _export,
        "compact": _compact,
        "explain": _explain,
        "replay": _replay,
    }
    try:
        return commands[options.action](options)
    except ConfigErrors as errors:
        return complain(errors)
    except JournalFailed as error:
        sys.stderr.write(f"{error}\n")
        return JOURNAL


def _accounts(source: Source, options: argparse.Namespace) -> Sequence[Account]:
    """The accounts that are meant: all, or those with the given number."""
    return [one for one in source.accounts() if options.account in (None, one[1])]


# cream journal ----------------------------------------------------------------------------------


def _verify(options: argparse.Namespace) -> int:
    """Check every record and snapshot of every account."""
    rows: list[dict[str, Any]] = []
    with opened(options) as source:
        for environment, account_id in _accounts(source, options):
            found = checked(source, environment, account_id)
            rows.append(
                {
                    "environment": environment.value,
                    "account": account_id,
                    "records": found.head.sequence - found.base.sequence,
                    "first": found.base.sequence + 1,
                    "last": found.head.sequence,
                    "head": found.head.hash,
                    "snapshots": [state.sequence for state in found.states],
                    "problems": list(found.unusable),
                }
            )
        place = source.place
    if options.json:
        sys.stdout.write(json.dumps({"journal": place, "accounts": rows}) + "\n")
    else:
        for row in rows:
            sys.stdout.write(
                f"{row['environment']} {row['account']}: {row['records']} records, "
                f"{row['first']} to {row['last']}, each as it was written; head {row['head']}; "
                f"snapshots at {row['snapshots'] or 'none'}\n"
            )
            for problem in row["problems"]:
                sys.stdout.write(f"  {problem}\n")
    return REFUSED if any(row["problems"] for row in rows) else DONE


def _export(options: argparse.Namespace) -> int:
    """Write the records as JSON lines."""
    with opened(options) as source:
        accounts = _accounts(source, options)
        if options.out is None:
            for environment, account_id in accounts:
                write_export(source, environment, account_id, sys.stdout)
            return DONE
        with Path(options.out).open("x", encoding="utf-8", newline="\n") as file:
            count = sum(write_export(source, *account, file) for account in accounts)
    sys.stdout.write(f"{options.out}: {count} records\n")
    return DONE


def _compact(options: argparse.Namespace) -> int:
    """Remove old records of a journal that no daemon has open, and give the space back."""
    settings = load_settings(options.config).settings
    days = options.older_than_days
    if days is None:
        days = settings.persistence.retention_days
    if days is None:
        sys.stderr.write("say --older-than-days, or set persistence.retention_days\n")
        return REFUSED
    before = SystemClock().now() - timedelta(days=days)
    rows = [
        {"environment": environment.value, "account": account_id, "removed": removed}
        for (environment, account_id), removed in compact_offline(settings.persistence, before)
    ]
    if options.json:
        sys.stdout.write(json.dumps({"accounts": rows}) + "\n")
        return DONE
    for row in rows:
        told = f"{row['environment']} {row['account']}: {row['removed']} records removed"
        sys.stdout.write(told + "\n")
    return DONE


# cream explain ----------------------------------------------------------------------------------


def _explain(options: argparse.Namespace) -> int:
    """Tell one order's life."""
    with opened(options) as source:
        for environment, account_id in _accounts(source, options):
            read = partial(_records, source, environment, account_id)
            told = story(read, options.order_id)
            if told is not None:
                text = _as_json(told) if options.json else "\n".join(_lines(told))
                sys.stdout.write(text + "\n")
                return DONE
        place = source.place
    sys.stderr.write(f"no order {options.order_id} in {place}\n")
    return REFUSED


def _records(source: Source, environment: Environment, account_id: str) -> Iterator[Record]:
    return (one.record for one in source.entries(environment, account_id))


def _lines(told: Story) -> Iterator[str]:
    roles = {terms.order_id: terms.purpose.value for terms in told.family}
    yield f"order {told.order_id}"
    for terms in told.family:
        yield f"  {terms.purpose.value:12} {terms.order_id}  client id {terms.client_order_id}"
    for scene in told.scenes:
        role = roles.get(scene.order_id, "")
        yield f"{_moment(scene.at)}  {_after(scene)}  #{scene.sequence:<6} {role:12} {scene.what}"
        if scene.broker_time is not None:
            late = (scene.at - scene.broker_time) / timedelta(milliseconds=1)
            yield f"{'':>52}broker's time {_moment(scene.broker_time)}, {late:.1f} ms before"
        yield from (f"{'':>52}{line}" for line in scene.details)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")


def _after(scene: Scene) -> str:
    if scene.after is None:
        return " " * 12
    return f"{scene.after / timedelta(milliseconds=1):+10.1f}ms"


def _as_json(told: Story) -> str:
    body = {
        "order_id": told.order_id,
        "family": [json.loads(codec.encode_value(terms)) for terms in told.family],
        "scenes": [
            {
                "sequence": one.sequence,
                "at": codec.instant_text(one.at),
                "after_ms": None if one.after is None else one.after / timedelta(milliseconds=1),
                "order_id": one.order_id,
                "what": one.what,
                "details": list(one.details),
                "broker_time": one.broker_time and codec.instant_text(one.broker_time),
            }
            for one in told.scenes
        ],
    }
    return json.dumps(body)


# cream replay -----------------------------------------------------------------------------------


@frozen
class _Compared:
    """A snapshot, and the fold of the journal at the same record."""

    sequence: int
    folded_hash: str
    lived_hash: str
    differences: tuple[str, ...]


def state_hash(state: BookState) -> str:
    """One number for a state: the same for the same state, wherever it came from."""
    return sha256(codec.encode_value(in_order(state)).encode()).hexdigest()


def _replay(options: argparse.Namespace) -> int:
    """Fold the journal again, and compare with every state that a daemon has lived through."""
    with opened(options) as source:
        rows = [
            _replayed(f"{environment.value} {account_id}", whole(source, environment, account_id))
            for environment, account_id in _accounts(source, options)
        ]
    if options.json:
        sys.stdout.write(json.dumps({"accounts": rows}) + "\n")
    else:
        sys.stdout.write("\n".join(line for row in rows for line in _replay_lines(row)) + "\n")
    return DONE if all(one["same"] for row in rows for one in row["snapshots"]) else REFUSED


def _replayed(name: str, found: Whole) -> dict[str, Any]:
    begins_with = found.begins_with
    if found.base.sequence and begins_with is None:
        raise JournalFailed(f"{name}: the records up to {found.base.sequence} are gone")
    final = state_of(rebuilt(begins_with, found.recalled, found.records))
    compared = [_compared(found, lived) for lived in found.states]
    return {
        "account": name,
        "begins_with": None if begins_with is None else begins_with.sequence,
        "records": len(found.records),
        "sequence": final.sequence,
        "state": state_hash(final),
        "snapshots": [
            {
                "sequence": one.sequence,
                "same": one.folded_hash == one.lived_hash,
                "state": one.lived_hash,
                "differences": list(one.differences[:_DIFFERENCES_SHOWN]),
            }
            for one in compared
        ],
    }


def _replay_lines(row: dict[str, Any]) -> Iterator[str]:
    name = row["account"]
    if row["begins_with"] is not None:
        yield f"{name}: begins with the snapshot at {row['begins_with']}"
    yield f"{name}: {row['records']} records folded to {row['sequence']}, state {row['state']}"
    for one in row["snapshots"]:
        verdict = "the same" if one["same"] else "DIFFERS"
        yield f"  at {one['sequence']}: {verdict}, state {one['state']}"
        yield from (f"    {line}" for line in one["differences"])


def _compared(found: Whole, lived: BookState) -> _Compared:
    until = [one for one in found.records if one.sequence <= lived.sequence]
    book = rebuilt(found.begins_with, found.recalled, until)
    folded = in_order(cut_down(state_of(book), lived))
    lived = in_order(lived)
    if found.begins_with is not None and lived.fills_forgotten != folded.fills_forgotten:
        # A fold that begins in the middle cannot tell what had left memory before.
        lived = evolve(lived, fills_forgotten=folded.fills_forgotten)
    return _Compared(
        lived.sequence,
        state_hash(folded),
        state_hash(lived),
        tuple(differences(folded, lived)),
    )
