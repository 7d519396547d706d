"""A lazy object after its first load: overrides, reloads, change callbacks and health."""
