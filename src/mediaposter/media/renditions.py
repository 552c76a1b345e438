"""Files derived from others by a recipe: addressed by what goes in, made once, found again ever after."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakValueDictionary

from mediaposter.core.context import Context
from mediaposter.core.db import JsonObject
from mediaposter.core.errors import NotFoundError
from mediaposter.core.ids import new_id
from mediaposter.core.locks import locked
from mediaposter.core.storage import SCHEME
from mediaposter.media import repository
from mediaposter.media.facts import AssetKind
from mediaposter.media.hashing import sha256_of
from mediaposter.media.limits import MediaLimits
from mediaposter.media.models import Asset
from mediaposter.media.probe import probe_async

Make = Callable[[Path], Awaitable[object]]
_here: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


@dataclass(frozen=True)
class Recipe:
    """How a rendition is made. Whatever changes its bytes is in it; raise `version` when the code does."""

    name: str
    version: int
    params: JsonObject = field(default_factory=dict[str, object])
    suffix: str = ".mp4"

    def key(self, inputs: Sequence[Asset]) -> str:
        """Return the address of the rendition of `inputs`, in this order: a sha256 in hex."""
        told = {
            "name": self.name,
            "version": self.version,
            "params": self.params,
            "suffix": self.suffix,
            "inputs": [asset.sha256 for asset in inputs],
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


async def rendition(ctx: Context, recipe: Recipe, inputs: Sequence[Asset], make: Make) -> Asset:
    """Return the rendition of `inputs` by `recipe`, made by `make(path)` when it is not there yet.

    However many ask at once, in however many processes, it is made once; a maker that was killed leaves nothing that
    counts, and the next one begins afresh. `make` writes the file at the path it is given. No transaction is held
    meanwhile, only a lock. Raises what `make` raises, and MediaError when its result is no media.
    """
    key = recipe.key(inputs)
    storage_key = f"renditions/{key[:2]}/{key}{recipe.suffix}"
    async with _here.setdefault(key, asyncio.Lock()):  # one of this process asks the database, the others wait for it
        if (known := await _known(ctx, key, storage_key)) is not None:
            return known
        async with locked(ctx.database, f"rendition:{key}"):
            # It may have been finished between the look and the lock.
            return await _known(ctx, key, storage_key) or await _make(ctx, recipe, inputs, storage_key, make)


async def _known(ctx: Context, key: str, storage_key: str) -> Asset | None:
    async with ctx.database.session() as session:
        asset = await repository.by_recipe_key(session, key)
    if asset is None:
        return None
    try:
        await ctx.storage.local_path(storage_key)
    except NotFoundError:
        return None  # the row outlived its file; it is made again
    return asset


async def _make(ctx: Context, recipe: Recipe, inputs: Sequence[Asset], storage_key: str, make: Make) -> Asset:
    key = recipe.key(inputs)
    if not await ctx.storage.exists(storage_key):
        # One name for every try of this rendition: what a killed maker left is overwritten by the next.
        draft = ctx.storage.scratch().with_name(f"{key}{recipe.suffix}")
        draft.unlink(missing_ok=True)
        try:
            await make(draft)
            await ctx.storage.put(storage_key, draft)
        finally:
            draft.unlink(missing_ok=True)
    path = await ctx.storage.local_path(storage_key)
    facts = await probe_async(path, MediaLimits.of(ctx.settings))
    asset = Asset(
        id=new_id("asset"),
        sha256=await sha256_of(path),
        source_uri=f"{SCHEME}{storage_key}",
        storage_key=storage_key,
        source_mtime_ns=None,
        kind=AssetKind(facts.kind),
        facts=facts.model_dump(mode="json"),
        size_bytes=facts.size_bytes,
        origin=recipe.name,
        recipe={
            "name": recipe.name,
            "version": recipe.version,
            "params": recipe.params,
            "inputs": [{"id": source.id, "sha256": source.sha256} for source in inputs],
        },
        recipe_key=key,
        created_at=ctx.clock(),
    )
    async with ctx.database.session() as session:
        return await repository.put_rendition(session, asset)
