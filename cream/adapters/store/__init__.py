"""The store: the write-ahead journal on disk, its codec, its schema and its migrations."""
