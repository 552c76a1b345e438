"""Bluesky: posts of text, pictures or a video on a personal data server, by XRPC.

The key of a post's record is made of its publication, so the same publication is the same record however often it is
sent, and `find` looks at exactly that record. Words that are links, hashtags or mentions are marked by facets, whose
positions count UTF-8 bytes (docs.bsky.app, "Links, mentions, and rich text").
"""

import base64
import hashlib
import json
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, ClassVar

import regex
from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import SettingsConfigDict

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import (
    Absent,
    ChannelAccount,
    Confirmation,
    ConfirmState,
    Found,
    Handle,
    Metrics,
    Outgoing,
    Prepared,
    Timing,
    Unreadable,
)
from mediaposter.publishing.channel_settings import ChannelSettings
from mediaposter.publishing.connection import Check, Identity, Paste, check_of
from mediaposter.publishing.connection import Field as Pasted
from mediaposter.publishing.copy import Counting
from mediaposter.publishing.errors import ChannelError, RejectedError, RetryLaterError
from mediaposter.publishing.materials import Material, chunks, materials
from mediaposter.publishing.models import Kind
from mediaposter.publishing.platform import Answer, Complaint, ErrorRule, Means, Platform
from mediaposter.publishing.rules import ChannelRules, ImageRules, Limit, MediaRules, TextRules, caption

_DOCS = "https://docs.bsky.app/docs/advanced-guides/rate-limits"
_POST = "app.bsky.feed.post"
_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"  # base32-sortable, atproto.com/specs/tid
_LEAST_LEFT = 600  # seconds that a session must still last when a post is made ready
_PIECE = 1 << 20
_SESSION_OVER = ("ExpiredToken", "InvalidToken", "AuthMissing")
_AGAIN = "Make a new app password under Settings > Privacy and security, then: mediaposter accounts connect bluesky"
_LINK = regex.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
_TAG = regex.compile(r"(?<![\w#])#([\p{L}\p{N}_]*[\p{L}_][\p{L}\p{N}_]*)")
_MENTION = regex.compile(r"(?<![\w@.])@((?:[a-zA-Z0-9-]+\.)+[a-zA-Z]{2,})")


class BlueskySettings(ChannelSettings):
    """Settings of the `bluesky` channel."""

    model_config = SettingsConfigDict(env_prefix="MEDIAPOSTER_BLUESKY_")

    base_url: str = Field(
        default="https://bsky.social", description="The data server of accounts that name none of their own."
    )


class BlueskyTarget(BaseModel):
    """How a post is made."""

    model_config = ConfigDict(extra="forbid")

    languages: list[str] = Field(default=["en"], max_length=3, description="Languages of the text, such as en.")


def _complaint(answer: Answer) -> Complaint:
    told: dict[str, Any] = answer.data if isinstance(answer.data, dict) else {}
    return Complaint(str(told.get("error", "")), str(told.get("message", "")))


PLATFORM = Platform(
    "bluesky",
    errors=(
        # A session that ended made nothing; the next attempt opens another, which an app password must allow.
        *(ErrorRule(Means.LATER, code=code, after=1) for code in _SESSION_OVER),
        ErrorRule(Means.RECONNECT, code="AuthenticationRequired", fix=_AGAIN),
        ErrorRule(Means.RECONNECT, code="AccountTakedown", fix="Bluesky has taken the account down: ask its support."),
        ErrorRule(Means.REJECTED, code="BlobTooLarge", fix="Make the file smaller."),
        ErrorRule(
            Means.REJECTED, code="InvalidRequest", fix="Read what Bluesky says and change the text or the media."
        ),
        ErrorRule(Means.LATER, status=429, after=300),
    ),
    reads=_complaint,
    guarded=True,
)


class BlueskyChannel:
    """One record of the account's repository is one post."""

    name: ClassVar[str] = "bluesky"
    title: ClassVar[str] = "Bluesky"
    settings: ClassVar[type[BlueskySettings]] = BlueskySettings
    target: ClassVar[type[BlueskyTarget]] = BlueskyTarget
    connect: ClassVar[Paste] = Paste(
        fields=(
            Pasted("identifier", "Handle", "such as garden.bsky.social", secret=False),
            Pasted("password", "App password", "Settings > Privacy and security > App passwords"),
            Pasted("service", "Data server", "leave empty for bsky.social", secret=False, required=False),
        ),
        help_url="https://bsky.app/settings/app-passwords",
    )
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(
            counting=Counting.GRAPHEMES,
            description_max=300,
            alt_text_max=2000,
            thread_max=24,
        ),
        media=MediaRules(
            images_max=4,
            duration_max=180,
            size_max=100_000_000,
            image=ImageRules(formats=("mjpeg", "png", "webp"), size_max=976_000, width_max=2000, height_max=2000),
        ),
        # 5,000 points an hour, 3 for a new record: 1,666 records; and 35,000 points a day.
        limits=(Limit(1_666, 3600, source=_DOCS), Limit(11_666, 86_400, source=_DOCS)),
        source=_DOCS,
        read_on=date(2026, 11, 23),
    )
    timing: ClassVar[Timing] = Timing(prepare=900, commit=30, settle=60, poll=2, confirm=120)

    def __init__(self) -> None:
        # Access tokens by data server and did: opening a session is tightly limited.
        self._sessions: dict[tuple[str, str], str] = {}

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        """Open a session that lasts, and upload the media: blobs that no record names are cleared away."""
        account = outgoing.account
        await self._token(account)
        blobs: list[JsonObject] = []
        for material in await materials(outgoing, self.rules):
            answer = await self._ask(
                account,
                "POST",
                "com.atproto.repo.uploadBlob",
                headers={"Content-Type": material.mime, "Content-Length": str(material.size)},
                content=chunks(material, _PIECE),
            )
            blobs.append({"blob": answer.body["blob"], "video": material.is_video, "ratio": _ratio(material)})
        return Prepared(data={"blobs": blobs, "mentions": await self._mentions(outgoing)})

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        """Create the record under the key of its publication."""
        account = outgoing.account
        answer = await self._ask(
            account,
            "POST",
            "com.atproto.repo.createRecord",
            creating=True,
            json={
                "repo": account.external_id,
                "collection": _POST,
                "rkey": record_key(outgoing.id),
                "record": self._record(outgoing, prepared),
            },
        )
        uri = str(answer.body["uri"])
        return Handle(external_id=uri, url=_page(account, uri), answer={"uri": uri, "cid": answer.body.get("cid")})

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:
        """Say that it is public: a record that was made is."""
        return Confirmation(
            state=ConfirmState.PUBLISHED,
            external_id=handle.external_id,
            url=_page(outgoing.account, handle.external_id),
        )

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        """Look the record up by the key of its publication."""
        account = outgoing.account
        asked = {"repo": account.external_id, "collection": _POST, "rkey": record_key(outgoing.id)}
        try:
            answer = await PLATFORM.ask("GET", _url(account, "com.atproto.repo.getRecord"), params=asked)
        except RejectedError as error:
            if "could not locate record" in error.detail.lower() or "(RecordNotFound)" in error.detail:
                return Absent(evidence=f"The repository has no record {asked['rkey']}.")
            return Unreadable(evidence=error.detail, again=True)
        except ChannelError as error:
            return Unreadable(evidence=error.detail, again=True)
        uri = str(answer.body["uri"])
        return Found(
            external_id=uri,
            url=_page(account, uri),
            evidence=f"The repository has the record {asked['rkey']}.",
            answer={"uri": uri, "cid": answer.body.get("cid")},
        )

    async def identify(self, credentials: JsonObject) -> Sequence[Identity]:
        """Open a session and return whose it is."""
        service = str(credentials.get("service") or BlueskySettings().base_url).rstrip("/")
        told = await _open(service, credentials)
        handle = str(told["handle"])
        kept = {"service": service, "identifier": handle, "password": credentials["password"]}
        return [Identity(external_id=str(told["did"]), handle=handle, name=handle, credentials=kept)]

    async def check(self, account: ChannelAccount) -> Sequence[Check]:
        """Open a session, or see that the present one lasts."""
        try:
            await self._token(account)
        except ChannelError as error:
            return [check_of(error)]
        return [Check("token", ok=True, says=f"The app password opens a session as {account.handle}.")]

    async def measure(self, account: ChannelAccount, external_id: str) -> Metrics | None:
        """Return the counts that app.bsky.feed.getPosts gives; None when the post is gone."""
        answer = await self._ask(account, "GET", "app.bsky.feed.getPosts", params={"uris": external_id})
        posts: list[JsonObject] = answer.body.get("posts", [])
        if not posts:
            return None
        post = posts[0]
        shares = int(post.get("repostCount", 0)) + int(post.get("quoteCount", 0))
        return Metrics(likes=post.get("likeCount"), comments=post.get("replyCount"), shares=shares, raw=post)

    def _record(self, outgoing: Outgoing, prepared: Prepared) -> JsonObject:
        text = caption(outgoing.copy, self.rules.text)
        made_at = outgoing.armed_at or datetime.now(UTC)
        record: JsonObject = {
            "$type": _POST,
            "text": text,
            "createdAt": made_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "langs": outgoing.target_as(BlueskyTarget).languages,
            "facets": facets(text, prepared.data.get("mentions", {})),
        }
        if embed := _embed(outgoing, prepared.data.get("blobs", [])):
            record["embed"] = embed
        if outgoing.kind is not Kind.POST and outgoing.under is not None:
            under = outgoing.under
            record["reply"] = {
                "root": _reference(under.root_answer, under.root_id),
                "parent": _reference(under.answer, under.external_id),
            }
        return record

    async def _mentions(self, outgoing: Outgoing) -> dict[str, str]:
        """Resolve the handles that the text names; one that nobody has stays plain text."""
        found: dict[str, str] = {}
        for handle in {one.group(1) for one in _MENTION.finditer(caption(outgoing.copy, self.rules.text))}:
            try:
                answer = await self._ask(
                    outgoing.account, "GET", "com.atproto.identity.resolveHandle", params={"handle": handle}
                )
            except RejectedError:
                continue
            found[handle] = str(answer.body["did"])
        return found

    async def _ask(self, account: ChannelAccount, method: str, endpoint: str, **request: Any) -> Answer:
        """Ask as the account, and forget a session that the data server says is over."""
        try:
            return await PLATFORM.ask(method, _url(account, endpoint), token=await self._token(account), **request)
        except ChannelError as error:
            if error.answer and error.answer.get("error") in _SESSION_OVER:
                self._sessions.pop(_session_of(account), None)
            raise

    async def _token(self, account: ChannelAccount) -> str:
        token = self._sessions.get(_session_of(account))
        if token is None or _ends(token) - time.time() < _LEAST_LEFT:
            try:
                told = await _open(_service(account), account.credentials)
            except RetryLaterError:
                if token is not None and _ends(token) > time.time():
                    return token
                raise
            token = self._sessions[_session_of(account)] = str(told["accessJwt"])
        return token


async def _open(service: str, credentials: JsonObject) -> JsonObject:
    answer = await PLATFORM.ask(
        "POST",
        f"{service}/xrpc/com.atproto.server.createSession",
        json={"identifier": credentials["identifier"], "password": credentials["password"]},
    )
    return answer.body


def record_key(publication_id: str) -> str:
    """Return the record key of a publication: a TID (atproto.com/specs/tid), the same however often it is asked for."""
    digest = int.from_bytes(hashlib.sha256(publication_id.encode()).digest()[:8], "big")
    number = digest & ((1 << 63) - 1)
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(60, -1, -5))


def facets(text: str, mentions: dict[str, str]) -> list[JsonObject]:
    """Return the facets of the links, hashtags and known mentions of a text, by their UTF-8 bytes, in order."""
    found: list[tuple[int, int, JsonObject]] = []
    for one in _LINK.finditer(text):
        found.append((*one.span(), {"$type": "app.bsky.richtext.facet#link", "uri": one.group()}))
    linked = [(start, end) for start, end, _ in found]
    for one in _TAG.finditer(text):
        found.append((*one.span(), {"$type": "app.bsky.richtext.facet#tag", "tag": one.group(1)}))
    for one in _MENTION.finditer(text):
        if did := mentions.get(one.group(1)):
            found.append((*one.span(), {"$type": "app.bsky.richtext.facet#mention", "did": did}))
    made: list[JsonObject] = []
    for start, end, feature in sorted(found, key=lambda one: one[0]):
        inside = any(first <= start < last for first, last in linked) and "uri" not in feature
        if inside:  # the fragment of a link is not a hashtag
            continue
        index = {"byteStart": len(text[:start].encode()), "byteEnd": len(text[:end].encode())}
        made.append({"index": index, "features": [feature]})
    return made


def _embed(outgoing: Outgoing, blobs: list[JsonObject]) -> JsonObject | None:
    alt = outgoing.copy.alt_text or ""
    if not blobs:
        link = outgoing.copy.link
        if link is None:
            return None
        external = {"uri": link, "title": outgoing.copy.title or outgoing.link_label or link, "description": ""}
        return {"$type": "app.bsky.embed.external", "external": external}
    first = blobs[0]
    if first["video"]:
        return {"$type": "app.bsky.embed.video", "video": first["blob"], "alt": alt, "aspectRatio": first["ratio"]}
    images = [{"image": one["blob"], "alt": alt, "aspectRatio": one["ratio"]} for one in blobs]
    return {"$type": "app.bsky.embed.images", "images": images}


def _reference(answer: JsonObject, uri: str) -> JsonObject:
    return {"uri": answer.get("uri", uri), "cid": answer.get("cid")}


def _ratio(material: Material) -> JsonObject:
    video = material.facts.video
    return {"width": video.width, "height": video.height} if video else {"width": 1, "height": 1}


def _service(account: ChannelAccount) -> str:
    return str(account.credentials.get("service") or BlueskySettings().base_url).rstrip("/")


def _session_of(account: ChannelAccount) -> tuple[str, str]:
    return _service(account), account.external_id


def _url(account: ChannelAccount, method: str) -> str:
    return f"{_service(account)}/xrpc/{method}"


def _page(account: ChannelAccount, uri: str) -> str:
    return f"https://bsky.app/profile/{account.handle}/post/{uri.rpartition('/')[2]}"


def _ends(token: str) -> float:
    """Return when an access token ends (epoch seconds), by what it says of itself; 0 when it cannot be read."""
    try:
        body = token.split(".")[1]
        return float(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["exp"])
    except (ValueError, KeyError, IndexError):
        return 0.0
