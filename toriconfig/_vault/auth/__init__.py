"""Login, and the token of a client."""
