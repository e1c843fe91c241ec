"""Alpaca behind the Broker port: REST, the order stream, and what its answers mean."""
