"""The configuration loader: YAML, `${NAME}` and the environment into any attrs settings class."""

from cream.adapters.config.environment import read_environment
from cream.adapters.config.loader import Loaded, load, load_bytes
from cream.adapters.config.markdown import render_markdown
from cream.adapters.config.problems import ConfigErrors, Origin, Problem
from cream.adapters.config.schema import json_schema
from cream.adapters.config.show import NotEffective, effective_hash, not_effective, show

__all__ = [
    "ConfigErrors",
    "Loaded",
    "NotEffective",
    "Origin",
    "Problem",
    "effective_hash",
    "json_schema",
    "load",
    "load_bytes",
    "not_effective",
    "read_environment",
    "render_markdown",
    "show",
]
