"""Tables of the generation room."""

revision = "0003_generation"
down_revision = "0002_media"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
