"""Sending of one request: transport, failover, answer or failure, and conversion to an error."""
