"""Which deliberate bugs can be planted into the daemon, to see whether the simulation notices?"""

from tests.simulation.mutants import believing, guarding, journalling, rolling, sending
from tests.simulation.mutants.registry import REGISTRY, Mutant, planted

__all__ = [
    "REGISTRY",
    "Mutant",
    "believing",
    "guarding",
    "journalling",
    "planted",
    "rolling",
    "sending",
]
