"""What is allowed: the one pre-trade gate, its checks, limits, sizing and margin."""
