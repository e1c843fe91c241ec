"""The simulated venue and the rules of the real one."""
