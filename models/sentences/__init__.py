"""Splitting a text into sentences."""
