"""The built-in channel's public site: pages, feeds, media and honest counting."""
