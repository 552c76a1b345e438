"""The recipe of Sora's site, which closed in April 2026, for sites that work as it did."""
