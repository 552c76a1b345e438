"""Tables of the generation room."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003_generation"
down_revision = "0002_media"
branch_labels = None
depends_on = None

_MOMENT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "clips",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("request", JSONB(), nullable=False),
        sa.Column("chain", JSONB(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text()),
        sa.Column("external_id", sa.Text()),
        sa.Column("attempts", JSONB(), nullable=False),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Text()),
        sa.Column("content_key", sa.Text()),
        sa.Column("cost_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("error", JSONB()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("started_at", _MOMENT),
        sa.Column("finished_at", _MOMENT),
        sa.UniqueConstraint("owner_id", "position", name="uq_clips_owner_id_position"),
        sa.CheckConstraint(
            "state IN ('planned', 'submitting', 'submitted', 'done', 'failed', 'cancelled', 'unknown')", name="state"
        ),
    )
    op.create_index("ix_clips_created_at", "clips", ["created_at"])
    op.create_index("ix_clips_asset_id", "clips", ["asset_id"])
    op.create_index("ix_clips_content_key", "clips", ["content_key"], postgresql_where=sa.text("state = 'done'"))
    op.create_table(
        "clip_batches",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("stitch", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Text()),
        sa.Column("error", JSONB()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT),
        sa.CheckConstraint("state IN ('running', 'done', 'failed')", name="state"),
    )
