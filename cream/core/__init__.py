"""What Cream knows and decides: pure code, no I/O, no clock, no chance."""
