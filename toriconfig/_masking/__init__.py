"""Masking of secrets in files, lines and values."""
