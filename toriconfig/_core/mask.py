"""Mask that replaces a secret in all output."""

MASK = "**********"
"""Mask of a secret; constant, so that it does not reveal the length."""
