"""Load and bad luck for minutes, at a sandbox in a process of its own."""
