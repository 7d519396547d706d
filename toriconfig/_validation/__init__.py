"""Validation of the merged tree by pydantic, with problems that contain no values."""
