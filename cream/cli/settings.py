"""How does a command get the configuration?"""

import os
import sys
from pathlib import Path

from cream.adapters.config import ConfigErrors, Loaded, load, read_environment
from cream.cli.exits import CONFIGURATION
from cream.daemon.loading import inactive_sections
from cream.daemon.settings import Settings


def load_settings(path: Path, broker: str | None = None) -> Loaded[Settings]:
    """The configuration in `path`, the environment and `.env` in the working directory.

    Raises: ConfigErrors.
    """
    environ = read_environment(Path.cwd(), os.environ)
    overrides = [("brokers.active", broker)] if broker is not None else []
    return load(path, Settings, environ=environ, overrides=overrides, inactive=inactive_sections)


def complain(errors: ConfigErrors) -> int:
    """Print every problem; the exit code."""
    sys.stderr.write(f"{errors}\n")
    return CONFIGURATION
