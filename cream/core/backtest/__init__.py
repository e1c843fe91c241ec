"""What would decision plans have done over bars of the past? The daemon's rules, without a daemon.

`run.py` tells the whole story; `path.py` says how a bar becomes prices.
"""
