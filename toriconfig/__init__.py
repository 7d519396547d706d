"""Typed settings for Python pipelines: layers behind one object, origins for every value, secrets that rotate."""
