"""What is a planted bug? A few attributes of the daemon's own code that are swapped for a while."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from attrs import define, field, frozen


@define(eq=False)
class Bench:
    """Swaps attributes, and puts them all back."""

    _before: list[tuple[Any, str, Any]] = field(factory=list)

    def swap(self, owner: Any, name: str, other: Any) -> Any:
        """Put `other` in the place of `owner.name`; what was there."""
        plain = owner.__dict__[name] if isinstance(owner, type) else getattr(owner, name)
        self._before.append((owner, name, plain))
        setattr(owner, name, other)
        return plain

    def restore(self) -> None:
        """Put everything back, the last swap first."""
        while self._before:
            owner, name, plain = self._before.pop()
            setattr(owner, name, plain)


@frozen
class Mutant:
    """A bug. `breaks` are the invariants that it is meant to break, in the words of the judges."""

    name: str
    breaks: str
    sentence: str
    plant: Callable[[Bench], None]


REGISTRY: dict[str, Mutant] = {}


def mutant(breaks: str) -> Callable[[Callable[[Bench], None]], Callable[[Bench], None]]:
    """Register the function as a bug under its name; its docstring says what it is."""

    def register(plant: Callable[[Bench], None]) -> Callable[[Bench], None]:
        name = plant.__name__
        REGISTRY[name] = Mutant(name, breaks, (plant.__doc__ or "").strip(), plant)
        return plant

    return register


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The daemon with the bug `name`; without any where the name is empty."""
    bench = Bench()
    try:
        if name:
            REGISTRY[name].plant(bench)
        yield
    finally:
        bench.restore()
