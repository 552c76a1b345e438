"""What the media room can do: know files by reference, take in what we made, and find their bytes again.

Slow work (fetching, hashing, probing) comes before the first query of a function, so that the caller's transaction
stays short when the call is its first: a session takes a connection with its first query, not before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import context, http
from mediaposter.core.errors import FieldProblem, InvalidInputError, NotFoundError
from mediaposter.core.ids import new_id
from mediaposter.core.settings import Settings
from mediaposter.core.storage import SCHEME, Storage
from mediaposter.media import repository
from mediaposter.media.errors import MediaError, MediaMissingError, SourceChangedError
from mediaposter.media.facts import AssetKind, MediaFacts
from mediaposter.media.hashing import sha256_of
from mediaposter.media.limits import MediaLimits
from mediaposter.media.models import Asset
from mediaposter.media.probe import probe_async

Progress = Callable[[float], None]
ASSET = "asset:"  # before an id, where a file or an address may stand
_SUFFIXES = {
    "mov,mp4,m4a,3gp,3g2,mj2": ".mp4",
    "matroska,webm": ".mkv",
    "jpeg_pipe": ".jpg",
    "png_pipe": ".png",
    "webp_pipe": ".webp",
    "tiff_pipe": ".tiff",
    "bmp_pipe": ".bmp",
    "mpegts": ".ts",
    "mpeg": ".mpg",
}


@dataclass(frozen=True)
class Inspected:
    """A source that was read: its bytes' hash, its facts, and where the bytes are."""

    source_uri: str
    storage_key: str | None
    mtime_ns: int | None
    sha256: str
    facts: MediaFacts


async def register(
    session: AsyncSession,
    source: str,
    *,
    storage: Storage,
    limits: MediaLimits | None = None,
    settings: Settings | None = None,
    origin: str = "user",
    on_progress: Progress | None = None,
) -> Asset:
    """Make `source` known to the library and return its asset; the same source with the same bytes is one asset.

    `source` is a path, a file:// or http(s) URL, or a storage:// key. Local files stay where they are; what comes from
    the network is fetched into our storage. Raises MediaError and its kinds, InvalidInputError for another scheme,
    UrlRefusedError and DownloadError.
    """
    found = await inspect(source, storage=storage, limits=limits, settings=settings, on_progress=on_progress)
    return await record(session, found, origin=origin)


async def inspect(
    source: str,
    *,
    storage: Storage,
    limits: MediaLimits | None = None,
    settings: Settings | None = None,
    on_progress: Progress | None = None,
) -> Inspected:
    """Fetch, probe and hash `source` without touching the database. Raises what `register` raises."""
    settings = settings or context.current().settings
    limits = limits or MediaLimits.of(settings)
    scheme = urlsplit(source).scheme.lower() if "://" in source else ""
    if scheme in {"http", "https"}:
        draft = storage.scratch(".download")
        try:
            await http.download(source, draft, settings=settings, max_bytes=limits.max_bytes, on_progress=on_progress)
            facts = await probe_async(draft, limits)
            digest = await sha256_of(draft)
            key = content_key(digest, facts)
            await storage.put(key, draft)
        except MediaError as error:
            raise MediaError(source, error.problem, fix=error.fix) from error  # the draft's name tells nobody anything
        finally:
            draft.unlink(missing_ok=True)
        return Inspected(source, key, None, digest, facts)
    if scheme == "storage":
        key = source.removeprefix(SCHEME)
        path = await storage.local_path(key)
        return Inspected(
            source, key, None, await sha256_of(path, on_progress=on_progress), await probe_async(path, limits)
        )
    path = _local_file(source, scheme)
    facts = await probe_async(path, limits)  # cheap, and tells a wrong file before gigabytes are hashed
    path = path.resolve()
    mtime = path.stat().st_mtime_ns
    digest = await sha256_of(path, on_progress=on_progress)
    if path.stat().st_mtime_ns != mtime or path.stat().st_size != facts.size_bytes:
        raise SourceChangedError(path)  # somebody is still writing it
    return Inspected(path.as_uri(), None, mtime, digest, facts)


async def record(session: AsyncSession, found: Inspected, *, origin: str) -> Asset:
    """Store an inspected source and return its asset, the stored one when it is known already."""
    asset = Asset(
        id=new_id("asset"),
        sha256=found.sha256,
        source_uri=found.source_uri,
        storage_key=found.storage_key,
        source_mtime_ns=found.mtime_ns,
        kind=AssetKind(found.facts.kind),
        facts=found.facts.model_dump(mode="json"),
        size_bytes=found.facts.size_bytes,
        origin=origin,
        created_at=context.current().clock(),
    )
    return await repository.add(session, asset)


async def adopt(
    session: AsyncSession,
    file: Path,
    *,
    storage: Storage,
    origin: str,
    facts: MediaFacts | None = None,
    limits: MediaLimits | None = None,
) -> Asset:
    """Move `file`, which we made, into the storage under its hash and return its asset; the same bytes are one asset.

    `origin` says who made it ("cards", "stitch" ...). `facts` saves a second probe. Raises MediaError.
    """
    facts = facts or await probe_async(file, limits or MediaLimits.of(context.current().settings))
    digest = await sha256_of(file)
    key = content_key(digest, facts)
    await storage.put(key, file)
    return await record(session, Inspected(f"{SCHEME}{key}", key, None, digest, facts), origin=origin)


async def local_path(asset: Asset, *, storage: Storage | None = None) -> Path:
    """Return a real file with the bytes of `asset`, fetched from the remote store first when it is only there.

    A local file whose size or time of change differs from when it was registered is hashed again. Raises
    SourceChangedError when it holds other bytes, MediaMissingError when it is gone, NotFoundError for a lost one.
    """
    if asset.storage_key is not None:
        return await (storage or context.current().storage).local_path(asset.storage_key)
    path = _local_file(asset.source_uri, "file")
    try:
        stat = path.stat()
    except OSError as error:
        raise MediaMissingError(
            path, "it was moved or deleted after it was registered", fix="Put the file back, or register it again."
        ) from error
    untouched = stat.st_size == asset.size_bytes and stat.st_mtime_ns == asset.source_mtime_ns
    if not untouched and (stat.st_size != asset.size_bytes or await sha256_of(path) != asset.sha256):
        raise SourceChangedError(path)
    return path


async def get_asset(session: AsyncSession, asset_id: str) -> Asset:
    """Return one asset. Raises NotFoundError."""
    asset = await repository.get(session, asset_id)
    if asset is None:
        raise NotFoundError(f"There is no asset {asset_id}.", fix="List the assets with GET /api/media/assets.")
    return asset


def referred_id(source: str) -> str | None:
    """Return the id of an asset that is written as `asset:ID` where a file may stand, None for anything else."""
    return source.removeprefix(ASSET) if source.startswith(ASSET) else None


async def resolve(session: AsyncSession, source: str) -> str:
    """Return where the bytes of `asset:ID` are, as `inspect` takes it: a path, or a key of our storage.

    Anything else comes back as it is. Raises NotFoundError for an id that the library does not know.
    """
    asset_id = referred_id(source)
    if asset_id is None:
        return source
    asset = await get_asset(session, asset_id)
    if asset.storage_key is not None:
        return f"{SCHEME}{asset.storage_key}"
    return str(_local_file(asset.source_uri, "file"))


async def list_assets(
    session: AsyncSession,
    *,
    kind: AssetKind | None = None,
    origin: str | None = None,
    before: str | None = None,
    limit: int = 50,
) -> Sequence[Asset]:
    """Return assets, newest first; `before` is the id of the last one of the page before."""
    return await repository.list_newest(session, kind=kind, origin=origin, before=before, limit=limit)


def content_key(digest: str, facts: MediaFacts, *, folder: str = "assets") -> str:
    """Return the storage key of a file with the sha256 `digest`, such as `assets/ab/abcd....mp4`."""
    names = facts.container.split(",")
    suffix = _SUFFIXES.get(facts.container, f".{names[0].removesuffix('_pipe')}")
    if facts.kind == "audio" and suffix in {".mp4", ".mkv"}:
        suffix = {".mp4": ".m4a", ".mkv": ".mka"}[suffix]
    return f"{folder}/{digest[:2]}/{digest}{suffix}"


def _local_file(source: str, scheme: str) -> Path:
    if scheme == "file":
        parts = urlsplit(source)
        if parts.netloc in {"", "localhost"}:
            return Path(unquote(parts.path))
    elif not scheme:
        return Path(source).expanduser()
    rule = "is a path, a file://, http:// or https:// URL, or a storage:// key"
    raise InvalidInputError(
        f"{source} is not a source of media: it {rule}.",
        fix="Give a path or an http(s) URL.",
        errors=[FieldProblem("source", rule, "Give a path or an http(s) URL.")],
    )
