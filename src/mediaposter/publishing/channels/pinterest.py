"""Pinterest: pins with a picture, a carousel of pictures of equal size, or a video, on a board."""

import asyncio
import base64
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from mediaposter.core import context
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
from mediaposter.publishing.connection import Check, Identity, OAuth, check_of
from mediaposter.publishing.errors import (
    ChannelError,
    OutcomeUnknownError,
    RejectedError,
    RetryLaterError,
)
from mediaposter.publishing.matching import same_text
from mediaposter.publishing.materials import Material, materials, poster
from mediaposter.publishing.platform import Answer, ErrorRule, Means, Platform
from mediaposter.publishing.rules import (
    ChannelRules,
    ImageRules,
    Limit,
    LinkPolicy,
    MediaRules,
    TextRules,
    caption,
)

_DOCS = "https://developers.pinterest.com/docs/api/v5/pins-create"
_EARLIER = timedelta(minutes=2)  # how far Pinterest's clock may be behind ours
_PAGES = 8  # of 250 pins each, that `find` reads
_METRICS = ("IMPRESSION", "OUTBOUND_CLICK", "PIN_CLICK", "SAVE", "VIDEO_MRC_VIEW", "VIDEO_V50_WATCH_TIME")
_WINDOW = timedelta(days=89)  # analytics reach 90 days back

PLATFORM = Platform(
    "pinterest",
    errors=(
        ErrorRule(Means.LATER, status=429),
        ErrorRule(Means.RECONNECT, status=401),
        ErrorRule(
            Means.REJECTED,
            status=403,
            says="trial",
            fix="The app has trial access, whose pins only its owner sees: ask Pinterest for standard access.",
        ),
        ErrorRule(Means.REJECTED, code="29", fix="The account may not write to this board: choose one of its own."),
        ErrorRule(Means.REJECTED, status=404, creating=True, fix="Check `board_id` in the account's target."),
        ErrorRule(
            Means.REJECTED, says="block", fix="The site of the link or the link itself is blocked: take the link out."
        ),
        ErrorRule(Means.REJECTED, says="board", fix="Check `board_id` in the account's target: a number of its own."),
        ErrorRule(Means.REJECTED, says="image", fix="Use JPEG or PNG pictures of at most 20 MB, all of one size."),
    ),
)


class PinterestSettings(ChannelSettings):
    """Settings of the `pinterest` channel."""

    model_config = SettingsConfigDict(env_prefix="MEDIAPOSTER_PINTEREST_")

    base_url: str = Field(
        default="https://api.pinterest.com/v5",
        description="Pinterest's API; https://api-sandbox.pinterest.com/v5 for apps with trial access.",
    )
    client_id: str | None = Field(default=None, description="App id, from developers.pinterest.com/apps.")
    client_secret: SecretStr | None = Field(default=None, description="App secret key.")
    processing_poll: float = Field(default=5.0, description="Seconds between two looks at a video being processed.")


class PinterestTarget(BaseModel):
    """Where a pin goes."""

    model_config = ConfigDict(extra="forbid")

    board_id: str = Field(pattern=r"^\d+$", description="Number of the board.")
    board_section_id: str | None = Field(default=None, pattern=r"^\d+$", description="Number of a section of it.")


class PinterestChannel:
    """Makes one pin on the account's board."""

    name: ClassVar[str] = "pinterest"
    title: ClassVar[str] = "Pinterest"
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(
            title_max=100,
            description_max=500,  # the reference says 800; the lower documented value
            links=LinkPolicy.SEPARATE,
            alt_text_max=500,
        ),
        media=MediaRules(
            media_required=True,
            videos_max=1,
            images_max=5,
            duration_min=4,
            duration_max=300,
            size_max=2_000_000_000,
            ratio_min=0.5,
            ratio_max=1.91,
            video_codecs=("h264", "hevc"),
            image=ImageRules(size_max=20_000_000),
        ),
        limits=(
            Limit(10, 86_400, source="Blotato's advice; Pinterest documents none"),
            Limit(100, 60, source="https://developers.pinterest.com/docs/reference/ratelimits/"),
        ),
        source=_DOCS,
        read_on=date(2026, 11, 23),
    )
    timing: ClassVar[Timing] = Timing(prepare=3600, commit=120, settle=240)
    settings: ClassVar[type[PinterestSettings]] = PinterestSettings
    target: ClassVar[type[PinterestTarget]] = PinterestTarget
    connect: ClassVar[OAuth] = OAuth(
        authorize_url="https://www.pinterest.com/oauth/",
        token_url="{base_url}/oauth/token",  # noqa: S106 - an address
        scopes=("boards:read", "boards:write", "pins:read", "pins:write", "user_accounts:read"),
        scope_separator=",",
        pkce=False,
        basic_auth=True,
        help_url="https://developers.pinterest.com/apps/",
    )

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        """Upload a video and wait until Pinterest has processed it; pictures go with the pin."""
        outgoing.target_as(PinterestTarget)
        link = outgoing.copy.link
        if link and len(link) > 2048:
            raise RejectedError("The link is longer than 2048 characters.", fix="Use a shorter link.")
        files = await materials(outgoing, self.rules)
        if not files[0].is_video:
            _refuse_unequal(files)
            return Prepared(data={"media": [file.asset_id for file in files]})
        await poster(outgoing, files[0])
        return Prepared(data={"media_id": await _upload(outgoing.account, files[0])})

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        """Make the pin."""
        target = outgoing.target_as(PinterestTarget)
        files = await materials(outgoing, self.rules)
        pin: dict[str, Any] = {
            "board_id": target.board_id,
            "title": outgoing.copy.title.strip(),
            "description": caption(outgoing.copy, self.rules.text),
            "media_source": await _media_source(outgoing, prepared, files),
        }
        if target.board_section_id:
            pin["board_section_id"] = target.board_section_id
        if outgoing.copy.link:
            pin["link"] = outgoing.copy.link
        if outgoing.copy.alt_text:
            pin["alt_text"] = outgoing.copy.alt_text
        answer = await _ask(
            outgoing.account.credentials, "POST", "/pins", creating=True, timeout=self.timing.commit, json=pin
        )
        number = answer.body.get("id")
        if not number:
            raise OutcomeUnknownError("pinterest answered without a pin.", answer=answer.kept())
        return Handle(external_id=str(number), url=_permalink(number), answer={"id": number})

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:
        """Read the pin back."""
        path = f"/pins/{handle.external_id}"
        answer = await _ask(outgoing.account.credentials, "GET", path, fine=(404,))
        if answer.status == 404:
            return Confirmation(
                state=ConfirmState.FAILED,
                reason="The pin is not there any more.",
                fix="Look into the account's notices from Pinterest, then retry.",
                answer=answer.kept(),
            )
        return Confirmation(state=ConfirmState.PUBLISHED, external_id=handle.external_id, url=handle.url)

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        """Look for the same title and description among the pins of the account on this board."""
        target = outgoing.target_as(PinterestTarget)
        since = outgoing.armed_at - _EARLIER if outgoing.armed_at else datetime.min.replace(tzinfo=UTC)
        asked = {"page_size": "250"}
        read = 0
        for _ in range(_PAGES):
            try:
                answer = await _ask(outgoing.account.credentials, "GET", "/pins", params=asked)
            except ChannelError as error:
                return Unreadable(evidence=f"The account's pins could not be read: {error.detail}", again=True)
            items: list[dict[str, Any]] = answer.body.get("items") or []  # type: ignore[assignment]
            read += len(items)
            for pin in items:
                if _is_ours(outgoing, target, pin, since):
                    number = str(pin["id"])
                    evidence = f"Pinterest lists pin {number} with this title and description."
                    return Found(external_id=number, url=_permalink(number), evidence=evidence)
            bookmark = answer.body.get("bookmark")
            if not bookmark:
                return Absent(evidence=f"None of the account's {read} pins is this one.")
            asked["bookmark"] = str(bookmark)
        # Pinterest does not document the order of the list: a part of it proves nothing.
        return Unreadable(evidence=f"The account has more than {read} pins, and this one is not among those.")

    async def identify(self, credentials: JsonObject) -> Sequence[Identity]:
        """Return the account that gave its permission."""
        me = (await _ask(credentials, "GET", "/user_account")).body
        name = str(me["username"])
        shown = str(me.get("business_name") or name)
        scopes = str(credentials.get("scope", "")).replace(",", " ").split()
        return [Identity(str(me.get("id") or name), name, shown, credentials, scopes)]

    async def check(self, account: ChannelAccount) -> Sequence[Check]:
        """Ask whether the token is good and whether the board is there."""
        fix = "Set `board_id` in the account's target to one of its boards."
        try:
            me = (await _ask(account.credentials, "GET", "/user_account")).body
        except ChannelError as error:
            return [check_of(error)]
        checks = [Check("token", ok=True, says=f"Signed in as {me.get('username')}.")]
        board = account.target.get("board_id")
        if not board:
            return [*checks, Check("target", ok=False, says="No board is set.", fix=fix)]
        try:
            told = (await _ask(account.credentials, "GET", f"/boards/{board}")).body
        except ChannelError as error:
            return [*checks, Check("target", ok=False, says=f"The board cannot be read: {error.detail}", fix=fix)]
        return [*checks, Check("target", ok=True, says=f"The board is {told.get('name')}.")]

    async def measure(self, account: ChannelAccount, external_id: str) -> Metrics | None:
        """Return what Pinterest counted of the pin in the last 90 days."""
        today = context.current().clock().date()
        asked = {
            "start_date": (today - _WINDOW).isoformat(),
            "end_date": today.isoformat(),
            "metric_types": ",".join(_METRICS),
        }
        answer = await _ask(account.credentials, "GET", f"/pins/{external_id}/analytics", params=asked, fine=(404,))
        if answer.status == 404:
            return None
        told: Any = answer.body.get("all")
        counts: dict[str, Any] = {}
        if isinstance(told, dict):
            counts = {**(told.get("lifetime_metrics") or {}), **(told.get("summary_metrics") or {})}
        watched = counts.get("VIDEO_V50_WATCH_TIME")
        return Metrics(
            views=counts.get("VIDEO_MRC_VIEW"),
            impressions=counts.get("IMPRESSION"),
            saves=counts.get("SAVE"),
            clicks=counts.get("OUTBOUND_CLICK"),
            watch_seconds=float(watched) / 1000 if watched is not None else None,
            raw=answer.body,
        )


def _refuse_unequal(files: Sequence[Material]) -> None:
    """Refuse pictures of a carousel that differ in size: Pinterest does, after they went up."""
    sizes = {(one.facts.video.width, one.facts.video.height) for one in files if one.facts.video is not None}
    if len(sizes) > 1:
        named = ", ".join(f"{width}x{height}" for width, height in sorted(sizes))
        raise RejectedError(
            f"The pictures of a carousel must be equal in size, and these are {named}.",
            fix="Crop or scale them to the same width and height.",
        )


async def _upload(account: ChannelAccount, video: Material) -> str:
    """Register a video, upload it, and return its media id once it is processed."""
    lease = (await _ask(account.credentials, "POST", "/media", json={"media_type": "video"})).body
    number = str(lease["media_id"])
    fields: dict[str, str] = lease["upload_parameters"]  # type: ignore[assignment]
    with video.path.open("rb") as file:
        sent = {"file": (video.filename, file, video.mime)}
        await PLATFORM.ask("POST", str(lease["upload_url"]), data=fields, files=sent, timeout=2400)
    while True:
        told = (await _ask(account.credentials, "GET", f"/media/{number}")).body
        match told.get("status"):
            case "succeeded":
                return number
            case "failed":
                raise RejectedError(
                    f"Pinterest could not use the video: {told.get('failure_code') or 'no reason given'}.",
                    fix="Use an MP4 with H.264 of 4 seconds to 5 minutes, then retry.",
                    answer=told,
                )
            case "registered" | "processing":
                await asyncio.sleep(PinterestSettings().processing_poll)
            case other:
                raise RetryLaterError(f"pinterest told an unknown status of the video: {other}.", answer=told)


async def _media_source(outgoing: Outgoing, prepared: Prepared, files: Sequence[Material]) -> dict[str, Any]:
    if files[0].is_video:
        cover = await poster(outgoing, files[0])
        return {
            "source_type": "video_id",
            "media_id": prepared.data["media_id"],
            "cover_image_content_type": cover.mime,
            "cover_image_data": await _base64(cover),
        }
    if len(files) == 1:
        return {"source_type": "image_base64", "content_type": files[0].mime, "data": await _base64(files[0])}
    items = [{"content_type": file.mime, "data": await _base64(file)} for file in files]
    return {"source_type": "multiple_image_base64", "items": items, "index": 0}


async def _base64(picture: Material) -> str:
    # Pictures only, of 20 MB at most: Pinterest takes them within JSON.
    return base64.b64encode(await asyncio.to_thread(picture.path.read_bytes)).decode()


def _is_ours(outgoing: Outgoing, target: PinterestTarget, pin: dict[str, Any], since: datetime) -> bool:
    made = datetime.fromisoformat(str(pin.get("created_at", "1970-01-01T00:00:00")))
    made = made if made.tzinfo else made.replace(tzinfo=UTC)
    text = caption(outgoing.copy, PinterestChannel.rules.text)
    title, theirs = str(pin.get("title") or ""), str(pin.get("description") or "")
    return (
        made >= since
        and str(pin["id"]) not in outgoing.taken
        and str(pin.get("board_id")) == target.board_id
        and (same_text(outgoing.copy.title, title) or not (outgoing.copy.title.strip() or title))
        and (same_text(text, theirs) or not (text or theirs))
    )


def _permalink(number: object) -> str:
    return f"https://www.pinterest.com/pin/{number}/"


async def _ask(credentials: JsonObject, method: str, path: str, *, creating: bool = False, **request: Any) -> Answer:
    base = PinterestSettings().base_url.rstrip("/")
    return await PLATFORM.ask(
        method, f"{base}{path}", creating=creating, token=str(credentials["access_token"]), **request
    )
