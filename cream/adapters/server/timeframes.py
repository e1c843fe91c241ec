"""Which timeframes of bars does a request name?"""

from collections.abc import Iterable

from cream.adapters.server.problems import Problems
from cream.core.market.bars import TIMEFRAMES


def timeframes_value(given: Iterable[object], path: str) -> tuple[int, ...]:
    """The minutes per bar, each once.   Raises: CreamError for what is no timeframe."""
    problems = Problems()
    known = ", ".join(str(one) for one in TIMEFRAMES)
    found: dict[int, None] = {}
    for index, one in enumerate(given):
        minutes = int(one) if isinstance(one, str) and one.isdecimal() and len(one) < 6 else one
        if isinstance(minutes, int) and minutes in TIMEFRAMES:
            found[minutes] = None
        else:
            problems.add(f"{path}[{index}]", f"must be one of {known}")
    problems.raise_any()
    return tuple(found)
