"""Where media bytes lie: a folder by default, any object store (S3, Supabase, R2, MinIO) by setting.

Everything is addressed by a key such as `renditions/ab/abcd...mp4` and written once: a key never changes its bytes.
ffmpeg needs real files, so each key has a local path; with a remote store the local folder is a cache.
"""

import asyncio
import mimetypes
import os
import re
import shutil
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, LocalStore, ObjectStore, S3Store, from_url

from mediaposter.core.embedded.folder import start_of
from mediaposter.core.errors import NotConfiguredError, NotFoundError
from mediaposter.core.settings import Settings

SCHEME = "storage://"
_LONGEST_SIGNATURE = timedelta(days=7)


class Storage:
    """Stored files by key. `folder` holds them, or caches them when `remote` is the true store."""

    def __init__(self, folder: Path, remote: ObjectStore | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.remote = remote

    def scratch(self, suffix: str = "") -> Path:
        """Return a new path on the same disk for work in progress. The caller moves or deletes it.

        Its name says which process works on it, for `clear_scratch`.
        """
        folder = self.folder / "scratch"
        folder.mkdir(exist_ok=True)
        return folder / f"{_mark_of(os.getpid())}.{uuid.uuid4().hex}{suffix}"

    def clear_scratch(self, before: datetime) -> list[str]:
        """Delete what dead processes left unfinished and nobody has touched since `before`. Blocks; returns the names.

        The work of a living process of this machine stays however old it is; that of another machine goes by its age.
        """
        cleared: list[str] = []
        for path in list((self.folder / "scratch").glob("*")):
            if _last_touched(path) >= before.timestamp() or _is_held(path.name):
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
            cleared.append(path.name)
        return cleared

    async def put(self, key: str, file: Path) -> None:
        """Move `file` into the store under `key`: whole or not at all. A key that exists is left as it is."""
        target = self._path(key)
        if not target.exists():
            await asyncio.to_thread(_move_durably, file, target)
        else:
            file.unlink(missing_ok=True)
        await self.share(key, target)

    async def share(self, key: str, file: Path) -> None:
        """Copy `file` into the remote store under `key`; it stays where it is. Without a remote store, do nothing."""
        if isinstance(self.remote, AzureStore | GCSStore | S3Store):
            kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
            await obstore.put_async(self.remote, key, file, attributes={"Content-Type": kind})
        elif self.remote is not None:
            await obstore.put_async(self.remote, key, file)

    async def is_shared(self, key: str) -> bool:
        """Say whether the remote store has `key`."""
        if self.remote is None:
            return False
        try:
            await obstore.head_async(self.remote, key)
        except FileNotFoundError:
            return False
        return True

    @property
    def signs(self) -> bool:
        """Whether the remote store gives out addresses that the world can fetch from."""
        return isinstance(self.remote, AzureStore | GCSStore | S3Store)

    async def address(self, key: str, valid: timedelta) -> str | None:
        """Return a signed address from which the world can GET `key` for so long; None where the store signs none.

        S3 keeps a signature for seven days at most.
        """
        if not isinstance(self.remote, AzureStore | GCSStore | S3Store):
            return None
        return await obstore.sign_async(self.remote, "GET", key, min(valid, _LONGEST_SIGNATURE))

    async def exists(self, key: str) -> bool:
        """Say whether `key` is stored."""
        return self._path(key).exists() or await self.is_shared(key)

    async def local_path(self, key: str) -> Path:
        """Return a real file with the bytes of `key`, fetched first when it is only remote. Raises NotFoundError."""
        path = self._path(key)
        if path.exists():
            return path
        if self.remote is None:
            raise NotFoundError(f"There is no stored file {key}.", fix="Make it again: run the step that made it.")
        draft = self.scratch(path.suffix)
        try:
            result = await obstore.get_async(self.remote, key)
            with draft.open("wb") as file:
                async for chunk in result.stream():
                    file.write(chunk)
        except FileNotFoundError as error:
            draft.unlink(missing_ok=True)
            raise NotFoundError(
                f"There is no stored file {key}.", fix="Make it again: run the step that made it."
            ) from error
        await asyncio.to_thread(_move_durably, draft, path)
        return path

    async def delete(self, key: str) -> None:
        """Remove `key`, here and in the remote store."""
        self._path(key).unlink(missing_ok=True)
        if self.remote is not None:
            await obstore.delete_async(self.remote, key)

    def _path(self, key: str) -> Path:
        path = (self.folder / key).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise NotFoundError(f"{key!r} is not a storage key.")
        return path


def load_storage(settings: Settings) -> Storage:
    """Return the storage of the settings: the folder `media` of the home, or that as a cache of `storage_url`."""
    return Storage(settings.home / "media", _remote_store(settings) if settings.storage_url else None)


def _remote_store(settings: Settings) -> ObjectStore:
    assert settings.storage_url is not None
    options: dict[str, Any] = {}
    if settings.storage_endpoint:
        options["endpoint"] = settings.storage_endpoint
    if settings.storage_region:
        options["region"] = settings.storage_region
    if settings.storage_access_key_id:
        options["access_key_id"] = settings.storage_access_key_id.get_secret_value()
    if settings.storage_secret_access_key:
        options["secret_access_key"] = settings.storage_secret_access_key.get_secret_value()
    if settings.storage_endpoint and settings.storage_endpoint.startswith("http://"):
        options["client_options"] = {"allow_http": True}
    if settings.storage_url.startswith("file://"):
        return LocalStore(Path(settings.storage_url.removeprefix("file://")), mkdir=True)
    try:
        return from_url(settings.storage_url, **options)
    except (ValueError, BaseError) as error:
        raise NotConfiguredError(
            "MEDIAPOSTER_STORAGE_URL",
            f"MEDIAPOSTER_STORAGE_URL cannot be used: {' '.join(str(error).split())}",
            fix="Write it like s3://bucket/prefix (or gs://, az://, file:///folder), or unset it for a folder.",
        ) from error


def _mark_of(pid: int) -> str | None:
    """Return a process's id with its start, which no later process with the same id shares; None when it is dead."""
    started = start_of(pid)
    return f"{pid}-{re.sub(r'[^0-9A-Za-z]', '', started)}" if started else None


def _is_held(name: str) -> bool:
    mark = name.partition(".")[0]
    pid = mark.partition("-")[0]
    return pid.isdecimal() and len(pid) < 10 and _mark_of(int(pid)) == mark


def _last_touched(path: Path) -> float:
    """Return when a file, or the newest of a folder, was written to; a moment that never comes when it just went."""
    try:
        return max(one.stat().st_mtime for one in (path, *path.rglob("*")))
    except FileNotFoundError:
        return float("inf")


def _move_durably(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.stat().st_dev != target.parent.stat().st_dev:
        draft = target.with_name(f".{uuid.uuid4().hex}")
        shutil.copyfile(source, draft)
        source.unlink()
        source = draft
    with source.open("rb") as file:
        os.fsync(file.fileno())
    source.replace(target)
