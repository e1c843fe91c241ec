"""How to live with an outside that fails: backoff, circuit breaker."""
