"""A lazy object after its first load: overridden, reloaded, watched, asked how it is."""
