"""How messages count things."""


def counted(number: int, thing: str, things: str | None = None) -> str:
    """Return `number` with its noun: 1 part, 3 parts, 2 copies."""
    return f"{number} {thing if number == 1 else things or thing + 's'}"
