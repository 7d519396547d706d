"""Threads and time: scheduler, workers, single flight, deadlines. Knows no Vault."""
