"""A synthetic landing zone that knows its own answers."""
