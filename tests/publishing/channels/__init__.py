"""Tests of what is peculiar to each channel."""
