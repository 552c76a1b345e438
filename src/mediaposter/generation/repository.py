"""Every query of the generation room."""

from collections.abc import Sequence

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.generation.models import Clip, ClipBatch, ClipState


async def get_clip(session: AsyncSession, clip_id: str, *, lock: bool = False) -> Clip | None:
    """Return a clip, locked for the rest of the transaction when asked."""
    query = select(Clip).where(Clip.id == clip_id)
    return await session.scalar(
        query.with_for_update() if lock else query, execution_options={"populate_existing": lock}
    )


async def clips_of(session: AsyncSession, owner_id: str, *, lock: bool = False) -> Sequence[Clip]:
    """Return the clips of an owner, in order."""
    query = select(Clip).where(Clip.owner_id == owner_id).order_by(Clip.position)
    return (
        await session.scalars(query.with_for_update() if lock else query, execution_options={"populate_existing": lock})
    ).all()


async def made_before(session: AsyncSession, content_key: str) -> Clip | None:
    """Return the newest finished clip with the same content."""
    query = (
        select(Clip)
        .where(Clip.content_key == content_key, Clip.state == ClipState.DONE, Clip.asset_id.is_not(None))
        .order_by(Clip.created_at.desc())
        .limit(1)
    )
    return await session.scalar(query)


async def get_batch(session: AsyncSession, batch_id: str, *, lock: bool = False) -> ClipBatch | None:
    """Return a batch."""
    query = select(ClipBatch).where(ClipBatch.id == batch_id)
    return await session.scalar(
        query.with_for_update() if lock else query, execution_options={"populate_existing": lock}
    )


async def lock_owner(session: AsyncSession, owner_id: str) -> None:
    """Let one transaction at a time go on that spends for the clips of an owner."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"clips:{owner_id}"}
    )
