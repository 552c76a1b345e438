"""Meta's platforms: Instagram, Facebook pages and Threads, which all speak the Graph API."""
