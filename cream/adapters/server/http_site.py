"""What does every route of the JSON API need?"""

from collections.abc import Callable
from datetime import datetime

import trio
from attrs import frozen

from cream.adapters.server.auth import Gatekeeper
from cream.adapters.server.settings import ServerSettings
from cream.core.model.plan import Environment
from cream.core.operations import Operations


@frozen(kw_only=True)
class Site:
    """The daemon as the routes see it. `shutdown` is set when streams are to end."""

    operations: Operations
    settings: ServerSettings
    gatekeeper: Gatekeeper
    environment: Environment
    now: Callable[[], datetime]
    metrics: Callable[[], tuple[bytes, str]]
    shutdown: trio.Event
