"""How much has a share moved? The volatility that its daily closes had.

Units: per year, as a fraction; a year has the sessions that New York has on average.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import log, sqrt
from statistics import stdev

SESSIONS_A_YEAR = 252
# One return varies from nothing.
LEAST_CLOSES = 3


def historical_volatility(closes: Sequence[float]) -> float | None:
    """The standard deviation of the daily returns of these closes, oldest first.

    None where they are too few or none of a share (not above zero), or where nothing has moved:
    an option on what does not move has no volatility that could be used.
    """
    if len(closes) < LEAST_CLOSES or not all(close > 0.0 for close in closes):
        return None
    returns = [log(after / before) for before, after in pairwise(closes)]
    found = stdev(returns) * sqrt(SESSIONS_A_YEAR)
    return found if found > 0.0 else None
