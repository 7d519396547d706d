"""Judging the merged tree: pydantic's verdict as problems without values."""
