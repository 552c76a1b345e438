"""Tables of the offers room."""

revision = "0006_offers"
down_revision = "0005_publishing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
