"""Talking to Blotato: its settings, what its errors mean, files that go up once, and reads in its pace."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import regex
from pydantic import Field
from pydantic_settings import SettingsConfigDict
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from mediaposter.core import context
from mediaposter.core.db import JsonObject
from mediaposter.core.locks import locked
from mediaposter.publishing.channel_settings import ChannelSettings
from mediaposter.publishing.errors import RetryLaterError
from mediaposter.publishing.materials import Material, chunks
from mediaposter.publishing.models import Upload
from mediaposter.publishing.pacing import take_turn
from mediaposter.publishing.platform import Answer, Complaint, ErrorRule, Means, Platform
from mediaposter.publishing.rules import Limit

_SECONDS = regex.compile(r"(\d+)\s*(?:s\b|sec)")
_KEPT = timedelta(days=7)  # how long a file at Blotato is used again
_UPLOAD_WAIT = 600.0  # seconds that an upload waits for its turn
_READ_WAIT = 20.0  # seconds that a page of a list waits for its turn
_A_PAGE = 250  # entries: the most that Blotato gives
_PAGES = 8


class BlotatoSettings(ChannelSettings):
    """Settings of the `blotato` channel. The limits are those of one key, as Blotato's documentation names them."""

    model_config = SettingsConfigDict(env_prefix="MEDIAPOSTER_BLOTATO_")

    base_url: str = Field(default="https://backend.blotato.com/v2", description="Blotato's API.")
    posts_a_minute: int = Field(default=30, ge=1, description="Posts that Blotato takes of a key in a minute.")
    reads_a_minute: int = Field(
        default=60,
        ge=1,
        description="Reads of each kind (a post, lists, counts, comments) that a key may make in a minute.",
    )
    uploads_a_minute: int = Field(default=30, ge=1, description="Files that a key may bring up in a minute.")
    first_look: float = Field(default=10, ge=0, description="Seconds before the first look at a post.")


def _complaint(answer: Answer) -> Complaint:
    told: dict[str, Any] = answer.data if isinstance(answer.data, dict) else {}
    said: Any = told.get("message") or told.get("error") or told.get("errorMessage") or answer.text[:200]
    message = "; ".join(map(str, said)) if isinstance(said, list) else str(said)
    wait = _SECONDS.search(message.lower()) if answer.status == 429 else None
    return Complaint(str(told.get("code") or ""), message, timedelta(seconds=int(wait.group(1))) if wait else None)


_KEY = "Copy the whole key (it may end in =) from my.blotato.com/settings/api: mediaposter accounts connect blotato"
PLATFORM = Platform(
    "blotato",
    errors=(
        ErrorRule(Means.LATER, status=429, after=60),
        ErrorRule(Means.RECONNECT, status=401, fix=_KEY),
        ErrorRule(Means.RECONNECT, status=403, fix="The subscription does not cover it: see my.blotato.com/settings."),
        ErrorRule(
            Means.REJECTED,
            status=404,
            fix="The account is not connected at Blotato any more: mediaposter accounts sync blotato",
        ),
        ErrorRule(Means.REJECTED, says="credits", fix="Buy credits at my.blotato.com, then retry."),
        ErrorRule(Means.REJECTED, status=400, fix="Read what Blotato says and change the text, media or target."),
        ErrorRule(Means.REJECTED, status=422, fix="Read what Blotato says and change the text, media or target."),
    ),
    reads=_complaint,
)


async def call(
    credentials: JsonObject,
    method: str,
    path: str,
    *,
    creating: bool = False,
    params: dict[str, str] | None = None,
    json: Any = None,
    fine: Sequence[int] = (),
    timeout: float | None = None,  # noqa: ASYNC109 - of the one request
) -> Answer:
    """Ask with a key. Raises what the table of errors says."""
    return await PLATFORM.ask(
        method,
        f"{BlotatoSettings().base_url.rstrip('/')}{path}",
        creating=creating,
        headers={"blotato-api-key": str(credentials["api_key"])},
        params=params,
        json=json,
        fine=fine,
        timeout=timeout,
    )


def owner_of(credentials: JsonObject) -> str:
    """Return a name for a key that tells nothing of it: what its limits and its files are kept under."""
    return hashlib.sha256(str(credentials["api_key"]).encode()).hexdigest()[:16]


async def may_read(credentials: JsonObject, kind: str, *, within: float) -> bool:
    """Wait for this key's turn to make a read of a kind. False when it does not come within that many seconds.

    All open posts of a key share its reads, however many they are and whichever worker looks.
    """
    limit = Limit(BlotatoSettings().reads_a_minute, 60)
    return await take_turn(context.current(), f"blotato:{kind}:{owner_of(credentials)}", limit, within=within)


async def pages(credentials: JsonObject, path: str, params: dict[str, str], *, kind: str) -> list[dict[str, Any]]:
    """Return every entry of a list, newest first.

    Raises RetryLaterError when it cannot be read to its end now: what is missing from a part of it proves nothing.
    """
    found: list[dict[str, Any]] = []
    asked = {"limit": str(_A_PAGE), **params}
    for _ in range(_PAGES):
        if not await may_read(credentials, kind, within=_READ_WAIT):
            raise RetryLaterError("The reads of the key are used up for now.", after=timedelta(minutes=1))
        told = (await call(credentials, "GET", path, params=asked)).body
        if not isinstance(told.get("items"), list):
            raise RetryLaterError(f"Blotato's list {path} has a shape that is not understood.")
        found += told["items"]
        if not told.get("cursor"):
            return found
        asked["cursor"] = str(told["cursor"])
    raise RetryLaterError(f"Blotato's list {path} has more than {len(found)} entries.")


async def upload(credentials: JsonObject, material: Material) -> str:
    """Return the address of a file at Blotato, brought up once for all accounts of the key."""
    ctx, owner = context.current(), owner_of(credentials)
    async with locked(ctx.database, f"upload:blotato:{owner}:{material.sha256}"):
        if known := await _known(owner, material.sha256):
            return known
        limit = Limit(BlotatoSettings().uploads_a_minute, 60)
        if not await take_turn(ctx, f"blotato:uploads:{owner}", limit, within=_UPLOAD_WAIT):
            raise RetryLaterError("Many files go up to Blotato; this one waits.", after=timedelta(minutes=5))
        asked = (await call(credentials, "POST", "/media/uploads", json={"filename": material.filename})).body
        await _STORE.ask(
            "PUT",
            str(asked["presignedUrl"]),
            headers={"Content-Type": material.mime, "Content-Length": str(material.size)},
            content=chunks(material, 1 << 20),
            timeout=900,
        )
        address = str(asked["publicUrl"])
        values = {
            "channel": "blotato",
            "owner": owner,
            "sha256": material.sha256,
            "data": {"url": address},
            "expires_at": ctx.clock() + _KEPT,
            "created_at": ctx.clock(),
        }
        keys = ["channel", "owner", "sha256"]
        async with ctx.database.session() as session:
            made = insert(Upload).values(values)
            renewed = {"data": made.excluded.data, "expires_at": made.excluded.expires_at}
            await session.execute(made.on_conflict_do_update(index_elements=keys, set_=renewed))
        return address


async def forget(credentials: JsonObject, addresses: Sequence[str]) -> None:
    """Let files be brought up anew: something was wrong with what lies at these addresses, or it is gone."""
    if not addresses:
        return
    async with context.current().database.session() as session:
        mine = Upload.channel == "blotato", Upload.owner == owner_of(credentials)
        await session.execute(delete(Upload).where(*mine, Upload.data["url"].astext.in_(addresses)))


_STORE = Platform("blotato", secret_urls=True)  # the address to put a file at is signed


async def _known(owner: str, sha256: str) -> str | None:
    ctx = context.current()
    async with ctx.database.session() as session:
        row = await session.get(Upload, ("blotato", owner, sha256))
    if row is None or (row.expires_at is not None and row.expires_at <= ctx.clock()):
        return None
    return str(row.data["url"])
