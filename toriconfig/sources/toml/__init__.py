"""TOML files with the position of every key and value."""
