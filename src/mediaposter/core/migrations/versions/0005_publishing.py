"""Tables of the publishing room."""

revision = "0005_publishing"
down_revision = "0004_analysis"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
