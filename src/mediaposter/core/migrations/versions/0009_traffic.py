"""Traffic: what a post was made from, whose publication a link is, conversions, readings, and the trail."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009_traffic"
down_revision = "0008_channels"
branch_labels = None
depends_on = None

_MOMENT = sa.TIMESTAMP(timezone=True)
_OBJECT = sa.text("'{}'::jsonb")
_LIST = sa.text("'[]'::jsonb")


def upgrade() -> None:
    """Add the columns and tables, and the view that leads from a link to all that brought it."""
    _posts()
    _offers()
    _conversions()
    _readings()
    _trail()


def _posts() -> None:
    op.add_column("posts", sa.Column("recipe", JSONB(), nullable=False, server_default=_OBJECT))
    op.add_column("posts", sa.Column("prompts", JSONB(), nullable=False, server_default=_LIST))
    op.add_column("posts", sa.Column("clip_ids", JSONB(), nullable=False, server_default=_LIST))
    # Of posts that runs made before this, the run knows the prompts and the clips.
    op.execute(
        "UPDATE posts SET prompts = coalesce(runs.config -> 'prompts', '[]'::jsonb),"
        " clip_ids = coalesce(run_stages.outputs -> 'asset_ids', '[]'::jsonb)"
        " FROM runs LEFT JOIN run_stages ON run_stages.run_id = runs.id AND run_stages.name = 'generate'"
        " WHERE runs.id = posts.run_id"
    )


def _offers() -> None:
    op.add_column("offers", sa.Column("click_parameter", sa.Text(), server_default="mp_click"))
    op.add_column("offers", sa.Column("sealed_postback_secret", sa.Text()))
    op.add_column("offers", sa.Column("sealed_stripe_secret", sa.Text()))
    op.add_column("offer_links", sa.Column("publication_id", sa.Text()))
    op.execute("UPDATE offer_links SET publication_id = content WHERE content LIKE 'pub\\_%'")
    op.create_index("ix_offer_links_publication_id", "offer_links", ["publication_id"])
    op.create_index("ix_offer_clicks_created_at", "offer_clicks", ["created_at"])


def _conversions() -> None:
    op.create_table(
        "offer_conversions",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("offer_id", sa.Text(), sa.ForeignKey("offers.id"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text()),
        sa.Column("link_id", sa.Text(), sa.ForeignKey("offer_links.id")),
        sa.Column("first_link_id", sa.Text(), sa.ForeignKey("offer_links.id")),
        sa.Column("click_id", sa.Text(), sa.ForeignKey("offer_clicks.id")),
        sa.Column("first_click_id", sa.Text(), sa.ForeignKey("offer_clicks.id")),
        sa.Column("matched_by", sa.Text(), nullable=False),
        sa.Column("refunds", sa.Text()),
        sa.Column("data", JSONB(), nullable=False),
        sa.Column("occurred_at", _MOMENT, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.UniqueConstraint(
            "offer_id", "source", "external_id", name="uq_offer_conversions_offer_id_source_external_id"
        ),
        sa.CheckConstraint("kind IN ('lead', 'sale', 'refund')", name="kind"),
        sa.CheckConstraint("source IN ('postback', 'snippet', 'csv', 'stripe')", name="source"),
        sa.CheckConstraint("matched_by IN ('click', 'visitor', 'link', 'none')", name="matched_by"),
    )
    op.create_index("ix_offer_conversions_link_id_occurred_at", "offer_conversions", ["link_id", "occurred_at"])
    op.create_index("ix_offer_conversions_first_link_id", "offer_conversions", ["first_link_id"])


def _readings() -> None:
    op.create_table(
        "metric_snapshots",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("publication_id", sa.Text(), sa.ForeignKey("publications.id", ondelete="CASCADE"), nullable=False),
        sa.Column("account_id", sa.Text(), sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("age", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("taken_at", _MOMENT, nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger())
            for name in ("impressions", "views", "reach", "likes", "comments", "shares", "saves", "clicks")
        ),
        sa.Column("watch_seconds", sa.Float()),
        sa.Column("link_clicks", sa.BigInteger(), nullable=False),
        sa.Column("raw", JSONB(), nullable=False),
        sa.Column("problem", JSONB()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.UniqueConstraint("publication_id", "age", name="uq_metric_snapshots_publication_id_age"),
        sa.CheckConstraint("state IN ('taken', 'removed', 'unavailable')", name="state"),
    )
    op.create_index("ix_metric_snapshots_account_id_age", "metric_snapshots", ["account_id", "age", "taken_at"])
    op.add_column("publications", sa.Column("removed_at", _MOMENT))


def _trail() -> None:
    op.execute(
        "CREATE VIEW link_trails AS"
        " SELECT offer_links.id AS link_id, offer_links.slug, offer_links.offer_id, offer_links.campaign,"
        "  offer_links.channel, offer_links.placement, offer_links.publication_id,"
        "  coalesce(publications.account_id, offer_links.account_id) AS account_id, publications.post_id,"
        "  publications.url AS publication_url, coalesce(publications.run_id, offer_links.run_id) AS run_id,"
        "  posts.recipe, posts.prompts, posts.clip_ids, posts.asset_ids"
        " FROM offer_links LEFT JOIN publications ON publications.id = offer_links.publication_id"
        " LEFT JOIN posts ON posts.id = publications.post_id"
    )
