"""Which parts of the configuration are not in use, so that their secrets need not be there?"""

from collections.abc import Callable

# Keys that are not there are missed by the settings themselves, all of them in one sentence.
_KEYS = ("brokers.alpaca.api_key", "brokers.alpaca.api_secret")


def inactive_sections(text_at: Callable[[str], str | None]) -> frozenset[str]:
    """Dotted paths of the sections of brokers that are not the active one, and of keys."""
    active = text_at("brokers.active") or "simulated"
    sections = {
        "simulated": ("brokers.simulated",),
        "alpaca": ("brokers.alpaca", "feeds.alpaca"),
    }
    unused = (path for broker, paths in sections.items() if broker != active for path in paths)
    return frozenset((*unused, *_KEYS))
