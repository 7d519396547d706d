"""Identity of a session: login and token."""
