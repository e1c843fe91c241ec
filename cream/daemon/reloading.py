"""What can be changed without a restart? The gate's limits, from the same configuration file.

Everything else of the configuration is what the daemon was assembled from; what differs there is
named in the log and waits for a restart. A file that is wrong changes nothing.
"""

from collections.abc import Callable, Iterator

import attrs
import structlog

from cream.core.risk.gate import Gate
from cream.daemon.option_settings import with_cutoffs
from cream.daemon.settings import Settings

log = structlog.get_logger(__name__)


def relimit(gate: Gate, running: Settings, read: Callable[[], Settings]) -> Settings:
    """The settings in force afterwards: `running`, with the limits that `read` gives.

    `read` raises ValueError where the file is wrong.
    """
    try:
        wanted = read()
    except ValueError as error:
        log.error("reloading.configuration_wrong", error=str(error))
        return running
    waiting = tuple(_differing(running, wanted))
    if waiting:
        log.warning("reloading.needs_restart", sections=list(waiting))
    before = gate.policy_version
    gate.relimit(with_cutoffs(wanted.constraints, running.options))
    log.info("reloading.limits_in_force", before=before, now=gate.policy_version)
    return attrs.evolve(running, constraints=wanted.constraints)


def _differing(running: Settings, wanted: Settings) -> Iterator[str]:
    """Sections, other than the limits, in which the two differ."""
    for one in attrs.fields(Settings):
        if one.name != "constraints" and getattr(running, one.name) != getattr(wanted, one.name):
            yield one.name
