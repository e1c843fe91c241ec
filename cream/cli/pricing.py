"""`cream price`: what is each row of a table of options worth, or which volatility does it imply?

Asks no daemon. Columns by name, in any order: style, flag, spot, strike, rate, t_years; div_yield
and dividends (`days:cash;...`) may be missing; sigma, or price where the volatility is sought.
Other columns are ignored. Units as in docs/options.md: per share, per 1.00, per year.
"""

import argparse
import csv
import io
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from attrs import frozen

from cream.cli.client import CommandFailed, guarded, print_json
from cream.cli.exits import DONE, USAGE
from cream.core.pricing.curves import DAYS_A_YEAR
from cream.core.pricing.dividends import CashDividend, Schedule, fault
from cream.core.pricing.quotes import Answer, Quote, Style, answer
from cream.core.pricing.rows import Status

# A whole market's listed options have fewer rows; more is a mistake that would fill the memory.
_MOST_ROWS = 2_000_000

_REQUIRED = ("style", "flag", "spot", "strike", "rate", "t_years")
_READ = {*_REQUIRED, "div_yield", "dividends", "sigma", "price"}
_FLAGS = {"c": True, "call": True, "p": False, "put": False}
_FIGURES = ("sigma", "price", "delta", "gamma", "vega", "theta_per_year", "rho")


@frozen
class _Row:
    """One line of the table: what to price, or what is wrong with which column."""

    quote: Quote | None
    problem: str = ""


class _BadCell(Exception):
    """A cell that says nothing; the message names its column."""


def price(options: argparse.Namespace) -> int:
    """Price the table; 0 if it could be read, whatever became of its rows."""
    return guarded(_price, options)


def _price(options: argparse.Namespace) -> int:
    rows = list(_rows(_text(options.file)))
    answers = iter(answer([row.quote for row in rows if row.quote is not None]))
    results = [
        _result(number, row, None if row.quote is None else next(answers))
        for number, row in enumerate(rows, start=1)
    ]
    for result in results:
        if result["problem"]:
            sys.stderr.write(f"row {result['row']}: {result['problem']}\n")
    if options.json:
        print_json(results)
    else:
        writer = csv.DictWriter(sys.stdout, ("row", "status", *_FIGURES), lineterminator="\n")
        writer.writeheader()
        for result in results:
            writer.writerow({name: result[name] for name in writer.fieldnames})
    return DONE


def _text(file: Path) -> str:
    """The table as text. A byte that is not UTF-8 spoils its own cell, not the table."""
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except (OSError, ValueError) as error:
        raise CommandFailed(f"{file}: {error}", USAGE) from None
    return content.decode("utf-8-sig", errors="replace")


def _rows(text: str) -> Iterator[_Row]:
    """The lines of the table behind its header.

    Raises: CommandFailed for a table without the columns that every row needs.
    """
    lines = list(io.StringIO(text, newline=None))
    header = csv.reader(lines)
    try:
        names = [name.strip() for name in next(header, [])]
    except csv.Error as error:
        raise CommandFailed(f"the table's header: {error}", USAGE) from None
    missing = [name for name in _REQUIRED if name not in names]
    if not {"sigma", "price"} & {*names}:
        missing.append("sigma or price")
    twice = sorted(name for name in _READ if names.count(name) > 1)
    if missing:
        raise CommandFailed(f"the table has no column {', '.join(missing)}", USAGE)
    if twice:
        raise CommandFailed(f"the table has two columns {', '.join(twice)}", USAGE)
    records = _records(lines[header.line_num :], len(names))
    for number, cells in enumerate(filter(None, records), start=1):
        if number > _MOST_ROWS:
            raise CommandFailed(f"more than {_MOST_ROWS:,} rows", USAGE)
        yield _read(dict(zip(names, cells, strict=False)))


def _records(lines: Sequence[str], width: int) -> Iterator[list[str]]:
    """The cells of each record; none for an empty line.

    A quoted cell may go on over several lines, if the record then has its `width`. A quote that is
    not closed, or a cell too long to be one, is read as far as its own line goes: it would take the
    rows behind it along.
    """
    at = 0
    while at < len(lines):
        reader = csv.reader(map(lines.__getitem__, range(at, len(lines))), strict=True)
        taken = 0
        try:
            for cells in reader:
                if reader.line_num - taken > 1 and len(cells) != width:
                    break
                taken = reader.line_num
                yield cells
            else:
                return
        except csv.Error:
            pass
        yield _alone(lines[at + taken])
        at += taken + 1


def _alone(line: str) -> list[str]:
    """The cells of a line that is no proper record."""
    try:
        return next(csv.reader([line]))
    except csv.Error:
        # Longer than a cell may be: no number is, so it says nothing.
        return [""]


def _read(cells: Mapping[str, str]) -> _Row:
    try:
        return _Row(_quote(cells))
    except _BadCell as bad:
        return _Row(None, str(bad))


def _quote(cells: Mapping[str, str]) -> Quote:
    style, flag = _word(cells, "style"), _word(cells, "flag")
    if style not in {one.value for one in Style}:
        raise _BadCell(f"style: {style!r} is neither european nor american")
    if flag not in _FLAGS:
        raise _BadCell(f"flag: {flag!r} is neither c nor p")
    sigma = _number(cells, "sigma") if _word(cells, "sigma") else None
    paid = _number(cells, "price") if sigma is None and _word(cells, "price") else None
    if sigma is None and paid is None:
        raise _BadCell("sigma: neither a volatility nor a price is given")
    quote = Quote(
        style=Style(style),
        is_call=_FLAGS[flag],
        spot=_number(cells, "spot", above=0.0),
        strike=_number(cells, "strike", above=0.0),
        rate=_number(cells, "rate"),
        dividend_yield=_number(cells, "div_yield") if _word(cells, "div_yield") else 0.0,
        years=_number(cells, "t_years"),
        dividends=_dividends(_word(cells, "dividends")),
        sigma=sigma,
        price=paid,
    )
    if sigma is not None and sigma < 0.0:
        raise _BadCell(f"sigma: {sigma} is negative")
    return quote


def _word(cells: Mapping[str, str], name: str) -> str:
    return (cells.get(name) or "").strip().lower()


def _number(cells: Mapping[str, str], name: str, *, above: float | None = None) -> float:
    text = _word(cells, name)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _BadCell(f"{name}: {text!r} is not a finite number")
    if above is not None and value <= above:
        raise _BadCell(f"{name}: {text} is not above {above:g}")
    return value


def _dividends(text: str) -> Schedule:
    """`days:cash` pairs, by ex-date in days from now."""
    found = []
    for part in filter(None, (one.strip() for one in text.split(";"))):
        days, _, cash = part.partition(":")
        try:
            found.append(CashDividend(float(days) / DAYS_A_YEAR, float(cash)))
        except ValueError:
            raise _BadCell(f"dividends: {part!r} is not days:cash") from None
    wrong = fault(tuple(found))
    if wrong is not None:
        raise _BadCell(f"dividends: {wrong}")
    return tuple(found)


def _result(number: int, row: _Row, found: Answer | None) -> dict[str, int | float | str | None]:
    if found is None:
        nothing: dict[str, int | float | str | None] = dict.fromkeys(_FIGURES)
        return {"row": number, "status": "BAD_INPUT", **nothing, "problem": row.problem}
    figures = (
        found.sigma,
        found.price,
        found.delta,
        found.gamma,
        found.vega,
        found.theta,
        found.rho,
    )
    problem = ""
    if found.status is Status.BAD_INPUT:
        problem = "the numbers together are outside what can be priced (see docs/options.md)"
    return {
        "row": number,
        "status": found.status.name,
        **{
            name: figure if math.isfinite(figure) else None
            for name, figure in zip(_FIGURES, figures, strict=True)
        },
        "problem": problem,
    }
