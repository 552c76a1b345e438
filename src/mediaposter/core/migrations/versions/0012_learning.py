"""Tables of learning: scores, decisions, adjustments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012_learning"
down_revision = "0011_campaigns"
branch_labels = None
depends_on = None

_MOMENT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "scores",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("publication_id", sa.Text(), sa.ForeignKey("publications.id", ondelete="CASCADE"), nullable=False),
        sa.Column("post_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("age", sa.Text(), nullable=False),
        sa.Column("taken_at", _MOMENT, nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("shown", sa.BigInteger()),
        sa.Column("recipe", JSONB(), nullable=False),
        sa.Column("rates", JSONB(), nullable=False),
        sa.Column("z", JSONB(), nullable=False),
        sa.Column("baselines", JSONB(), nullable=False),
        sa.Column("reward", sa.Float()),
        sa.Column("score", sa.Float()),
        sa.Column("labels", JSONB(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.UniqueConstraint("publication_id", "age"),
    )
    op.create_index("ix_scores_account_id_taken_at", "scores", ["account_id", "taken_at"])
    op.create_index("ix_scores_taken_at", "scores", ["taken_at"])
    op.create_table(
        "decisions",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("subject", sa.Text()),
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text()),
        sa.Column("options", JSONB(), nullable=False),
        sa.Column("recipe", JSONB(), nullable=False),
        sa.Column("how", JSONB(), nullable=False),
        sa.Column("hold_out", sa.Boolean(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("rules", JSONB(), nullable=False),
        sa.Column("posterior", JSONB(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint("goal IN ('default', 'followers', 'leads', 'purchases')", name="goal"),
    )
    op.create_index("ix_decisions_subject", "decisions", ["subject"])
    op.create_index("ix_decisions_created_at", "decisions", ["created_at"])
    op.create_table(
        "adjustments",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Text()),
        sa.Column("value", sa.Text()),
        sa.Column("account_id", sa.Text()),
        sa.Column("since", _MOMENT),
        sa.Column("reason", sa.Text()),
        sa.Column("undone_at", _MOMENT),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('pin', 'exclude', 'revert')", name="kind"),
    )
    op.create_index("ix_adjustments_created_at", "adjustments", ["created_at"])
