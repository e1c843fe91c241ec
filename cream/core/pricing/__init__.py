"""What an option is worth. The only place in the core where floats are numbers of record."""
