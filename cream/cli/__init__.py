"""The `cream` command: one module per group of commands. Imports are lazy: a command is quick."""
