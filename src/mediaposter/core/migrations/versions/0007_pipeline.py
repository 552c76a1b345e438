"""Tables of the pipeline room."""

revision = "0007_pipeline"
down_revision = "0006_offers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
