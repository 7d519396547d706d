"""Putting sealed handles into the merged tree."""
