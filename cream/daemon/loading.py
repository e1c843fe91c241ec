"""Which parts of the configuration are not in use, so that their secrets need not be there?"""

from collections.abc import Callable


def inactive_sections(text_at: Callable[[str], str | None]) -> frozenset[str]:
    """Dotted paths of the sections of brokers that are not the active one."""
    active = text_at("brokers.active") or "simulated"
    sections = {
        "simulated": ("brokers.simulated",),
        "alpaca": ("brokers.alpaca", "feeds.alpaca"),
    }
    return frozenset(
        path for broker, paths in sections.items() if broker != active for path in paths
    )
