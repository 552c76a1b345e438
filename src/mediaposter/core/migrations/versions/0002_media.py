"""Tables of the media room."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002_media"
down_revision = "0001_core"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "assets",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("source_uri", sa.Text(), nullable=False),
        sa.Column("storage_key", sa.Text()),
        sa.Column("source_mtime_ns", sa.BigInteger()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("recipe", JSONB()),
        sa.Column("recipe_key", sa.Text(), unique=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.UniqueConstraint("sha256", "source_uri"),
        sa.CheckConstraint("kind IN ('video', 'audio', 'image')", name="kind"),
    )
    op.create_index("ix_assets_source_uri", "assets", ["source_uri"])
    op.create_index("ix_assets_created_at", "assets", ["created_at"])
