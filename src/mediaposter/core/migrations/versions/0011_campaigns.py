"""Campaigns: what is to be said where and when, and each tweet."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011_campaigns"
down_revision = "0010_power"
branch_labels = None
depends_on = None

_MOMENT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    """Create the tables. Tweets that runs had put on the timeline before there was an engine for them are let go."""
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("plan", JSONB(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), unique=True),
        sa.Column("run_id", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("begins_at", _MOMENT, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint("state IN ('running', 'paused', 'ended')", name="state"),
    )
    op.create_index("ix_campaigns_run_id", "campaigns", ["run_id"])
    op.create_table(
        "tweets",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("campaign_id", sa.Text(), sa.ForeignKey("campaigns.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("slot_at", _MOMENT, nullable=False),
        sa.Column("local", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("offer_id", sa.Text()),
        sa.Column("with_link", sa.Boolean(), nullable=False),
        sa.Column("texts", JSONB(), nullable=False),
        sa.Column("asset_id", sa.Text()),
        sa.Column("writer", sa.Text()),
        sa.Column("post_id", sa.Text()),
        sa.Column("cost_micros", sa.BigInteger()),
        sa.Column("currency", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.UniqueConstraint("campaign_id", "slot_at", name="uq_tweets_campaign_id_slot_at"),
        sa.CheckConstraint("state IN ('planned', 'written', 'edited', 'handed_over', 'skipped')", name="state"),
        sa.CheckConstraint("kind IN ('offer', 'value', 'engagement', 'video', 'story')", name="kind"),
    )
    op.create_index("ix_tweets_campaign_id_number", "tweets", ["campaign_id", "number"])
    op.execute(
        "UPDATE timeline SET state = 'cancelled', note = 'Planned before there were campaigns; create one instead.'"
        " WHERE kind = 'campaigns.tweet' AND state = 'waiting'"
    )
