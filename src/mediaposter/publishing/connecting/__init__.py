"""Connecting accounts: credentials in, accounts out."""
