"""Masking of files, lines and values: secrets are masked line by line before any text is composed."""
