"""Where do log lines go, and in which form? To standard output, one fact a line."""

import logging
import sys
from collections.abc import Mapping
from typing import Any

import structlog

_LEVELS = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def level_of(configured: str, environ: Mapping[str, str]) -> str:
    """The level in force: `CREAM_LOG`, else `RUST_LOG`, else the configured one.

    Old settings of RUST_LOG may carry filters per module (`info,h2=warn`); the first plain word
    of them is taken.
    """
    for variable in ("CREAM_LOG", "RUST_LOG"):
        for word in environ.get(variable, "").lower().split(","):
            if word.strip() in _LEVELS:
                return word.strip()
    return configured


def configure(level: str, form: str) -> None:
    """Set up structlog and the standard library's loggers, which libraries use."""
    pretty = form == "pretty" or (form == "auto" and sys.stdout.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Any] = [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    if not pretty:
        last = [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )
    stream = logging.StreamHandler(sys.stdout)
    stream.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [stream]
    # Libraries are chatty at info; what they warn of is worth reading.
    root.setLevel(max(logging.WARNING, _LEVELS[level]))
