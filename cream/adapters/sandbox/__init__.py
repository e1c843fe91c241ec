"""An Alpaca to try things on: the API of a paper account over the simulated venue, with faults."""
