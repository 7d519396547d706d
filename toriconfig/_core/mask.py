"""Mask that replaces a secret in all output."""

MASK = "**********"
"""Constant, so that it tells no length."""
