"""YAML and JSON files with the place of every key and value."""
