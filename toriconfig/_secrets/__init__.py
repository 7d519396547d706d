"""The sealed handle, and the providers that can stand behind it."""
