"""Feeds behind the MarketData port: the synthetic market."""
