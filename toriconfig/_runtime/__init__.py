"""Threads and time: scheduler, workers, single flight, deadlines. Independent of Vault."""
