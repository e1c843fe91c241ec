"""What does the gate judge: the portfolio as it would be if everything intended came true?

Increases count as filled on top of everything held and working. Exits count where they make room
and nowhere else: a plan never becomes worse by an exit. Every figure that several rules need is
worked out once, with the case.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from attrs import define, evolve, field

from cream.core.model.instrument import OptionContract
from cream.core.model.money import ZERO
from cream.core.model.plan import DecisionPlan, Environment
from cream.core.model.position import Position
from cream.core.model.side import BUY
from cream.core.model.state import TradingState
from cream.core.risk.exposure import group_value
from cream.core.risk.greeks import NO_GREEKS, SHARE_GREEKS, Greeks
from cream.core.risk.guarded import Guarded, guarded_of
from cream.core.risk.intents import Intent
from cream.core.risk.limits import Constraints
from cream.core.risk.margin import entry_margin, spread_margin
from cream.core.risk.moves import Moves, moves_of
from cream.core.risk.traits import Traits
from cream.core.risk.view import Scene

# Where a breach lies that no single decision is to blame for.
WHOLE_PLAN = "plan.decisions"


@define(kw_only=True)
class After:
    """One instrument, or the spreads of one underlying, as the increases would leave it.

    `added_units` and `added_value` are what the increases contribute to the figures,
    `planned_value` is what they come to on both sides, `long_value` and `short_value` on each (a
    spread has none). Units: shares or contracts; dollars.
    """

    intents: tuple[Intent, ...]
    units: Decimal
    added_units: Decimal
    value: Decimal
    added_value: Decimal
    planned_value: Decimal
    long_value: Decimal
    short_value: Decimal

    @property
    def instrument_id(self) -> str:
        """What a breach is reported on."""
        return self.intents[0].instrument.symbol

    def path(self, name: str) -> str:
        """The field at fault: that of the one decision, or all decisions where they are several."""
        return self.intents[0].path(name) if len(self.intents) == 1 else WHOLE_PLAN


@define(kw_only=True)
class Totals:
    """The whole portfolio as it would be. Units: dollars.

    `net_up` is the net value if of all working entries only those that buy fill, `net_down` if only
    those that sell do. `added_*` is what the increases contribute; `margin` what they take,
    and `added_in_options` is all that options put at stake.
    """

    gross: Decimal
    added_gross: Decimal
    net_up: Decimal
    net_down: Decimal
    added_net: Decimal
    margin: Decimal
    added_by_underlying: Mapping[str, Decimal]
    added_in_options: Decimal


_ACTIVE = TradingState.ACTIVE
_NO_RELIEF = (ZERO, ZERO, ZERO)


def _repeats(intents: Sequence[Intent]) -> bool:
    if any(intent.is_spread for intent in intents):
        return True
    return len({intent.key for intent in intents}) < len(intents)


@define(eq=False)
class Case:
    """A plan in its scene, under limits. `intents` may be a part of what the plan asks for.

    `environment` is the one that the gate trades in. `increases` are meant to add to risk, `adds`
    are those that could be sized, `takes` the exits that could be. `moves` and `exits` are what
    `adds` and `takes` buy and sell, symbol by symbol, legs among them. `afters` are the instruments
    that are added to, `guarded` the levels of the increases that are no spreads. `added_leans` are
    the Greeks that are added on underlyings in whose options there is, or would be, something.
    """

    plan: DecisionPlan
    intents: Sequence[Intent]
    scene: Scene
    limits: Constraints
    environment: Environment
    now: datetime
    equity: Decimal | None = field(init=False)
    increases: Sequence[Intent] = field(init=False)
    adds: Sequence[Intent] = field(init=False)
    takes: Sequence[Intent] = field(init=False)
    moves: dict[str, Moves] = field(init=False)
    exits: dict[str, Moves] = field(init=False)
    afters: Sequence[After] = field(init=False)
    guarded: Sequence[Guarded] = field(init=False)
    totals: Totals = field(init=False)
    added_leans: Mapping[str, Greeks] = field(init=False)
    traits: Traits = field(init=False)

    def __attrs_post_init__(self) -> None:
        intents, scene = self.intents, self.scene
        self.equity = scene.equity
        increases: list[Intent] = []
        adds: list[Intent] = []
        takes: list[Intent] = []
        guarded: list[Guarded] = []
        groups: dict[str, list[Intent]] = {}
        faults = options = unusual = loose = False
        for intent in intents:
            if intent.increases:
                increases.append(intent)
                levels = guarded_of(intent, scene)
                if levels is not None:
                    guarded.append(levels)
                    loose = loose or not levels.stands
            if intent.adds:
                adds.append(intent)
                groups.setdefault(intent.key, []).append(intent)
            elif intent.takes:
                takes.append(intent)
            if not intent.is_plain:
                unusual = True
                faults = faults or bool(intent.faults)
                options = options or intent.of_options
        self.increases, self.adds, self.takes, self.guarded = increases, adds, takes, guarded
        self.moves = moves_of(adds)
        self.exits = moves_of(takes) if takes else {}
        self.afters = [_after(group, self) for group in groups.values()]
        self.totals = _totals(self)
        self.added_leans = _added_leans(self) if options or scene.exposure.leans else {}
        self.traits = self._traits(faults, options, unusual, loose)

    def _traits(self, faults: bool, options: bool, unusual: bool, loose: bool) -> Traits:
        view, limits, several = self.scene.view, self.limits, len(self.intents) > 1
        increases = bool(self.increases)
        return Traits(
            increases,
            bool(self.takes),
            several,
            faults,
            options,
            bool(self.added_leans),
            unusual,
            loose_levels=loose,
            restricted=increases and view.state is not _ACTIVE,
            closed=increases and not view.sessions.is_open(self.now),
            loss_limits=increases and limits.losses.is_limited,
            day_trades=limits.pdt.mode != "off",
            repeats=several and _repeats(self.intents),
        )

    @property
    def whole_path(self) -> str:
        """Where a breach of the whole lies: all decisions, or the size of a single order."""
        single = [intent for intent in self.intents if intent.ask.names is not None]
        return single[0].path("size") if single else WHOLE_PLAN


def values_of(intents: Iterable[Intent]) -> tuple[Decimal, Decimal]:
    """What these intents put at stake long and short. Units: dollars."""
    long = short = ZERO
    for intent in intents:
        assert intent.stance is not None, "only what was worked out is added up"
        if intent.stance.side is BUY:
            long += intent.value
        else:
            short += intent.value
    return long, short


def _after(group: Sequence[Intent], case: Case) -> After:
    first, moves, exposure = group[0], case.moves, case.scene.exposure
    if len(group) == 1 and not first.is_spread:
        return _after_one(first, case)
    symbols = [instrument.symbol for instrument, _ in first.contracts()]
    for intent in group[1:]:
        symbols.extend(instrument.symbol for instrument, _ in intent.contracts())
    units = added_units = ZERO
    for symbol in symbols:
        move = moves[symbol]
        line = case.scene.line(move.instrument)
        long, short = line.long_units + move.bought, line.short_units + move.sold
        if max(long, short) > units:
            units, added_units = (long, move.bought) if long >= short else (short, move.sold)
    if first.is_spread:
        added = sum((intent.value for intent in group), ZERO)
        value = exposure.spread_value.get(first.instrument.underlying, ZERO) + added
        planned, more_long, more_short = added, ZERO, ZERO
    else:
        line = case.scene.line(first.instrument)
        more_long, more_short = values_of(group)
        planned = more_long + more_short
        long, short = line.long_value + more_long, line.short_value + more_short
        value, added = (long, more_long) if long >= short else (short, more_short)
    return After(
        intents=tuple(group),
        units=units,
        added_units=added_units,
        value=value,
        added_value=added,
        planned_value=planned,
        long_value=more_long,
        short_value=more_short,
    )


def _after_one(intent: Intent, case: Case) -> After:
    """As `_after`, of the plainest: one decision on one instrument."""
    assert intent.stance is not None, "only what was worked out is added up"
    instrument = intent.instrument
    line, move = case.scene.line(instrument), case.moves[instrument.symbol]
    value = intent.value
    if intent.stance.side is BUY:
        more_long, more_short = value, ZERO
    else:
        more_long, more_short = ZERO, value
    long, short = line.long_units + move.bought, line.short_units + move.sold
    held_long, held_short = line.long_value + more_long, line.short_value + more_short
    goes_long, is_long = long >= short, held_long >= held_short
    return After(
        intents=(intent,),
        units=long if goes_long else short,
        added_units=move.bought if goes_long else move.sold,
        value=held_long if is_long else held_short,
        added_value=more_long if is_long else more_short,
        planned_value=value,
        long_value=more_long,
        short_value=more_short,
    )


def _totals(case: Case) -> Totals:
    exposure = case.scene.exposure
    added_gross = added_net = margin = in_options = ZERO
    by_underlying: dict[str, Decimal] = {}
    for after in case.afters:
        first = after.intents[0]
        if first.is_spread:
            # What a spread can lose is bounded both ways, so that it leans to neither side.
            more = after.added_value
            margin += spread_margin(more)
        else:
            line = case.scene.line(first.instrument)
            long, short = after.long_value, after.short_value
            more = line.gross(long, short) - line.gross()
            added_net += long - short
            margin += entry_margin(first.instrument, after.planned_value)
        added_gross += more
        if first.of_options:
            in_options += more
        name = first.instrument.underlying
        by_underlying[name] = by_underlying[name] + more if name in by_underlying else more
    freed, closed_long, closed_short = _relief(case) if case.exits else _NO_RELIEF
    return Totals(
        gross=exposure.gross + added_gross - freed,
        added_gross=added_gross,
        net_up=exposure.net_held + exposure.long_working + added_net - closed_long,
        net_down=exposure.net_held - exposure.short_working + added_net + closed_short,
        added_net=added_net,
        margin=margin,
        added_by_underlying=by_underlying,
        added_in_options=in_options,
    )


def _added_leans(case: Case) -> Mapping[str, Greeks]:
    leans = case.scene.exposure.leans
    names = {
        move.instrument.underlying
        for move in case.moves.values()
        if isinstance(move.instrument, OptionContract) or move.instrument.underlying in leans
    }
    if not names:
        return {}
    added = dict.fromkeys(sorted(names), NO_GREEKS)
    for move in case.moves.values():
        instrument = move.instrument
        if instrument.underlying not in added:
            continue
        greeks: Greeks | None = SHARE_GREEKS
        if isinstance(instrument, OptionContract):
            greeks = case.scene.prices.greeks(instrument)
        if greeks is not None:
            more = greeks.times((move.bought - move.sold) * instrument.multiplier)
            added[instrument.underlying] = added[instrument.underlying].plus(more)
    return added


def _relief(case: Case) -> tuple[Decimal, Decimal, Decimal]:
    """What the exits take off the gross value, off the longs and off the shorts."""
    gross = closed_long = closed_short = ZERO
    grouped: dict[str, None] = {}
    for move in case.exits.values():
        line = case.scene.line(move.instrument)
        if line.grouped:
            grouped[move.instrument.underlying] = None
            continue
        units = min(move.units, abs(line.held))
        value = units * line.mark * line.instrument.multiplier
        if line.held > 0:
            closed_long += value
            gross += line.gross() - line.gross(more_long=-value)
        else:
            closed_short += value
            gross += line.gross() - line.gross(more_short=-value)
    for underlying in grouped:
        before = tuple(options_held(case.scene, underlying))
        prices = case.scene.prices
        shares = case.scene.exposure.lines.get(underlying)
        count = ZERO if shares is None else shares.held
        left = group_value(options_left(case, before), prices, count)
        freed = group_value(before, prices, count) - left
        gross += max(ZERO, freed)
    return gross, closed_long, closed_short


def options_held(scene: Scene, underlying: str) -> Iterator[Position]:
    """Every option position on `underlying`."""
    for symbol in scene.exposure.held_options.get(underlying, ()):
        position = scene.view.positions.get(symbol)
        if position is not None and isinstance(position.instrument, OptionContract):
            yield position


def options_left(case: Case, positions: Iterable[Position]) -> list[Position]:
    """These positions once the exits have filled."""
    left: list[Position] = []
    for position in positions:
        move = case.exits.get(position.instrument.symbol)
        held = position.quantity
        closed = ZERO if move is None else min(move.units, abs(held))
        if closed < abs(held):
            rest = held - closed if held > 0 else held + closed
            left.append(evolve(position, quantity=rest, cost=position.cost * rest / held))
    return left
