"""Tables of the media room."""

revision = "0002_media"
down_revision = "0001_core"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
