"""Is the loss of every option that is sold bounded: by another option, by shares, or by cash?"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from cream.core.model.instrument import CONTRACT_MULTIPLIER, OptionContract, OptionRight
from cream.core.model.money import ZERO
from cream.core.model.order import Order, OrderPurpose
from cream.core.model.position import Position
from cream.core.model.side import SELL
from cream.core.options.cover import lots, short_of, with_cover
from cream.core.options.spread import Holding, worst_payoff
from cream.core.risk.case import Case, options_held, options_left
from cream.core.risk.intents import Intent
from cream.core.risk.rule import Breach, Rule


class RiskDefined(Rule):
    """No option is sold that is not covered by another that lives as long, in the same order.

    A single call may be sold against a hundred shares that are held, a single put against the cash
    for its strike. And no exit takes away what covers an option that is held short.
    """

    code = "UNDEFINED_RISK"

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Each entry that is naked, and each underlying whose cover would go."""
        if case.traits.options:
            return [*_naked_spreads(case), *_naked_singles(case), *_uncovering_exits(case)]
        return list(_uncovering_exits(case)) if case.exits else ()


def _naked_spreads(case: Case) -> Iterator[Breach]:
    for intent in case.increases:
        owned = [(leg.contract, Decimal(leg.ratio)) for leg in intent.decision.legs]
        if intent.is_spread and worst_payoff(owned) is None:
            yield _naked(intent, "nothing in the order covers")


def _naked_singles(case: Case) -> Iterator[Breach]:
    """Singles are covered in plan order no more than together: all of a kind, or none."""
    written = [intent for intent in case.increases if intent.is_written]
    for intent in written:
        contract = intent.instrument
        assert isinstance(contract, OptionContract), "what is written is an option"
        alike = [
            other
            for other in written
            if isinstance(other.instrument, OptionContract)
            and other.instrument.right is contract.right
            and (
                contract.right is OptionRight.PUT
                or other.instrument.underlying == contract.underlying
            )
        ]
        if contract.right is OptionRight.CALL:
            planned = sum((other.quantity or ZERO for other in alike), ZERO)
            free, promised = _free_lots(contract.underlying, case)
            if planned > free:
                why = "no shares cover"
                if promised:
                    why += f": {promised:f} of them may be sold by the orders that protect them"
                yield _naked(intent, why)
        else:
            owed = sum(
                (_strikes(other.instrument, other.quantity or ZERO) for other in alike), ZERO
            )
            if owed > _free_cash(case):
                yield _naked(intent, "no cash covers")


def _naked(intent: Intent, why: str) -> Breach:
    return Breach(
        message=f"an option would be sold that {why}",
        instrument_id=intent.instrument.symbol,
        field_path=intent.path("legs" if intent.is_spread else "instrument_id"),
    )


def _free_lots(underlying: str, case: Case) -> tuple[Decimal, Decimal]:
    """Calls that the shares can still be delivered on, once the plan's exits have filled.

    And how many shares cannot be counted on, because an order at the broker protects them: once its
    stop is reached they are gone, and the call is naked. The broker takes no such call either.
    """
    exposure = case.scene.exposure
    shares = exposure.lines.get(underlying)
    if shares is None:
        return ZERO, ZERO
    promised = min(max(ZERO, shares.held), _promised(underlying, case.scene.view.working))
    exits = case.exits.get(underlying)
    left = shares.available - (ZERO if exits is None else exits.units)
    held: list[Holding] = []
    working = ZERO
    for line in exposure.lines.values():
        instrument = line.instrument
        if isinstance(instrument, OptionContract) and instrument.underlying == underlying:
            held.append((instrument, line.held))
            if instrument.right is OptionRight.CALL:
                working += _sold(line.orders)
    taken = short_of(held, OptionRight.CALL) + working
    return lots(left - promised if shares.held > 0 else ZERO) - taken, promised


def _promised(underlying: str, working: Iterable[Order]) -> Decimal:
    """Shares that protective orders may sell; of those of one bracket only one fills."""
    by_bracket: dict[str, Decimal] = {}
    for order in working:
        terms = order.terms
        if terms.instrument.symbol != underlying or terms.side is not SELL:
            continue
        if terms.purpose.is_protective:
            name = terms.parent_order_id or order.order_id
            by_bracket[name] = max(by_bracket.get(name, ZERO), order.leaves)
    return sum(by_bracket.values(), ZERO)


def _free_cash(case: Case) -> Decimal:
    """Cash that no other put that was sold, or is being sold, may need. Units: dollars."""
    account = case.scene.account
    if account is None:
        return ZERO
    taken = ZERO
    for line in case.scene.exposure.lines.values():
        instrument = line.instrument
        if isinstance(instrument, OptionContract) and instrument.right is OptionRight.PUT:
            taken += _strikes(instrument, max(ZERO, -line.held) + _sold(line.orders))
    return account.cash - taken


def _strikes(contract: object, count: Decimal) -> Decimal:
    assert isinstance(contract, OptionContract), "only an option has a strike"
    return contract.strike * CONTRACT_MULTIPLIER * count


def _sold(orders: Sequence[Order]) -> Decimal:
    """Contracts that working entries sell to open."""
    return sum(
        (
            order.leaves
            for order in orders
            if order.terms.side is SELL and order.terms.purpose is OrderPurpose.ENTRY
        ),
        ZERO,
    )


def _uncovering_exits(case: Case) -> Iterator[Breach]:
    for underlying in dict.fromkeys(move.instrument.underlying for move in case.exits.values()):
        held = tuple(options_held(case.scene, underlying))
        if not held:
            continue
        line = case.scene.exposure.lines.get(underlying)
        shares = ZERO if line is None else line.held
        sold = case.exits.get(underlying)
        left = shares if sold is None else shares - min(sold.sold, max(ZERO, shares))
        if _is_defined(held, shares) and not _is_defined(options_left(case, held), left):
            yield Breach(
                message="the exits would leave an option short that nothing covers any more",
                instrument_id=underlying,
                field_path=case.whole_path,
            )


def _is_defined(positions: Sequence[Position], shares: Decimal) -> bool:
    owned = [
        (position.instrument, position.quantity)
        for position in positions
        if isinstance(position.instrument, OptionContract)
    ]
    return worst_payoff(with_cover(owned, shares)) is not None


RISK_DEFINED = RiskDefined()
