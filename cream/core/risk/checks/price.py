"""Is what is traded known, is its market known, and is the price one that somebody can mean?"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from cream.core.exchange.alpaca_rules import RuleBreach, is_ordinary, violations_of
from cream.core.execution.tactics import slice_terms
from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.market import Known, Stale, Unknown
from cream.core.model.order import Order, OrderTerms, OrderType
from cream.core.model.side import BUY
from cream.core.model.verdict import Severity, Unit
from cream.core.options.occ import expires_at
from cream.core.risk.case import Case
from cream.core.risk.checks.plan import faults_of
from cream.core.risk.intents import Intent
from cream.core.risk.orders import watched_by
from cream.core.risk.rule import NO_FIGURES, Breach, Figures, Rule
from cream.core.risk.traits import Scope
from cream.core.risk.view import never_halted

_LIMIT_TYPES = (OrderType.LIMIT, OrderType.STOP_LIMIT)


class InstrumentKnown(Rule):
    """What is traded exists; what is held exists by being held."""

    code = "UNKNOWN_INSTRUMENT"

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Contracts that have expired are another rule's."""
        knows = case.scene.view.knows
        found: list[Breach] = []
        for intent in case.intents:
            if not intent.of_options and knows(intent.instrument):
                continue
            for instrument, place in traded_by(intent):
                if isinstance(instrument, OptionContract) and expires_at(instrument) <= case.now:
                    continue
                if knows(instrument):
                    continue
                if intent.increases or not case.scene.line(instrument).held:
                    found.append(
                        Breach(
                            message=f"{instrument.symbol} is not known or cannot be traded",
                            instrument_id=instrument.symbol,
                            field_path=intent.path(place),
                        )
                    )
        return found


class InputsKnown(Rule):
    """Everything that an increase is judged by is known and fresh: account, quotes, marks.

    What is unknown is not zero. An exit is never refused for it, unless its very size cannot be
    told.
    """

    code = "RISK_INPUT_UNKNOWN"

    def breaches(self, case: Case) -> Sequence[Breach]:
        """One breach for each input."""
        found: list[Breach] = []
        if case.traits.faults:
            found.extend(faults_of(case.intents, frozenset((self.code,))))
        if case.increases and not self._is_plain(case):
            doubts: dict[str, Breach] = {}
            for doubt in self._doubts(case):
                doubts.setdefault(doubt.message, doubt)
            found.extend(doubts.values())
        return found

    def _is_plain(self, case: Case) -> bool:
        """Whether there can be no doubt: most often nothing but shares with fresh quotes."""
        scene = case.scene
        if case.traits.leans or scene.exposure.doubts or type(scene.view.account) is not Known:
            return False
        prices = scene.prices
        for intent in case.increases:
            if intent.of_options or intent.entry is None:
                return False
            if prices.of(intent.instrument.symbol).doubt is not None:
                return False
        return not isinstance(scene.view.baseline, Unknown)

    def _doubts(self, case: Case) -> Iterator[Breach]:
        match case.scene.view.account:
            case Known():
                pass
            case Stale(_, age_seconds):
                yield Breach(
                    message=f"the account's figures are {age_seconds:.1f} s old",
                    field_path="account",
                )
            case Unknown(why):
                yield Breach(message=f"no figures of the account: {why}", field_path="account")
        for intent in case.increases:
            yield from self._doubts_of(intent, case)
        for doubt in case.scene.exposure.doubts:
            yield Breach(message=doubt, field_path="positions")
        yield from _doubts_of_losses(case)
        yield from _doubts_of_greeks(case)

    def _doubts_of(self, intent: Intent, case: Case) -> Iterator[Breach]:
        doubted = False
        for instrument, place in quotes_for(intent):
            reading = case.scene.prices.of(instrument.symbol)
            if reading.doubt is not None:
                doubted = True
                yield Breach(
                    message=reading.doubt,
                    instrument_id=instrument.symbol,
                    field_path=intent.path(place),
                )
        if intent.entry is None and not doubted and not intent.faults:
            yield Breach(
                message=f"nobody quotes {intent.key} on the side that is needed",
                instrument_id=intent.instrument.symbol,
                field_path=intent.path("instrument_id"),
            )


def _doubts_of_losses(case: Case) -> Iterator[Breach]:
    losses = case.limits.losses
    limited = losses.max_daily_loss_pct is not None or losses.max_drawdown_pct is not None
    if limited and isinstance(case.scene.view.baseline, Unknown):
        why = case.scene.view.baseline.why
        yield Breach(message=f"what losses are measured from: {why}", field_path="account")


def _doubts_of_greeks(case: Case) -> Iterator[Breach]:
    """Only where the plan adds to something that the Greeks are a limit of."""
    if not case.added_leans:
        return
    for symbol in case.scene.exposure.unvalued:
        yield Breach(message=f"no Greeks of {symbol}, which is held", field_path="positions")
    prices = case.scene.prices
    for intent in case.increases:
        for instrument, place in traded_by(intent):
            if not isinstance(instrument, OptionContract) or prices.of(instrument.symbol).doubt:
                continue
            doubt = prices.of(instrument.underlying).doubt
            if doubt is None and prices.greeks(instrument) is None:
                doubt = f"no Greeks of {instrument.symbol}"
            if doubt is not None:
                yield Breach(
                    message=doubt,
                    instrument_id=instrument.underlying,
                    field_path=intent.path(place),
                )


class SymbolTrades(Rule):
    """What is opened is not halted by its exchange; exits wait for the end of the halt."""

    code = "SYMBOL_HALTED"
    scope = Scope.INCREASES

    def breaches(self, case: Case) -> Sequence[Breach]:
        """A halt of the underlying is one of its options."""
        halted = case.scene.view.halted
        if halted is never_halted:
            return ()
        found: list[Breach] = []
        for intent in case.increases:
            instruments = [instrument for instrument, _ in traded_by(intent)]
            symbols = [one.symbol for one in instruments] + [intent.instrument.underlying]
            for symbol in dict.fromkeys(symbols):
                why = halted(symbol)
                if why is not None:
                    found.append(
                        Breach(
                            message=f"{symbol} is halted: {why}",
                            instrument_id=symbol,
                            field_path=intent.path("instrument_id"),
                        )
                    )
        return found


class WithinCollar(Rule):
    """A limit price is not much worse than the market: no buyer pays and no seller gives too much.

    Against the far side of the quote, by the larger of a percentage and an amount. A price that
    rests far from the market is allowed. An exit is held to it while its quote is fresh.
    """

    code = "PRICE_COLLAR_EXCEEDED"
    limit_key = "collar.max_pct"
    unit = Unit.USD_PER_SHARE

    def breaches(self, case: Case) -> Sequence[Breach]:
        """The limit is the worst price that is let through."""
        found: list[Breach] = []
        for intent in case.intents:
            terms = intent.terms
            if terms is None or (limit := terms.limit_price) is None:
                continue
            worst = self._worst(intent, case)
            if worst is not None and (limit > worst if terms.side is BUY else limit < worst):
                found.append(
                    Breach(
                        message=f"{limit} is worse than {worst}, the worst that the market allows",
                        instrument_id=intent.instrument.symbol,
                        field_path=intent.path(_limit_field(intent)),
                        observed=limit,
                        limit=worst,
                    )
                )
        return found

    def figures(self, case: Case) -> Figures:
        """Those of the last decision with a limit price."""
        figures = NO_FIGURES
        for intent in case.intents:
            worst = self._worst(intent, case)
            if worst is not None and intent.terms is not None:
                figures = Figures(intent.terms.limit_price, worst)
        return figures

    def _worst(self, intent: Intent, case: Case) -> Decimal | None:
        """The worst price allowed; None where there is no limit price or no market."""
        terms = intent.terms
        if terms is None or terms.limit_price is None or terms.order_type not in _LIMIT_TYPES:
            return None
        prices, side = case.scene.prices, terms.side
        if terms.legs:
            if any(prices.of(one.symbol).doubt for one, _ in traded_by(intent)):
                return None
            far = prices.net_far_side(terms.legs)
        else:
            reading = prices.of(terms.instrument.symbol)
            far = None if reading.doubt else reading.far_side(side)
        if far is None:
            return None
        if terms.stop_price is not None:
            # Once triggered, the market is there.
            far = max(far, terms.stop_price) if side is BUY else min(far, terms.stop_price)
        collar = case.limits.collar
        allowance = max(abs(far) * collar.max_pct, collar.min_abs)
        return far + allowance if side is BUY else far - allowance


class NoSelfCross(Rule):
    """An entry does not trade with an order of our own that works on the other side."""

    code = "SELF_CROSS"
    unit = Unit.USD_PER_SHARE
    scope = Scope.INCREASES

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Protection and orders that wait for a trigger do not count."""
        found: list[Breach] = []
        for intent in case.increases:
            terms = intent.terms
            if terms is None or intent.is_spread:
                continue
            line = case.scene.line(intent.instrument)
            for order in line.sells if terms.side is BUY else line.buys:
                if not _cross(terms, order):
                    continue
                found.append(
                    Breach(
                        message=f"it would trade with our own order {order.order_id}",
                        instrument_id=intent.instrument.symbol,
                        field_path=intent.path("limit_price"),
                        observed=terms.limit_price,
                        limit=order.terms.limit_price,
                    )
                )
        return found


class PriceOnGrid(Rule):
    """Prices lie on the venue's grid; one that does not is moved there, away from harm."""

    code = "PRICE_ROUNDED"
    severity = Severity.INFO
    unit = Unit.USD_PER_SHARE
    scope = Scope.UNUSUAL

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Observed is what was asked for, the limit what is used."""
        return [
            Breach(
                message=f"{asked} is not a price of the venue: {used} is used",
                instrument_id=intent.instrument.symbol,
                field_path=intent.path(name),
                observed=asked,
                limit=used,
            )
            for intent in case.intents
            if intent.is_rounded
            for name, asked, used in _roundings(intent)
        ]


class VenueRules(Rule):
    """The venue would take the order as it is: its class, type, time in force, prices and legs.

    The codes are those of the venue's rules. What another rule has said of the same field is not
    said twice.
    """

    code = "VENUE_RULES"

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Of an order that is worked in slices, a slice is what the venue sees."""
        found: list[Breach] = []
        for intent in case.intents:
            terms = intent.terms
            if terms is None or (terms.twap is None and is_ordinary(terms)):
                continue
            found.extend(
                Breach(
                    message=breach.message,
                    instrument_id=intent.instrument.symbol,
                    field_path=intent.path(_field_of(breach, intent)),
                    code=breach.code,
                )
                for breach in violations_of(_as_the_venue_sees(terms))
            )
        return found


def traded_by(intent: Intent) -> Iterator[tuple[Instrument, str]]:
    """What is traded, each with the decision's field that names it."""
    if not intent.is_spread:
        yield intent.instrument, "instrument_id"
    for index, leg in enumerate(intent.decision.legs):
        yield leg.contract, f"legs[{index}].symbol"


def quotes_for(intent: Intent) -> Iterator[tuple[Instrument, str]]:
    """Whose quotes are needed: what is traded, and whose price the levels are of."""
    yield from traded_by(intent)
    watched = watched_by(intent.decision)
    has_levels = intent.decision.stop_loss is not None or intent.decision.take_profit is not None
    if has_levels and not intent.is_spread and watched != intent.instrument:
        yield watched, "stop_loss_level"


def _limit_field(intent: Intent) -> str:
    return "net_limit_price" if intent.is_spread else "limit_price"


def _cross(terms: OrderTerms, resting: Order) -> bool:
    """Whether an order would trade with one of our own on the other side."""
    other = resting.terms
    waits = other.order_type in (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)
    if waits or other.parent_order_id == terms.order_id:
        return False
    if terms.limit_price is None or other.limit_price is None:
        return True
    return terms.side.sign * (terms.limit_price - other.limit_price) >= 0


def _roundings(intent: Intent) -> Iterator[tuple[str, Decimal, Decimal]]:
    levels, decision = intent.levels, intent.decision
    if levels is None:
        return
    limit = decision.net_limit_price if intent.is_spread else decision.limit_price
    for name, asked, used in (
        (_limit_field(intent), limit, levels.limit),
        ("stop_price", intent.ask.stop_price, levels.trigger),
        ("stop_loss_level", decision.stop_loss, levels.stop_loss),
        ("take_profit_level", decision.take_profit, levels.take_profit),
    ):
        if asked is not None and used is not None and asked != used:
            yield name, asked, used


def _as_the_venue_sees(terms: OrderTerms) -> OrderTerms:
    if terms.twap is None:
        return terms
    return slice_terms(terms, 0, terms.twap.slices[0])


_DECISION_FIELDS = {
    "quantity": "size.quantity",
    "stop_loss": "stop_loss_level",
    "take_profit": "take_profit_level",
}


def _field_of(breach: RuleBreach, intent: Intent) -> str:
    if breach.field == "limit_price":
        return _limit_field(intent)
    return _DECISION_FIELDS.get(breach.field, breach.field)


PRICE_RULES: tuple[Rule, ...] = (
    InstrumentKnown(),
    InputsKnown(),
    SymbolTrades(),
    WithinCollar(),
    NoSelfCross(),
    PriceOnGrid(),
)
