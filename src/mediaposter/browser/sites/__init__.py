"""Recipes of sites: what is where, in which order, and what proves that it was done."""
