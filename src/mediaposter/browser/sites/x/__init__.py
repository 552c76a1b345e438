"""The recipe of X's site: a post, a thread, and how a post does."""
