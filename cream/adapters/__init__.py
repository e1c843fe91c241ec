"""The edges: each module turns one outside thing into a port, or drives the core from outside."""
