"""One load, as a sequence of stations."""
