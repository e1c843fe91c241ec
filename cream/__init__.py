"""Cream: a trade-execution daemon between AI trading agents and a broker."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("cream")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
