"""The tree of tasks that is the running daemon: one file per subsystem, wired in `root.py`."""
