"""What do regulators and clearing houses charge for a trade, and since when?

Data, chosen by the trade's day: rates are announced, postponed and waived, and yesterday's trade is
charged yesterday's rate. A row holds until the next one begins. Before its first row a fee is not
known, and nothing is estimated.

Sources: SEC fee advisories (section 31); FINRA By-Laws Schedule A section 1 and SR-FINRA-2026-021
(TAF, waived for the last quarter of 2026); Alpaca's brokerage fee schedule of 2026-09-17 (ORF as it
is passed on); OCC schedule of fees, 90 FR 10544; SR-FINRA-2026-010 (CAT). Whether a broker passes a
waiver on is its own affair: what it charged is in its FEE activities.
"""

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Final

from attrs import frozen


class FeeKind(Enum):
    """Who charges. The values are the words that Alpaca's FEE activities use."""

    SEC = "REG"
    TAF = "TAF"
    ORF = "ORF"
    OCC = "OCC"
    CAT = "CAT"


class Basis(Enum):
    """What a rate is multiplied with."""

    DOLLAR = "dollar traded"
    SHARE = "share, or a hundred for each contract"
    CONTRACT = "contract"


class Traded(Enum):
    """What is charged."""

    SHARES = "shares"
    OPTIONS = "options"


@frozen
class Rate:
    """A rate from the day `since` on. Units: dollars per unit of the basis; the cap in dollars."""

    since: date
    rate: Decimal
    cap: Decimal | None = None


@frozen
class FeeRule:
    """One fee on one class of trades. `rates` by day, the oldest first."""

    kind: FeeKind
    of: frozenset[Traded]
    basis: Basis
    sells_only: bool
    rates: tuple[Rate, ...]

    def rate_on(self, day: date) -> Rate | None:
        """The rate of that day; None before the first that is known."""
        known = [one for one in self.rates if one.since <= day]
        return known[-1] if known else None


def _rates(*rows: tuple[str, str] | tuple[str, str, str]) -> tuple[Rate, ...]:
    return tuple(
        Rate(
            since=date.fromisoformat(row[0]),
            rate=Decimal(row[1]),
            cap=Decimal(row[2]) if len(row) == 3 else None,
        )
        for row in rows
    )


_SHARES: Final = frozenset((Traded.SHARES,))
_OPTIONS: Final = frozenset((Traded.OPTIONS,))

SCHEDULE: Final[tuple[FeeRule, ...]] = (
    FeeRule(
        FeeKind.SEC,
        _SHARES | _OPTIONS,
        Basis.DOLLAR,
        sells_only=True,
        rates=_rates(
            ("2016-02-16", "0.0000218"),
            ("2017-07-04", "0.0000231"),
            ("2018-05-22", "0.0000130"),
            ("2019-04-16", "0.0000207"),
            ("2020-02-18", "0.0000221"),
            ("2021-02-25", "0.0000051"),
            ("2022-05-14", "0.0000229"),
            ("2023-02-27", "0.0000080"),
            ("2024-05-22", "0.0000278"),
            ("2025-05-14", "0"),
            ("2026-04-04", "0.0000206"),
        ),
    ),
    FeeRule(
        FeeKind.TAF,
        _SHARES,
        Basis.SHARE,
        sells_only=True,
        rates=_rates(
            ("2024-01-01", "0.000166", "8.30"),
            ("2026-01-01", "0.000195", "9.79"),
            ("2026-10-01", "0"),
            ("2027-01-01", "0.000195", "9.79"),
        ),
    ),
    FeeRule(
        FeeKind.TAF,
        _OPTIONS,
        Basis.CONTRACT,
        sells_only=True,
        rates=_rates(
            ("2024-01-01", "0.00279"),
            ("2026-01-01", "0.00329"),
            ("2026-10-01", "0"),
            ("2027-01-01", "0.00329"),
        ),
    ),
    FeeRule(
        FeeKind.ORF,
        _OPTIONS,
        Basis.CONTRACT,
        sells_only=False,
        rates=_rates(("2025-03-03", "0.02815"), ("2026-07-20", "0.015")),
    ),
    FeeRule(
        FeeKind.OCC,
        _OPTIONS,
        Basis.CONTRACT,
        sells_only=False,
        rates=_rates(
            ("2021-06-01", "0.02", "55"),
            ("2025-02-14", "0.025"),
            ("2025-12-01", "0"),
            ("2026-01-01", "0.025"),
        ),
    ),
    FeeRule(
        FeeKind.CAT,
        _SHARES | _OPTIONS,
        Basis.SHARE,
        sells_only=False,
        rates=_rates(
            ("2025-07-01", "0.0000265"),
            ("2025-12-01", "0"),
            ("2026-05-01", "0.000003"),
        ),
    ),
)
