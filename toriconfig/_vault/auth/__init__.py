"""Who a session is: login, token, identity."""
