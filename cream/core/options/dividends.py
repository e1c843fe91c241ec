"""Which dividends are to come, as far as anybody has said?

What nobody has said is unknown, never none. Who knows that there is none until some day says so: a
dividend of nothing on that day.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from attrs import field, frozen


@frozen
class Dividend:
    """A payment per share. Who owns the share before `ex_date` gets it. Units: dollars."""

    ex_date: date
    amount: Decimal


@frozen
class Dividends:
    """The dividends of each symbol, in the order of their ex-dates."""

    by_symbol: Mapping[str, tuple[Dividend, ...]] = field(factory=dict)

    def ahead(self, symbol: str, today: date) -> tuple[Dividend, ...] | None:
        """Those of `symbol` whose ex-date is after `today`; None where nothing is known of any.

        On the ex-date itself the dividend is off the price already.
        """
        known = tuple(one for one in self.by_symbol.get(symbol, ()) if one.ex_date > today)
        return known or None


def dividends_of(told: Iterable[tuple[str, Dividend]]) -> Dividends:
    """The dividends that were told, symbol by symbol."""
    by_symbol: dict[str, list[Dividend]] = {}
    for symbol, one in told:
        by_symbol.setdefault(symbol, []).append(one)
    return Dividends(
        {name: tuple(sorted(of, key=lambda one: one.ex_date)) for name, of in by_symbol.items()}
    )


NOTHING_KNOWN = Dividends()
