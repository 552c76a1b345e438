"""Tables of the analysis room."""

revision = "0004_analysis"
down_revision = "0003_generation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
