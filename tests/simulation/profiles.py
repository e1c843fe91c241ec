"""Which faults does a history have, and how many? Each seed draws its own weather.

A seed has every kind of fault at some rate, or at none: a world in which everything fails a little
never shows what happens where one thing fails a lot.
"""

from attrs import evolve, fields_dict, frozen

from tests.simulation.chance import Chance


@frozen(kw_only=True)
class Profile:
    """Probabilities for each occasion; outages and crashes are how many a history has at most."""

    # Requests: never arrives; arrives much later; taken, and the answer lost; a gateway's 504 with
    # or without effect; refused by a 503 before it was looked at; answered slowly.
    request_lost: float = 0.02
    request_late: float = 0.01
    response_lost: float = 0.02
    gateway_timeout: float = 0.02
    unavailable: float = 0.02
    response_slow: float = 0.03
    rejected: float = 0.02
    # What the broker shows only after a while: an order by its client's id and in lists, a trade in
    # the list of trades; and a cancel that takes its time, in which the order can still trade.
    order_hidden: float = 0.04
    execution_hidden: float = 0.04
    cancel_slow: float = 0.10
    # The order stream.
    update_dropped: float = 0.02
    update_twice: float = 0.05
    update_late: float = 0.05
    # The feed and the disk.
    feed_lost: float = 0.002
    disk_full: float = 0.0005
    sync_failed: float = 0.001
    disk_slow: float = 0.0005
    # Counts.
    outages: int = 6
    crashes: int = 5
    horizon: float = 600.0


CALM = Profile(**{name: 0 for name in fields_dict(Profile) if name != "horizon"})
STORM = Profile()

# How a seed's rates differ from the profile's: switched off, as they are, or a good deal more.
_FACTORS = (0.0, 0.5, 1.0, 1.0, 1.5, 3.0)


def drawn(base: Profile, chance: Chance) -> Profile:
    """The profile of one seed: each rate by a factor of its own."""
    changes: dict[str, float] = {}
    for name in fields_dict(Profile):
        value = getattr(base, name)
        if isinstance(value, float) and name != "horizon":
            changes[name] = value * chance.choose(_FACTORS, "profile", name)
    return evolve(base, **changes)
