"""Where do log lines go, and in which form? To standard output, one fact a line."""

import logging
import sys
from collections.abc import Mapping
from contextlib import suppress
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
    terminal = sys.stdout.isatty()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last = _pretty(terminal) if form == "pretty" or (form == "auto" and terminal) else _json()
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda *_names: _Printer(),
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


class _Printer:
    """Prints lines. One that cannot be printed is lost: whoever logs has more important things."""

    def msg(self, message: str) -> None:
        """One line, at once."""
        with suppress(OSError, ValueError):
            sys.stdout.write(message + "\n")
            sys.stdout.flush()

    debug = info = warning = error = critical = msg


# Neither form shows local variables with a traceback: tokens and keys stand in them.


def _pretty(colors: bool) -> list[Any]:
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]


def _json() -> list[Any]:
    tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [structlog.processors.ExceptionRenderer(tracebacks), structlog.processors.JSONRenderer()]
