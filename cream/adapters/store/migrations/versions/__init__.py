"""One file per step, named after its revision; never edited once released."""
