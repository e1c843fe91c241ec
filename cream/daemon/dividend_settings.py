"""How is a dividend told in the configuration?"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import attrs
from attrs import frozen

from cream.core.model.setting import Setting, described
from cream.core.options.dividends import Dividend

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
# As `core/options/occ` reads tickers.
_TICKER = "[A-Z]{1,5}(?:\\.[A-Z]{1,2})?"


@frozen(kw_only=True)
class DividendSettings:
    """A cash dividend that is to come."""

    symbol: str = attrs.field(
        metadata=described(Setting(doc="Who pays it.", pattern=_TICKER, example="AAPL"))
    )
    ex_date: str = attrs.field(
        metadata=described(
            Setting(
                doc="The first day without it, YYYY-MM-DD in New York.",
                pattern=_DAY,
                example="2026-12-11",
            )
        )
    )
    amount: Decimal = attrs.field(
        metadata=described(
            Setting(
                doc="What is paid; 0 says that none is known to come until that day.",
                ge=0,
                unit="USD per share",
                example="0.26",
            )
        )
    )

    def problems(self) -> Iterable[tuple[str, str]]:
        """A day that there is not."""
        try:
            date.fromisoformat(self.ex_date)
        except ValueError:
            yield "ex_date", "must be a day that there is"

    def told(self) -> tuple[str, Dividend]:
        """The symbol and its dividend.   Raises: ValueError: there is no such day."""
        return self.symbol, Dividend(date.fromisoformat(self.ex_date), self.amount)


def repeated(told: Iterable[DividendSettings]) -> Iterable[tuple[int, str]]:
    """Which of them say twice what one symbol pays on one day."""
    seen: set[tuple[str, str]] = set()
    for index, one in enumerate(told):
        key = one.symbol, one.ex_date
        if key in seen:
            yield index, f"{one.symbol} on {one.ex_date} is told twice"
        seen.add(key)
