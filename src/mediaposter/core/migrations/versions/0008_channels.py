"""Publishing everywhere: posts of any media, threads, limits, money, connecting accounts, and the switch for all."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008_channels"
down_revision = "0007_pipeline"
branch_labels = None
depends_on = None

_MOMENT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    """Move what is there, then make room for the rest."""
    _posts()
    _accounts()
    _publications()
    _new_tables()


def _posts() -> None:
    op.add_column("posts", sa.Column("asset_ids", JSONB()))
    op.execute("UPDATE posts SET asset_ids = jsonb_build_array(asset_id)")
    op.alter_column("posts", "asset_ids", nullable=False)
    op.drop_index("ix_posts_asset_id", "posts")
    op.drop_column("posts", "asset_id")
    op.create_index("ix_posts_asset_ids", "posts", ["asset_ids"], postgresql_using="gin")
    op.add_column("posts", sa.Column("generated", sa.Boolean(), nullable=False, server_default=sa.false()))


def _accounts() -> None:
    op.add_column("accounts", sa.Column("target", JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")))
    op.add_column("accounts", sa.Column("burst", JSONB()))
    op.add_column("accounts", sa.Column("budget", JSONB()))
    op.add_column("accounts", sa.Column("scopes", JSONB(), nullable=False, server_default=sa.text("'[]'::jsonb")))
    op.add_column("accounts", sa.Column("connected_at", _MOMENT))
    op.add_column("accounts", sa.Column("credentials_expire_at", _MOMENT))


def _publications() -> None:
    op.add_column("publications", sa.Column("part", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("publications", sa.Column("kind", sa.Text(), nullable=False, server_default="post"))
    op.create_check_constraint("kind", "publications", "kind IN ('post', 'reply', 'comment')")
    op.add_column(
        "publications", sa.Column("parent_id", sa.Text(), sa.ForeignKey("publications.id", ondelete="CASCADE"))
    )
    op.drop_constraint(op.f("uq_publications_post_id_account_id"), "publications")
    op.create_unique_constraint(None, "publications", ["post_id", "account_id", "part"])
    op.create_index("ix_publications_parent_id", "publications", ["parent_id"])
    op.add_column("publications", sa.Column("slot_at", _MOMENT))
    op.add_column("publications", sa.Column("cost_micros", sa.BigInteger()))
    op.add_column("publications", sa.Column("currency", sa.Text()))
    op.add_column("publications", sa.Column("sealed_prepared", sa.Text()))
    op.add_column("publications", sa.Column("allow_repeat", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("publications", sa.Column("preflight", JSONB()))
    op.create_index("ix_publications_account_id_slot_at", "publications", ["account_id", "slot_at"])
    op.add_column("publication_attempts", sa.Column("account_id", sa.Text()))
    op.execute(
        "UPDATE publication_attempts SET account_id = publications.account_id FROM publications"
        " WHERE publications.id = publication_attempts.publication_id"
    )
    op.alter_column("publication_attempts", "account_id", nullable=False)
    op.add_column("publication_attempts", sa.Column("armed_at", _MOMENT))
    # Of attempts that went out before this, the present one's moment is the publication's; earlier ones are unknown.
    op.execute(
        "UPDATE publication_attempts SET armed_at = publications.armed_at FROM publications"
        " WHERE publications.id = publication_attempts.publication_id"
        " AND publications.attempt = publication_attempts.number"
    )
    op.create_index("ix_publication_attempts_account_id_armed_at", "publication_attempts", ["account_id", "armed_at"])


def _new_tables() -> None:
    op.create_table(
        "connections",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text()),
        sa.Column("state_hash", sa.Text(), nullable=False, unique=True),
        sa.Column("sealed_verifier", sa.Text(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("sealed_found", sa.Text()),
        sa.Column("problem", JSONB()),
        sa.Column("result", JSONB()),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "switches",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("thrown_at", _MOMENT, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "pace_slots",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_index("ix_pace_slots_key_at", "pace_slots", ["key", "at"])
    op.create_table(
        "uploads",
        sa.Column("channel", sa.Text(), primary_key=True),
        sa.Column("owner", sa.Text(), primary_key=True),
        sa.Column("sha256", sa.Text(), primary_key=True),
        sa.Column("data", JSONB(), nullable=False),
        sa.Column("expires_at", _MOMENT),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
