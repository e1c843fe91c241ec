"""Is a symbol halted now, and since when does it trade again?

Codes of the two tapes: the consolidated tape has figures and letters of its own, the UTP plan has
letters. A quotation resumption is not the end of a halt: quotes come, prints do not.

Source: CTA CTS specification 2.11 and UTP UTDF specification 4.0, security status; the tables in
docs.alpaca.markets, Real-time Stock Data.
"""

from attrs import define, field, frozen

from cream.core.model.ticks import StatusChanged, Trade

HALTS = frozenset(("2", "H", "P"))
RESUMPTIONS = frozenset(("3", "T"))

# Prints are reported up to ten seconds late, halted or not; later ones say that trading goes on.
_LATE_PRINT_NS = 10_000_000_000


@frozen
class Halt:
    """Why a symbol is not traded, since when."""

    why: str
    since_ns: int


@define
class HaltBoard:
    """The halts of one feed, by symbol."""

    _halts: dict[str, Halt] = field(factory=dict)
    _resumed: dict[str, int] = field(factory=dict)

    def changed(self, status: StatusChanged) -> bool:
        """Take in a status; whether trading began or stopped with it. Older ones change nothing."""
        symbol = status.symbol
        halt = self._halts.get(symbol)
        newest = max(halt.since_ns if halt is not None else 0, self._resumed.get(symbol, 0))
        if status.at_ns < newest:
            return False
        if status.code in HALTS and halt is None:
            self._halts[symbol] = Halt(_words(status), status.at_ns)
            return True
        if status.code in RESUMPTIONS and halt is not None:
            self._resume(symbol, status.at_ns)
            return True
        return False

    def printed(self, trade: Trade) -> bool:
        """A regular print; whether it shows that a halt ended without a word."""
        halt = self._halts.get(trade.symbol)
        if halt is None or trade.at_ns < halt.since_ns + _LATE_PRINT_NS:
            return False
        self._resume(trade.symbol, trade.at_ns)
        return True

    def why(self, symbol: str) -> str | None:
        """Why `symbol` is not traded now; None where it is."""
        halt = self._halts.get(symbol)
        return halt.why if halt is not None else None

    def counts(self, symbol: str, quote_ns: int) -> bool:
        """Whether a quote of then says at what price `symbol` trades now.

        During a halt none does, and afterwards only those since it ended.
        """
        return symbol not in self._halts and quote_ns >= self._resumed.get(symbol, 0)

    @property
    def symbols(self) -> tuple[str, ...]:
        """What is halted now."""
        return tuple(sorted(self._halts))

    def _resume(self, symbol: str, at_ns: int) -> None:
        del self._halts[symbol]
        self._resumed[symbol] = at_ns


def _words(status: StatusChanged) -> str:
    words = [status.message or f"status {status.code}"]
    reason = " ".join(one for one in (status.reason_code, status.reason) if one)
    return ": ".join([*words, reason] if reason else words)
