"""Tables of the core room."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001_core"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "workers",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("app_version", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("process_start", sa.Text(), nullable=False),
        sa.Column("heartbeat_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.Column("end_reason", sa.Text()),
        sa.Column("recovered_at", _MOMENT),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_index(
        "ix_workers_unrecovered", "workers", ["app_version"], postgresql_where=sa.text("recovered_at IS NULL")
    )
    op.create_index("ix_workers_created_at", "workers", ["created_at"])
    op.create_table(
        "events",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("sequence", sa.BigInteger(), unique=True),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("data", JSONB(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_index("ix_events_unsequenced", "events", ["position"], postgresql_where=sa.text("sequence IS NULL"))
    op.create_index("ix_events_subject_sequence", "events", ["subject", "sequence"])
    op.create_index("ix_events_created_at", "events", ["created_at"])
    op.execute("CREATE SEQUENCE event_sequence AS bigint")
    op.create_table(
        "event_cursors",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "timeline",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("missed", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), unique=True),
        sa.Column("data", JSONB(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("workflow_id", sa.Text()),
        sa.Column("started_at", _MOMENT),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'started', 'skipped', 'cancelled')", name="state"),
        sa.CheckConstraint("missed IN ('run_once', 'catch_up', 'skip')", name="missed"),
    )
    op.create_index("ix_timeline_waiting", "timeline", ["due_at"], postgresql_where=sa.text("state = 'waiting'"))
    op.create_index("ix_timeline_subject", "timeline", ["subject"])
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False, unique=True),
        sa.Column("scopes", JSONB(), nullable=False),
        sa.Column("last_used_at", _MOMENT),
        sa.Column("revoked_at", _MOMENT),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
