"""Code that ships to a worker: columns in, a column out."""
