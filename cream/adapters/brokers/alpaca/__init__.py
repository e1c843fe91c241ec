"""Alpaca behind the Broker port."""
