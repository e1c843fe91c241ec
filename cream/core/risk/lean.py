"""How does the worth of everything on an underlying move, its options and its shares together?"""

from collections.abc import Mapping

from attrs import frozen

from cream.core.model.instrument import OptionContract
from cream.core.risk.greeks import NO_GREEKS, SHARE_GREEKS, Greeks
from cream.core.risk.line import Line, is_occupied
from cream.core.risk.prices import Prices


@frozen
class Lean:
    """The Greeks of everything on one underlying in whose options there is something, or of all.

    `held` is certain; `up` is what working entries would add above zero, `down` what they would add
    below, each Greek by itself. Shares count with their delta.
    """

    held: Greeks = NO_GREEKS
    up: Greeks = NO_GREEKS
    down: Greeks = NO_GREEKS

    def plus(self, other: "Lean") -> "Lean":
        """Both together."""
        return Lean(self.held.plus(other.held), self.up.plus(other.up), self.down.plus(other.down))

    def minus(self, other: "Lean") -> "Lean":
        """This without the other."""
        return Lean(
            self.held.minus(other.held), self.up.minus(other.up), self.down.minus(other.down)
        )


NO_LEAN = Lean()


def leans_of(lines: Mapping[str, Line], prices: Prices) -> tuple[dict[str, Lean], tuple[str, ...]]:
    """The Greeks by underlying, where there are options, and the options that have none."""
    leans: dict[str, Lean] = {}
    unvalued: list[str] = []
    for symbol, line in lines.items():
        if not isinstance(line.instrument, OptionContract) or not is_occupied(line):
            continue
        name = line.instrument.underlying
        if name not in leans:
            shares = lines.get(name)
            leans[name] = NO_LEAN if shares is None else lean_of_line(shares, SHARE_GREEKS)
        greeks = prices.greeks(line.instrument)
        if greeks is None:
            unvalued.append(symbol)
            continue
        leans[name] = leans[name].plus(lean_of_line(line, greeks))
    return leans, tuple(unvalued)


def lean_of_line(line: Line, greeks: Greeks) -> Lean:
    """What is held and what works in one instrument, whose unit has these Greeks per share."""
    multiplier = line.instrument.multiplier
    held = greeks.times(line.held * multiplier)
    if not (line.buying or line.selling):
        return Lean(held)
    bought, sold = greeks.times(line.buying * multiplier), greeks.times(-line.selling * multiplier)
    return Lean(held, bought.above().plus(sold.above()), bought.below().plus(sold.below()))
