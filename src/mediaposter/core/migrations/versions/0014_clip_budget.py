"""What all clips of an owner together may cost."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014_clip_budget"
down_revision = "0013_webhooks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. Clips that are there have no limit, as before."""
    op.add_column("clips", sa.Column("budget", JSONB()))
