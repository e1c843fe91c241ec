"""What every test has: logs without the values of local variables, and examples without a clock."""

import os

import structlog
from hypothesis import settings

# As in cream/cli/main.py: threads that spin on small matrices cost five times the work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# No test may fail because a machine is slow. In CI the examples are the same in every run, so that
# a red run is about the change; elsewhere they differ, so that new ones are found.
settings.register_profile("cream", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("cream")

structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)
