"""One load: the stations, in the order of the flow."""
