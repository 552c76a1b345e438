"""Tables of the publishing room: accounts, posts, the ledger, the site, and the visitors' daily salt."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005_publishing"
down_revision = "0004_analysis"
branch_labels = None
depends_on = None

_MOMENT = sa.TIMESTAMP(timezone=True)
_OUTCOMES = "outcome IN ('planned', 'armed', 'sent', 'confirmed', 'rejected', 'unknown', 'cancelled')"
_COUNTABLE = "what IN ('view', 'play', 'link')"


def upgrade() -> None:
    """Create the tables."""
    _ledger()
    _site()


def _ledger() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("groups", JSONB(), nullable=False),
        sa.Column("profile", JSONB(), nullable=False),
        sa.Column("sealed_credentials", sa.Text()),
        sa.Column("paused_at", _MOMENT),
        sa.Column("paused_reason", sa.Text()),
        sa.Column("held_until", _MOMENT),
        sa.Column("problem", JSONB()),
        sa.Column("archived_at", _MOMENT),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.UniqueConstraint("channel", "external_id"),
    )
    op.create_table(
        "posts",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    for column in ("asset_id", "run_id", "created_at"):
        op.create_index(f"ix_posts_{column}", "posts", [column])
    op.create_table(
        "publications",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("post_id", sa.Text(), sa.ForeignKey("posts.id"), nullable=False),
        sa.Column("account_id", sa.Text(), sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("run_id", sa.Text()),
        sa.Column("link_id", sa.Text()),
        sa.Column("link_label", sa.Text()),
        sa.Column("copy", JSONB(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("due_at", _MOMENT),
        sa.Column("armed_at", _MOMENT),
        sa.Column("armed_by", sa.Text()),
        sa.Column("sent_at", _MOMENT),
        sa.Column("settled_at", _MOMENT),
        sa.Column("handle", JSONB()),
        sa.Column("external_id", sa.Text()),
        sa.Column("url", sa.Text()),
        sa.Column("problem", JSONB()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.UniqueConstraint("post_id", "account_id"),
        sa.CheckConstraint(_OUTCOMES, name="outcome"),
    )
    for column in ("account_id", "run_id", "link_id", "outcome"):
        op.create_index(f"ix_publications_{column}", "publications", [column])
    op.create_table(
        "publication_attempts",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("publication_id", sa.Text(), sa.ForeignKey("publications.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("request", JSONB()),
        sa.Column("answer", JSONB()),
        sa.Column("problem", JSONB()),
        sa.Column("trail", JSONB(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.UniqueConstraint("publication_id", "number"),
        sa.CheckConstraint(_OUTCOMES, name="outcome"),
    )


def _site() -> None:
    op.create_table(
        "visitor_salts",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "site_posts",
        sa.Column("publication_id", sa.Text(), sa.ForeignKey("publications.id"), primary_key=True),
        sa.Column("account_id", sa.Text(), sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("hashtags", JSONB(), nullable=False),
        sa.Column("alt_text", sa.Text(), nullable=False),
        sa.Column("link_url", sa.Text()),
        sa.Column("link_label", sa.Text()),
        sa.Column("video_asset_id", sa.Text(), nullable=False),
        sa.Column("poster_asset_id", sa.Text(), nullable=False),
        sa.Column("video_bytes", sa.BigInteger(), nullable=False),
        sa.Column("duration", sa.Double(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("published_at", _MOMENT, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.UniqueConstraint("account_id", "slug"),
    )
    op.create_index("ix_site_posts_account_id_published_at", "site_posts", ["account_id", "published_at"])
    op.create_table(
        "site_visits",
        sa.Column("subject", sa.Text(), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("what", sa.Text(), primary_key=True),
        sa.Column("visitor", sa.Text(), primary_key=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint(_COUNTABLE, name="what"),
    )
    op.create_index("ix_site_visits_day", "site_visits", ["day"])
    op.create_table(
        "site_counts",
        sa.Column("subject", sa.Text(), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("what", sa.Text(), primary_key=True),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("robots", sa.Integer(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint(_COUNTABLE, name="what"),
    )
    op.create_table(
        "site_likes",
        sa.Column(
            "publication_id",
            sa.Text(),
            sa.ForeignKey("site_posts.publication_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("liker", sa.Text(), primary_key=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_index("ix_site_likes_publication_id_origin", "site_likes", ["publication_id", "origin"])
