"""Threads and time: scheduler, workers, single flight, deadlines. Nothing here knows Vault."""
