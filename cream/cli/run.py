"""`cream run`: start the daemon and stay until it ends."""

import argparse
import os
from pathlib import Path

from cream.adapters.config import ConfigErrors, read_environment
from cream.adapters.logs import configure, level_of
from cream.cli.settings import complain, load_settings


def run(options: argparse.Namespace) -> int:
    """The daemon's exit code."""
    try:
        loaded = load_settings(options.config, options.broker)
    except ConfigErrors as errors:
        return complain(errors)
    environ = read_environment(Path.cwd(), os.environ)
    logging = loaded.settings.observability.logging
    configure(level_of(logging.level, environ), logging.format)
    from cream.daemon.root import run_daemon
    from cream.daemon.settings import Settings

    def read() -> Settings:
        try:
            return load_settings(options.config, options.broker).settings
        except ConfigErrors as errors:
            raise ValueError(str(errors)) from errors

    return run_daemon(loaded, environ, read)
