"""What a file that was uploaded is called by the person who has it."""

import sqlalchemy as sa
from alembic import op

revision = "0017_asset_names"
down_revision = "0016_sessions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. Files that are there go by the name of their source."""
    op.add_column("assets", sa.Column("name", sa.Text()))
