"""Alembic's entry point. `mediaposter.core.migrate` hands the connection over; there is no ini file."""

from alembic import context

from mediaposter.core.db import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, transaction_per_migration=True
)
with context.begin_transaction():
    context.run_migrations()
