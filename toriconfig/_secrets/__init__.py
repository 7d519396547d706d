"""Handles of secrets, and the providers that they read from."""
