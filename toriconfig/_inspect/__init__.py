"""Descriptions of settings: explain, check, effective values, JSON Schema, policy, doctor and the HTML page."""
