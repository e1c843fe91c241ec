"""Alpaca's market data behind the MarketData port: streams, REST, and when to ask which."""
