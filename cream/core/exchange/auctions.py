"""Until when do the auctions that open and close a session take orders, and how long do they last?

An order for the opening auction (OPG) has its chance when the session opens, one for the closing
auction (CLS) when it closes; what is left then is over.

Source: Alpaca, Orders at Alpaca, time in force, 2026-11.
"""

from datetime import datetime, time, timedelta

from cream.core.exchange.calendar import SessionMode, Sessions
from cream.core.model.plan import TimeInForce
from cream.core.options.occ import NEW_YORK

# So long before its auction an order must come, and from that time of the day (New York) on it is
# for the next one.
OPENING_CUTOFF = timedelta(minutes=2)
CLOSING_CUTOFF = timedelta(minutes=10)
NEXT_DAY_FROM = time(19, 0)
# A venue that was away for longer than this has missed the auction.
LASTS = timedelta(minutes=1)


def has_auctions(sessions: Sessions) -> bool:
    """Whether there are any: a market that never closes has none."""
    return sessions.mode is not SessionMode.ALWAYS_OPEN


def takes_orders(tif: TimeInForce, sessions: Sessions, now: datetime) -> bool:
    """Whether an order for the auction that `tif` names may come at `now`."""
    local = now.astimezone(NEW_YORK)
    session = sessions.session_on(local.date())
    if session is None or local.time() >= NEXT_DAY_FROM:
        return True
    if tif is TimeInForce.OPG:
        return now < session.opens_at - OPENING_CUTOFF
    return now < session.closes_at - CLOSING_CUTOFF


def opening_is_over(sessions: Sessions, now: datetime) -> bool:
    """Whether the auction that opened the session of `now` is over."""
    session = sessions.session_of(now)
    return session is not None and now >= session.opens_at + LASTS
