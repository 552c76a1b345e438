"""Sleep and wake: how each worker process stands."""

import sqlalchemy as sa
from alembic import op

revision = "0010_power"
down_revision = "0009_traffic"
branch_labels = None
depends_on = None

_MOMENT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "power_states",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("process_start", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("told_to_sleep", sa.Boolean(), nullable=False),
        sa.Column("next_wake_at", _MOMENT),
        sa.Column("next_trigger", sa.Text()),
        sa.Column("last_trigger", sa.Text()),
        sa.Column("sleeps", sa.Integer(), nullable=False),
        sa.Column("slept_seconds", sa.Float(), nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint("mode IN ('awake', 'draining', 'asleep', 'waking')", name="mode"),
    )
