"""Driving a real browser on sites without an API: transports, one page script, logins, and the recipes of sites."""
