"""The front door for people."""


def main() -> None:
    """Run the command line."""
    raise SystemExit("not yet")
