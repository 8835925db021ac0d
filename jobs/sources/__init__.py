"""Readers of landing formats and of public labelled sets."""
