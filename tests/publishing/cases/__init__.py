"""One file for each channel, with its CASE."""
