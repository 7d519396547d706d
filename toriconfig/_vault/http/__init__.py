"""One request: transport, failover, response, translation of errors."""
