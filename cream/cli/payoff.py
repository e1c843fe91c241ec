"""`cream payoff PLAN`: what does each option decision of a plan gain and lose?

Asks no daemon. With one expiration the curve is what the legs pay on it. With several it is worth
of the whole when the first expires, by the pricing model and the volatility given: it is marked as
modelled, as that is an assumption and not a fact of the contracts.
"""

import argparse
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
from attrs import frozen

from cream.cli.client import CommandFailed, guarded, print_json
from cream.cli.drawing import Curve, draw, svg
from cream.cli.exits import DONE, USAGE
from cream.cli.picture import png
from cream.cli.plan_files import read_plan_file
from cream.core.model.instrument import OptionContract
from cream.core.model.money import decimal_text, trim
from cream.core.model.plan import Action, Decision, DecisionPlan, SizeUnit
from cream.core.pricing.curves import DAYS_A_YEAR, days_between
from cream.core.pricing.normal import Floats
from cream.core.pricing.payoff import expire_together
from cream.core.pricing.recognition import Named, Warnings, recognise
from cream.core.pricing.rows import LEAST_PRICE
from cream.core.pricing.strategies import (
    Amount,
    Limit,
    Outlook,
    Strategy,
    StrategyLeg,
    outlook,
    strikes_of,
    unit,
)
from cream.core.pricing.surfaces import Assumptions, crossings, profit_surface

# Points of a curve: more than a terminal is wide, and smooth in a browser.
_POINTS = 241
# How far the curve reaches beyond the outer strikes and break-evens, as a part of their price.
_MARGIN = 0.15

_WARNINGS = {
    Warnings.UNCOVERED: "a short leg has no cover: the loss is not that of a spread",
    Warnings.UNEVEN_WINGS: "the wings are of different width",
    Warnings.LATER_IS_SHORT: "the later contract is sold: once the first expires nothing covers it",
}


@frozen
class _Drawn:
    """One decision, worked out."""

    decision_id: str
    strategy: Strategy
    units: Decimal
    named: Named
    outlook: Outlook
    spots: Floats
    profits: Floats
    modelled: bool


def payoff(options: argparse.Namespace) -> int:
    """Draw the plan's option decisions; 2 if it cannot be read or has none."""
    return guarded(_payoff, options)


def _payoff(options: argparse.Namespace) -> int:
    plan = read_plan_file(options.file)
    drawn = list(_drawings(plan, options))
    if not drawn:
        raise CommandFailed("no decision of the plan trades options at a price", USAGE)
    if options.svg is not None:
        _write(options.svg, [svg(_curve(one)).encode() for one in drawn])
    if options.png is not None:
        _write(options.png, [png(_curve(one)) for one in drawn])
    if options.json:
        print_json([_as_json(one) for one in drawn])
    else:
        sys.stdout.write("\n\n".join(_as_text(one) for one in drawn) + "\n")
    return DONE


def _drawings(plan: DecisionPlan, options: argparse.Namespace) -> Iterator[_Drawn]:
    for decision in plan.decisions:
        terms = _terms(decision)
        if terms is not None:
            legs, price = terms
            try:
                strategy, common = unit(legs)
            except ValueError as error:
                raise CommandFailed(f"{decision.decision_id}: {error}", USAGE) from None
            counted = decision.size.unit is SizeUnit.CONTRACTS
            units = (decision.size.quantity if counted else Decimal(1)) * common
            yield _worked_out(decision.decision_id, strategy, units, price / common, options)


def _terms(decision: Decision) -> tuple[list[StrategyLeg], Decimal] | None:
    """The legs of one unit and its net price; None for what is not an option trade with a price."""
    if not decision.action.trades:
        return None
    if decision.legs and decision.net_limit_price is not None:
        legs = [StrategyLeg(leg.contract, leg.ratio) for leg in decision.legs]
        return legs, decision.net_limit_price
    contract = decision.instrument
    if not isinstance(contract, OptionContract) or decision.limit_price is None:
        return None
    if decision.action not in (Action.BUY, Action.SELL):
        return None
    side = 1 if decision.action is Action.BUY else -1
    return [StrategyLeg(contract, side)], side * decision.limit_price


def _worked_out(
    decision_id: str,
    strategy: Strategy,
    units: Decimal,
    price: Decimal,
    options: argparse.Namespace,
) -> _Drawn:
    modelled = not expire_together(strategy.holdings)
    facts = outlook(strategy, price)
    # Who breaks even at nothing is told so below the curve; nothing has a price there.
    ends = [one for one in facts.break_evens or () if one > 0]
    marks = [float(one) for one in (*strikes_of(strategy), *ends)]
    low, high = max(min(marks) * (1.0 - _MARGIN), LEAST_PRICE), max(marks) * (1.0 + _MARGIN)
    inner = [mark for mark in marks if low <= mark <= high]
    spots = np.unique(np.concatenate([np.linspace(low, high, _POINTS), inner]))
    first = min(leg.contract.expiration for leg in strategy.legs)
    assumed = Assumptions(
        years=tuple(_years(first, leg.contract.expiration) for leg in strategy.legs),
        volatility=(options.volatility,) * len(strategy.legs),
        rate=options.rate,
        dividend_yield=options.dividend_yield,
    )
    (profits,) = profit_surface(strategy, float(price), spots, (0.0,), assumed)
    if not np.isfinite(profits).all():
        message = (
            f"{decision_id}: nothing can be priced with --volatility {options.volatility:g}, "
            f"--rate {options.rate:g} and --dividend-yield {options.dividend_yield:g}"
        )
        raise CommandFailed(message, USAGE)
    return _Drawn(
        decision_id,
        strategy,
        units,
        recognise(strategy),
        facts,
        spots,
        profits * float(units),
        modelled,
    )


def _years(first: date, expiration: date) -> float:
    """How much longer than the first a leg lives."""
    return days_between(first, expiration) / DAYS_A_YEAR


def _curve(one: _Drawn) -> Curve:
    title = f"{one.decision_id}: {one.named.title} on {one.strategy.underlying}"
    if one.modelled:
        title += " (modelled, at the first expiration)"
    marks = tuple(float(strike) for strike in strikes_of(one.strategy))
    return Curve(title, tuple(map(float, one.spots)), tuple(map(float, one.profits)), marks)


def _break_evens(one: _Drawn) -> tuple[str, ...]:
    if one.outlook.break_evens is not None:
        return tuple(decimal_text(_cents(price)) for price in one.outlook.break_evens)
    return tuple(f"{spot:.2f}" for spot in crossings(one.spots, one.profits))


def _cents(price: Decimal) -> Decimal:
    return trim(price.quantize(Decimal("0.0001")))


def _dollars(amount: Amount | None, units: Decimal) -> str | None:
    if amount is None:
        return None
    if isinstance(amount, Limit):
        return amount.value
    return decimal_text(trim(amount * units))


def _as_json(one: _Drawn) -> dict[str, object]:
    facts = one.outlook
    return {
        "decision_id": one.decision_id,
        "underlying": one.strategy.underlying,
        "strategy": one.named.title,
        "warnings": _warnings(one),
        "units": decimal_text(one.units),
        "legs": [{"symbol": leg.contract.symbol, "ratio": leg.ratio} for leg in one.strategy.legs],
        "net_price": decimal_text(facts.net_price),
        "max_profit": _dollars(facts.max_profit, one.units),
        "max_loss": _dollars(facts.max_loss, one.units),
        "margin": _dollars(facts.margin, one.units),
        "break_evens": list(_break_evens(one)),
        "modelled": one.modelled,
        "spots": [round(float(spot), 6) for spot in one.spots],
        "profits": [round(float(profit), 6) for profit in one.profits],
    }


def _warnings(one: _Drawn) -> list[str]:
    return [text for flag, text in _WARNINGS.items() if flag in one.named.warnings]


def _as_text(one: _Drawn) -> str:
    facts = one.outlook
    kind = "debit" if facts.net_price >= 0 else "credit"
    lines = [draw(_curve(one)), ""]
    lines += [f"  {leg.ratio:+d}  {leg.contract.symbol}" for leg in one.strategy.legs]
    margin = _dollars(facts.margin, one.units)
    rows = [
        ("units", decimal_text(one.units)),
        (kind, decimal_text(abs(facts.net_price)) + " a share"),
        ("max profit", _dollars(facts.max_profit, one.units)),
        ("max loss", _dollars(facts.max_loss, one.units)),
        ("break even", ", ".join(_break_evens(one)) or "nowhere"),
        ("margin", "none can be given: a short leg has no cover" if margin is None else margin),
    ]
    lines += [f"  {name:<11}{value}" for name, value in rows]
    lines += [f"  beware: {text}" for text in _warnings(one)]
    return "\n".join(lines)


def _write(file: Path, pictures: list[bytes]) -> None:
    """One drawing a decision; from the second on, the decision's number goes into the name."""
    for number, picture in enumerate(pictures):
        name = file if number == 0 else file.with_stem(f"{file.stem}-{number + 1}")
        try:
            name.write_bytes(picture)
        except OSError as error:
            raise CommandFailed(f"{name}: {error}", USAGE) from None
