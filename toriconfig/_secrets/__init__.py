"""Handles of secrets, and the providers from which the handles read."""
