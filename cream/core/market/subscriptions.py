"""Which symbols does the feed have to read, and who needs them?

Each consumer names all that it needs; a symbol is read as long as anyone does. What is asked for in
passing, a plan that is judged, is a lease: it runs out unless it is renewed. Onlookers take what
comes, and need none of it. What is held and what works comes first where the feed admits only so
many, and what only onlookers read comes last.
"""

from collections.abc import Collection, Iterator

from attrs import define, field, frozen

# The consumer that must never go without: positions, working orders and their levels.
BOOK = "book"


@frozen(eq=False)
class Onlooker:
    """A consumer that is told what comes. Its symbols may fall silent without anyone asking."""


@define
class Subscriptions:
    """Consumers and leases. Units: monotonic seconds."""

    lease_seconds: float = 900.0
    most_leases: int = 2_000
    _needs: dict[object, frozenset[str]] = field(factory=dict)
    _counts: dict[str, int] = field(factory=dict)
    _looked_at: dict[str, int] = field(factory=dict)
    _leases: dict[str, float] = field(factory=dict)

    def follow(self, consumer: object, symbols: Collection[str]) -> bool:
        """From now on `consumer` needs exactly these; whether the feed has to read others now."""
        before, wanted = self._needs.get(consumer, frozenset()), frozenset(symbols)
        if before == wanted:
            return False
        if wanted:
            self._needs[consumer] = wanted
        else:
            del self._needs[consumer]
        counts = self._looked_at if isinstance(consumer, Onlooker) else self._counts
        changed = [self._count(counts, one, 1) for one in wanted - before]
        changed += [self._count(counts, one, -1) for one in before - wanted]
        return any(changed)

    def lease(self, symbols: Collection[str], now: float) -> bool:
        """These are needed for a while; whether any of them was not read before."""
        new = False
        for symbol in symbols:
            new = new or not self.reads(symbol)
            # Renewed leases go to the end, so that those before are the oldest.
            self._leases.pop(symbol, None)
            self._leases[symbol] = now + self.lease_seconds
        while len(self._leases) > self.most_leases:
            del self._leases[next(iter(self._leases))]
        return new

    def expire(self, now: float) -> bool:
        """End the leases that have run out; whether any symbol is not read any more for that."""
        ended = [one for one, until in self._leases.items() if until <= now]
        for symbol in ended:
            del self._leases[symbol]
        return any(not self.reads(symbol) for symbol in ended)

    def reads(self, symbol: str) -> bool:
        """Whether anyone needs it, or looks on."""
        return any(symbol in by for by in (self._counts, self._leases, self._looked_at))

    def of(self, consumer: object) -> frozenset[str]:
        """What `consumer` needs."""
        return self._needs.get(consumer, frozenset())

    @property
    def followed(self) -> Collection[str]:
        """What a consumer needs, leases and onlookers aside."""
        return self._counts.keys()

    def __iter__(self) -> Iterator[str]:
        """Every symbol once: the book's, other consumers', leases by age, then onlookers'."""
        book = self.of(BOOK)
        yield from sorted(book)
        yield from sorted(set(self._counts) - book)
        yield from (one for one in reversed(self._leases) if one not in self._counts)
        others = set(self._looked_at) - self._counts.keys() - self._leases.keys()
        yield from sorted(others)

    def _count(self, counts: dict[str, int], symbol: str, by: int) -> bool:
        """Whether that changed what is read."""
        was_read = self.reads(symbol)
        after = counts.get(symbol, 0) + by
        if after:
            counts[symbol] = after
        else:
            del counts[symbol]
        return self.reads(symbol) is not was_read
