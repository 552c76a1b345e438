"""The ages at which a publication is read."""

from datetime import timedelta

AGES = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "72h": timedelta(hours=72),
    "7d": timedelta(days=7),
}
LATE_BY = 0.1  # of the age: what was read later than that tells of another age, and says so


def next_age(age: str) -> timedelta | None:
    """Return the age after this one, None after the last."""
    later = [span for span in AGES.values() if span > AGES[age]]
    return later[0] if later else None
