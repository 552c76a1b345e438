"""Files that come over HTTP: streamed to the disk, never whole in memory, and kept under their hash or not at all."""

import asyncio
import re
import unicodedata
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from mediaposter.core.context import Context
from mediaposter.core.errors import FieldProblem, InvalidInputError
from mediaposter.core.storage import SCHEME
from mediaposter.media import repository, service
from mediaposter.media.errors import NO_ROOM, DiskFullError, MediaError, MediaLimitError
from mediaposter.media.hashing import sha256_of
from mediaposter.media.limits import MediaLimits
from mediaposter.media.models import Asset
from mediaposter.media.probe import probe_async
from mediaposter.media.service import Inspected

ORIGIN = "upload"
_UNNAMED = "the upload"
_NAME_MAX = 200
_AT_ONCE = 1 << 20  # bytes gathered before they are written: the network's own pieces are small
_SETTING = "MEDIAPOSTER_MEDIA_MAX_BYTES"


@dataclass(frozen=True)
class Received:
    """An uploaded file's asset. `existing`: the library had these bytes before."""

    asset: Asset
    existing: bool


async def receive(
    ctx: Context, pieces: AsyncIterator[bytes], *, name: str = "", content_type: str = "", announced: int | None = None
) -> Received:
    """Take a file in and return its asset; the same bytes are one asset.

    `name` is what the sender calls it, percent-encoded; `announced` its length in bytes where that is known. Raises
    MediaLimitError as soon as it is too large, MediaError for what is no media, DiskFullError, InvalidInputError for a
    form. Whatever goes wrong, also a sender that stops, leaves nothing behind.
    """
    if content_type.startswith("multipart/"):
        fix = "Send the bytes of the file as the body, with the file's own type as Content-Type."
        raise InvalidInputError(
            "The file came inside a form.", fix=fix, errors=[FieldProblem("Content-Type", "not multipart", fix)]
        )
    called = display_name(name)
    limits = MediaLimits.of(ctx.settings)
    draft = ctx.storage.scratch(".upload")
    try:
        with _room(draft.parent), _named(called or _UNNAMED):
            _check_size(announced or 0, limits, called)
            await _write(pieces, draft, limits, called)
            facts = await probe_async(draft, limits)
            digest = await sha256_of(draft)
            key = service.content_key(digest, facts)
            await ctx.storage.put(key, draft)
    finally:
        draft.unlink(missing_ok=True)
    found = Inspected(f"{SCHEME}{key}", key, None, digest, facts)
    async with ctx.database.session() as session:
        known = await repository.by_content(session, sha256=digest, source_uri=found.source_uri)
        asset = known or await service.record(session, found, origin=ORIGIN)
        asset.name = asset.name or called or None
        await session.flush()
        return Received(asset, existing=known is not None)


def display_name(header: str) -> str:
    """Return the last part of a percent-encoded file name, without what must not be shown."""
    last = re.split(r"[/\\]", unquote(header))[-1]
    clean = "".join(character for character in last if unicodedata.category(character)[0] != "C")
    return " ".join(clean.split())[:_NAME_MAX].strip(" .")


async def _write(pieces: AsyncIterator[bytes], draft: Path, limits: MediaLimits, called: str) -> None:
    size = 0
    gathered = bytearray()
    with draft.open("wb") as file:
        async for piece in pieces:
            size += len(piece)
            _check_size(size, limits, called)
            gathered += piece
            if len(gathered) >= _AT_ONCE:
                await asyncio.to_thread(file.write, bytes(gathered))
                gathered.clear()
        await asyncio.to_thread(file.write, bytes(gathered))
    if not size:
        raise MediaError(called or _UNNAMED, "it is empty", fix="Send the bytes of the file as the body.")


def _check_size(size: int, limits: MediaLimits, called: str) -> None:
    if size > limits.max_bytes:
        most = f"it is larger than {limits.max_bytes} bytes, which is the most that is taken"
        raise MediaLimitError(called or _UNNAMED, most, setting=_SETTING)


@contextmanager
def _room(folder: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise DiskFullError(folder) from error
        raise


@contextmanager
def _named(called: str) -> Generator[None]:
    """Let an error name the file as its sender does: the draft's name tells nobody anything."""
    try:
        yield
    except MediaError as error:
        error.file = called
        error.detail = f"{called}: {error.problem}"
        error.args = (error.detail,)
        raise
