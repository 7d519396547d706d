"""Identity of a client: login and token."""
