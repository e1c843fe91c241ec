"""What does the measured peer's pre-trade check cost, where it is installed beside us?"""

from importlib import metadata
from typing import Any

PEER = "nautilus_trader"
# The release that the comparison is with; another one is measured too, and named.
VERSION = "1.221.0"


def run(rounds: int) -> list[dict[str, Any]]:
    """One row: its figures, or why there are none."""
    try:
        metadata.version(PEER)
    except metadata.PackageNotFoundError:
        return [{"what": f"NautilusTrader {VERSION}", "skipped": "not installed here"}]
    return [{"what": f"NautilusTrader {VERSION}", "skipped": "no comparison yet"}]
