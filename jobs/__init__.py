"""The edge: settings and tables in, one table out."""
