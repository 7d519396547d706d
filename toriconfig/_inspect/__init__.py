"""Inspection of settings without using them."""
