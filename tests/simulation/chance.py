"""What happens by chance in a simulated world, and can some of it be left out?

Every draw has a name, made of what it is about, and depends on the seed, that name and how often it
was drawn: nothing else. So when one fault is taken away the rest of the world stays as it was, and
a failing history can be shrunk to the few faults that it needs.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from attrs import define, field

T = TypeVar("T")

# Eight bytes of a digest: far finer than any probability in here.
_BYTES = 8


@define(eq=False)
class Chance:
    """The chance of one seed. `permitted`: the only faults that may happen, None for all.

    `fired` are the names of the faults that happened; `faults` counts them by kind; `seen` counts
    states of interest: a campaign that never reached one has proven nothing about it.
    `on_fault` is told the name of every fault as it happens.
    """

    seed: int
    permitted: frozenset[str] | None = None
    fired: list[str] = field(factory=list)
    faults: Counter[str] = field(factory=Counter)
    seen: Counter[str] = field(factory=Counter)
    on_fault: Callable[[str], None] = field(default=lambda _name: None)
    calm: bool = False
    _drawn: Counter[str] = field(factory=Counter)

    def draw(self, *key: object) -> float:
        """A number in [0, 1)."""
        return self._draw(key)[0]

    def uniform(self, low: float, high: float, *key: object) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self.draw(*key)

    def below(self, bound: int, *key: object) -> int:
        """A whole number in [0, bound)."""
        return int(self.draw(*key) * bound)

    def choose(self, options: Sequence[T], *key: object) -> T:
        """One of `options`."""
        return options[self.below(len(options), *key)]

    def happens(self, kind: str, probability: float, *key: object) -> bool:
        """Whether the fault `kind` happens to what `key` names."""
        number, name = self._draw((kind, *key))
        return number < probability and self.strike(kind, name)

    def strike(self, kind: str, name: str) -> bool:
        """Let a fault happen that was planned beforehand, unless it is not permitted."""
        if self.calm or (self.permitted is not None and name not in self.permitted):
            return False
        self.fired.append(name)
        self.faults[kind] += 1
        self.on_fault(name)
        return True

    def sometimes(self, what: str) -> None:
        """Count that a state of interest was reached."""
        self.seen[what] += 1

    def _draw(self, key: tuple[object, ...]) -> tuple[float, str]:
        name = "/".join(map(str, key))
        count = self._drawn[name]
        self._drawn[name] = count + 1
        text = f"{self.seed}/{name}/{count}"
        digest = hashlib.blake2b(text.encode(), digest_size=_BYTES).digest()
        return int.from_bytes(digest, "big") / 2 ** (8 * _BYTES), f"{name}/{count}"
