"""Purchases: what models were paid to make, each written down before it is ordered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015_purchases"
down_revision = "0014_clip_budget"
branch_labels = None
depends_on = None

_MOMENT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "purchases",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("request", JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", JSONB(), nullable=False),
        sa.Column("storage_key", sa.Text()),
        sa.Column("facts", JSONB()),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("error", JSONB()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.CheckConstraint("state IN ('armed', 'bought', 'refused', 'unknown')", name="state"),
        sa.CheckConstraint("kind IN ('image', 'speech')", name="kind"),
    )
    op.create_index("ix_purchases_created_at", "purchases", ["created_at"])
