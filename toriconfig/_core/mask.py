"""Mask that replaces a secret in all output."""

MASK = "**********"
"""Text that replaces a secret. It is constant, so it does not reveal the length of the secret."""
