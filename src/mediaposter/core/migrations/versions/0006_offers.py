"""Tables of the offers room: offers, tracked links, clicks."""

import sqlalchemy as sa
from alembic import op

revision = "0006_offers"
down_revision = "0005_publishing"
branch_labels = None
depends_on = None

_MOMENT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "offers",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("cta", sa.Text(), nullable=False),
        sa.Column("price_minor", sa.Integer()),
        sa.Column("currency", sa.Text()),
        sa.Column("archived_at", _MOMENT),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "offer_links",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("offer_id", sa.Text(), sa.ForeignKey("offers.id"), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False, unique=True),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), unique=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text()),
        sa.Column("placement", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text()),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    for column in ("offer_id", "account_id", "run_id"):
        op.create_index(f"ix_offer_links_{column}", "offer_links", [column])
    op.create_table(
        "offer_clicks",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("link_id", sa.Text(), sa.ForeignKey("offer_links.id"), nullable=False),
        sa.Column("visitor", sa.Text(), nullable=False),
        sa.Column("first", sa.Boolean(), nullable=False),
        sa.Column("robot", sa.Boolean(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("referrer", sa.Text()),
        sa.Column("country", sa.Text()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint("device IN ('phone', 'tablet', 'desktop', 'tv', 'robot', 'unknown')", name="device"),
    )
    op.create_index("ix_offer_clicks_link_id_created_at", "offer_clicks", ["link_id", "created_at"])
    op.create_index("ix_offer_clicks_link_id_visitor", "offer_clicks", ["link_id", "visitor"])
