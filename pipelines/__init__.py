"""Plans: DataFrames in, DataFrames out, native Column expressions only."""
