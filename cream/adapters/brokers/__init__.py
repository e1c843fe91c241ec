"""Brokers behind the Broker port: the simulated one, and Alpaca."""
