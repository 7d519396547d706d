"""Identity of a session: login, token, renewal and revocation."""
