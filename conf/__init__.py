"""Values and no code."""
