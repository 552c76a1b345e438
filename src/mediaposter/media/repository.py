"""Every query of the media room."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.media.facts import AssetKind
from mediaposter.media.models import Asset


async def get(session: AsyncSession, asset_id: str) -> Asset | None:
    """Return one asset, or None."""
    return await session.get(Asset, asset_id)


async def by_content(session: AsyncSession, *, sha256: str, source_uri: str) -> Asset | None:
    """Return the asset with these bytes from this source, or None."""
    return await session.scalar(select(Asset).where(Asset.sha256 == sha256, Asset.source_uri == source_uri))


async def by_recipe_key(session: AsyncSession, recipe_key: str) -> Asset | None:
    """Return the rendition made by this recipe out of these inputs, or None."""
    return await session.scalar(select(Asset).where(Asset.recipe_key == recipe_key))


async def add(session: AsyncSession, asset: Asset) -> Asset:
    """Store `asset`, or return the one that is stored already with these bytes from this source."""
    await session.execute(insert(Asset).values(_values(asset)).on_conflict_do_nothing())
    stored = await by_content(session, sha256=asset.sha256, source_uri=asset.source_uri)
    assert stored is not None
    return stored


async def put_rendition(session: AsyncSession, asset: Asset) -> Asset:
    """Store the rendition `asset`; one made again because its file was lost keeps its id and gets the new facts."""
    values = _values(asset)
    fresh = {name: values[name] for name in ("sha256", "facts", "size_bytes", "kind")}
    statement = insert(Asset).values(values).on_conflict_do_update(index_elements=[Asset.recipe_key], set_=fresh)
    stored = await session.scalar(statement.returning(Asset), execution_options={"populate_existing": True})
    assert stored is not None
    return stored


def _values(asset: Asset) -> dict[str, Any]:
    return {column.key: getattr(asset, column.key) for column in Asset.__mapper__.column_attrs}


async def list_newest(
    session: AsyncSession, *, kind: AssetKind | None, origin: str | None, before: str | None, limit: int
) -> Sequence[Asset]:
    """Return assets, newest first; `before` is the id of the last one of the page before."""
    query = select(Asset).order_by(Asset.id.desc()).limit(limit)
    if kind is not None:
        query = query.where(Asset.kind == kind)
    if origin is not None:
        query = query.where(Asset.origin == origin)
    if before is not None:
        query = query.where(Asset.id < before)
    return (await session.scalars(query)).all()
