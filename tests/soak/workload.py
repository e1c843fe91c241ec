"""What does an agent ask for under load? Decisions without end, and holdings that have one.

Of five decisions three rest far from the market until the driver cancels them, and the others
trade: each entry brings its exits along. What is held stays bounded, as it does for whoever trades
for a living: a symbol of which enough is held is closed, and meanwhile the agent lets it alone;
and from time to time the market goes far enough for the exits to fill by themselves.
"""

import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

from attrs import define, field, frozen

PRICES = {
    "AAPL": 238.40,
    "MSFT": 512.00,
    "NVDA": 182.50,
    "SPY": 662.00,
    "TSLA": 430.00,
    "XOM": 116.00,
}
SYMBOLS = tuple(PRICES)
# Of one symbol; the next decision closes it.
MOST_HELD = 4
# An exit that has not closed its symbol by then never will: the agent asks again.
CLOSING_SECONDS = 10.0
_RESTING = 0.6
# Where what rests rests, and how far above the market an entry that trades may pay.
_FAR, _NEAR = 0.9, 1.002
# How far from an entry's price its exits are: of one that rests, and of one that trades.
_WIDE, _TIGHT = (0.1, 0.4), (0.005, 0.01)
# Far enough for every exit of an entry that traded.
_JUMP = 0.013


@frozen(kw_only=True)
class Asked:
    """One decision, and what the agent means by it: it rests, or it closes the symbol.

    A decision that closes is for all that is held, so its size is put in when it is sent.
    """

    decision: dict[str, Any]
    rests: bool = False
    closes: bool = False

    @property
    def symbol(self) -> str:
        """What it is about."""
        return str(self.decision["instrument_id"])


@define
class Workload:
    """Makes the decisions, and moves the market."""

    chance: random.Random
    _held: dict[str, int] = field(factory=dict)
    _bought: Counter[str] = field(factory=Counter)
    _closing: dict[str, float] = field(factory=dict)
    _away: str | None = None

    def looked(self, held: Mapping[str, int], now: float) -> None:
        """So much is held now, by what the daemon says."""
        self._held = dict(held)
        self._bought.clear()
        for symbol, since in list(self._closing.items()):
            if held.get(symbol, 0) == 0 or now - since > CLOSING_SECONDS:
                del self._closing[symbol]

    def came_to_nothing(self, asked: Asked) -> None:
        """The decision was refused, or there was nothing to close."""
        if asked.closes:
            self._closing.pop(asked.symbol, None)

    def next(self, number: int, now: float) -> Asked:
        """The next decision."""
        free = [one for one in SYMBOLS if one not in self._closing and one != self._away]
        if not free or self.chance.random() < _RESTING:
            # What rests so far away is in nobody's way.
            symbol = self.chance.choice(free or SYMBOLS)
            return Asked(decision=_entry(number, symbol, PRICES[symbol] * _FAR, _WIDE), rests=True)
        symbol = self.chance.choice(free)
        if self._held.get(symbol, 0) + self._bought[symbol] >= MOST_HELD:
            self._closing[symbol] = now
            return Asked(decision=_close(number, symbol), closes=True)
        self._bought[symbol] += 1
        return Asked(decision=_entry(number, symbol, PRICES[symbol] * _NEAR, _TIGHT))

    def moved(self) -> dict[str, float]:
        """Where the market goes next: one symbol away from its price, the one before it back."""
        prices = {} if self._away is None else {self._away: PRICES[self._away]}
        self._away = self.chance.choice([one for one in SYMBOLS if one != self._away])
        up_or_down = self.chance.choice((1 + _JUMP, 1 - _JUMP))
        return prices | {self._away: PRICES[self._away] * up_or_down}


def _common(number: int, symbol: str) -> dict[str, Any]:
    return {
        "decision_id": f"soak-{number}",
        "instrument_id": symbol,
        "direction": "LONG",
        "size": {"quantity": "1", "unit": "SHARES"},
        "strategy_family": "EQUITY_LONG",
        "time_horizon": "SWING",
        "time_in_force": "DAY",
        "confidence": "0.7",
        "bullish_factors": ["soak"],
        "rationale": "soak",
    }


def _entry(number: int, symbol: str, limit: float, exits: tuple[float, float]) -> dict[str, Any]:
    below, above = exits
    return _common(number, symbol) | {
        "action": "BUY",
        "thesis_state": "ENTERED",
        "limit_price": f"{limit:.2f}",
        "stop_loss_level": f"{limit * (1 - below):.2f}",
        "take_profit_level": f"{limit * (1 + above):.2f}",
    }


def _close(number: int, symbol: str) -> dict[str, Any]:
    return _common(number, symbol) | {"action": "CLOSE", "thesis_state": "CLOSED"}
