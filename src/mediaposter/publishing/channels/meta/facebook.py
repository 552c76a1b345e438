"""Facebook pages: posts of text, links, pictures, videos and reels, and first comments.

Pictures and videos are brought up unpublished; publishing them, or the post that shows them, is the one public call.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, ClassVar, Literal

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
from mediaposter.publishing.channels.meta import counting, pages, reading
from mediaposter.publishing.channels.meta.api import VERSION, Graph, GraphSettings, graph, rest_of, send_file
from mediaposter.publishing.connection import Check, Identity, OAuth, check_of
from mediaposter.publishing.copy import Counting
from mediaposter.publishing.errors import ChannelError, RejectedError
from mediaposter.publishing.materials import Material, materials
from mediaposter.publishing.models import Kind
from mediaposter.publishing.platform import ErrorRule, Means
from mediaposter.publishing.rules import ChannelRules, ImageRules, Limit, MediaRules, TextRules, caption

_DOCS = "https://developers.facebook.com/docs/pages-api/posts"
_REELS = "https://developers.facebook.com/docs/video-api/guides/reels-publishing"
_REEL_SECONDS = (3.0, 90.0)


class FacebookSettings(GraphSettings):
    """Settings of the `facebook` channel."""

    model_config = SettingsConfigDict(env_prefix="MEDIAPOSTER_FACEBOOK_")

    ai_label: bool = Field(
        default=True,
        description="Tell Facebook of generated reels by is_ai_generated. Meta's reference does not name it there "
        "(2026-11-23): it is Instagram's, and other publishers offer it for reels.",
    )


_REFUSED = ErrorRule(
    Means.REJECTED, says="is_ai_generated", fix="Set MEDIAPOSTER_FACEBOOK_AI_LABEL=false and label the reel by hand."
)
_TABLE = graph("facebook")
GRAPH = Graph(replace(_TABLE, errors=(_REFUSED, *_TABLE.errors)), FacebookSettings)


class FacebookTarget(BaseModel):
    """How a post is made."""

    model_config = ConfigDict(extra="forbid")

    video: Literal["auto", "reel", "video"] = Field(
        default="auto", description="What a video becomes; auto: an upright one of 3 to 90 seconds is a reel."
    )


class FacebookChannel:
    """A post, a video or a reel of a page."""

    name: ClassVar[str] = "facebook"
    title: ClassVar[str] = "Facebook"
    settings: ClassVar[type[FacebookSettings]] = FacebookSettings
    target: ClassVar[type[FacebookTarget]] = FacebookTarget
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(
            counting=Counting.UTF16,
            title_max=255,
            description_max=63_206,
            first_comment=True,
            comment_max=8000,
        ),
        media=MediaRules(
            images_max=10,
            duration_min=1,
            duration_max=14_400,
            size_max=4_000_000_000,
            width_max=4096,
            height_max=4096,
            fps_max=60,
            containers=("mp4", "mov"),
            image=ImageRules(formats=("mjpeg", "png"), size_max=4_000_000),
        ),
        limits=(Limit(30, 86_400, source=_REELS),),
        source=_DOCS,
        read_on=date(2026, 11, 23),
    )
    timing: ClassVar[Timing] = Timing(prepare=3600, commit=90, settle=240, poll=5, confirm=3600)
    connect: ClassVar[OAuth] = OAuth(
        authorize_url=f"https://www.facebook.com/{VERSION}/dialog/oauth",
        token_url=f"{{base_url}}/{VERSION}/oauth/access_token",
        scopes=("pages_show_list", "pages_read_engagement", "pages_manage_posts"),
        optional_scopes=("pages_manage_engagement", "read_insights", "business_management"),
        scope_separator=",",
        pkce=False,
        help_url="https://developers.facebook.com/apps",
    )

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        """Bring pictures or the video up, unpublished."""
        target = outgoing.target_as(FacebookTarget)
        if outgoing.kind is Kind.COMMENT:
            return Prepared()
        files = await materials(outgoing, self.rules)
        if not files:
            return Prepared()
        if files[0].is_video:
            return Prepared(data=await self._video(outgoing.account, target, files[0]))
        return Prepared(data={"photos": [await self._photo(outgoing, one) for one in files]})

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        """Publish the video, or create the post or the comment."""
        path, body = self._publishing(outgoing, prepared)
        answer = await GRAPH.ask(outgoing.account, "POST", path, creating=True, timeout=self.timing.commit, json=body)
        # A video keeps its own id: by that it is read, counted and commented, and found again.
        video = prepared.data.get("video_id")
        number = str(video or answer.body.get("post_id") or answer.body["id"])
        known = {"video_id": number} if video else {"id": number}
        return Handle(external_id=number, answer=known, rest=rest_of(answer))

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:
        """Say where it is; a video is public when Facebook has processed it."""
        ask = GRAPH.of(outgoing.account)
        if outgoing.kind is Kind.COMMENT:
            return Confirmation(state=ConfirmState.PUBLISHED, external_id=handle.external_id)
        video = handle.answer.get("video_id")
        if not video:
            url = await reading.permalink(ask, handle.external_id, "permalink_url")
            return Confirmation(state=ConfirmState.PUBLISHED, external_id=handle.external_id, url=url)
        told = (await ask("GET", f"/{video}", params={"fields": "status,permalink_url"})).body
        return _of_video(handle.external_id, told)

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        """Ask the video whether it was published, or look for the post in the page's feed."""
        ask = GRAPH.of(outgoing.account)
        if outgoing.kind is Kind.COMMENT:
            return await reading.find_comment(ask, outgoing, text="message", words=outgoing.copy.description)
        video = outgoing.prepared.data.get("video_id") if outgoing.prepared else None
        if video:
            return await self._find_video(ask, str(video))
        listing = f"/{outgoing.account.external_id}/published_posts"
        words = caption(outgoing.copy, self.rules.text)
        return await reading.find_listed(
            ask, outgoing, listing=listing, text="message", words=words, when="created_time"
        )

    async def identify(self, credentials: JsonObject) -> Sequence[Identity]:
        """Return the pages that the user may post to, each with a token of its own."""
        listed = await pages.listed(GRAPH, credentials)
        found = [
            Identity(
                str(one["id"]),
                str(one.get("username") or one["name"]),
                str(one["name"]),
                {"access_token": str(one["access_token"])},
                pages.scopes_of(credentials),
            )
            for one in listed
            if "tasks" not in one or "CREATE_CONTENT" in one["tasks"]
        ]
        if not found:
            raise RejectedError(
                "No page was granted that the user may post to.",
                fix="Connect it again and choose the pages; the user needs the task Content on them.",
            )
        return found

    async def check(self, account: ChannelAccount) -> Sequence[Check]:
        """Ask whether the page's token is good."""
        try:
            told = (await GRAPH.ask(account, "GET", f"/{account.external_id}", params={"fields": "name"})).body
        except ChannelError as error:
            return [check_of(error)]
        return [Check("token", ok=True, says=f"It may act as the page {told.get('name')}.")]

    async def measure(self, account: ChannelAccount, external_id: str) -> Metrics | None:
        """Return the counts of a post or a video, or None when it is gone. Views need read_insights."""
        return await counting.measure(GRAPH.of(account), external_id)

    async def _find_video(self, ask: reading.Ask, video: str) -> Found | Absent | Unreadable:
        try:
            told = (await ask("GET", f"/{video}", params={"fields": "status,permalink_url"})).body
        except ChannelError as error:
            return Unreadable(evidence=f"The video could not be read: {error.detail}", again=True)
        seen = _of_video(video, told)
        state: dict[str, Any] = told.get("status") or {}
        begun, worked = (
            str((state.get(name) or {}).get("status")) for name in ("publishing_phase", "processing_phase")
        )
        evidence = f"The video {video} is {state.get('video_status')}: its processing {worked}, its publishing {begun}."
        if seen.state is ConfirmState.FAILED or (begun == "not_started" and worked == "complete"):
            return Absent(evidence=f"{evidence} {seen.reason}".strip())
        if begun not in ("in_progress", "complete"):
            # While Facebook processes a video, it says so before `finish` and after it alike.
            return Unreadable(evidence=f"{evidence} That proves nothing.", again=True)
        working = seen.state is ConfirmState.PROCESSING
        return Found(external_id=video, url=seen.url, evidence=evidence, answer={"video_id": video}, working=working)

    def _publishing(self, outgoing: Outgoing, prepared: Prepared) -> tuple[str, JsonObject]:
        """Return where the one public call goes, and with what."""
        page, words = outgoing.account.external_id, caption(outgoing.copy, self.rules.text)
        if outgoing.kind is Kind.COMMENT and outgoing.under is not None:
            return f"/{outgoing.under.external_id}/comments", {"message": outgoing.copy.description}
        if prepared.data.get("video_id"):
            finish: JsonObject = {"upload_phase": "finish", "description": words, **prepared.data["finish"]}
            if outgoing.copy.title:
                finish["title"] = outgoing.copy.title
            if outgoing.generated and prepared.data["edge"] == "video_reels" and FacebookSettings().ai_label:
                finish["is_ai_generated"] = True
            return f"/{page}/{prepared.data['edge']}", finish
        photos: list[str] = prepared.data.get("photos", [])
        body: JsonObject = {"message": words}
        if photos:
            body["attached_media"] = [{"media_fbid": one} for one in photos]
        elif outgoing.copy.link:
            body["link"] = outgoing.copy.link
        return f"/{page}/feed", body

    async def _photo(self, outgoing: Outgoing, picture: Material) -> str:
        account = outgoing.account
        alt = {"alt_text_custom": outgoing.copy.alt_text} if outgoing.copy.alt_text else {}
        with picture.path.open("rb") as file:
            answer = await GRAPH.ask(
                account,
                "POST",
                f"/{account.external_id}/photos",
                data={"published": "false", **alt},
                files={"source": (picture.filename, file, picture.mime)},
                timeout=300,
            )
        return str(answer.body["id"])

    async def _video(self, account: ChannelAccount, target: FacebookTarget, video: Material) -> JsonObject:
        if not _is_reel(target, video):
            return await self._long_video(account, video)
        begun = (await GRAPH.ask(account, "POST", f"/{account.external_id}/video_reels", json=_start(video))).body
        await send_file(GRAPH.platform, str(begun["upload_url"]), str(account.credentials["access_token"]), video)
        number = str(begun["video_id"])
        return {"video_id": number, "edge": "video_reels", "finish": {"video_id": number, "video_state": "PUBLISHED"}}

    async def _long_video(self, account: ChannelAccount, video: Material) -> JsonObject:
        """Bring a video up in the pieces that Facebook asks for."""
        path = f"/{account.external_id}/videos"
        begun = (await GRAPH.ask(account, "POST", path, json=_start(video))).body
        session, start, end = str(begun["upload_session_id"]), int(begun["start_offset"]), int(begun["end_offset"])
        with video.path.open("rb") as file:
            while start < end:
                file.seek(start)
                told = await GRAPH.ask(
                    account,
                    "POST",
                    path,
                    data={"upload_phase": "transfer", "upload_session_id": session, "start_offset": str(start)},
                    files={"video_file_chunk": (video.filename, file.read(end - start), video.mime)},
                    timeout=600,
                )
                start, end = int(told.body["start_offset"]), int(told.body["end_offset"])
        return {"video_id": str(begun["video_id"]), "edge": "videos", "finish": {"upload_session_id": session}}


def _start(video: Material) -> JsonObject:
    return {"upload_phase": "start", "file_size": video.size}


def _is_reel(target: FacebookTarget, video: Material) -> bool:
    if target.video != "auto":
        return target.video == "reel"
    seen, (shortest, longest) = video.facts.video, _REEL_SECONDS
    return seen is not None and seen.height > seen.width and shortest <= video.facts.duration <= longest


def _of_video(number: str, told: JsonObject) -> Confirmation:
    """Return what Facebook's word on a video means."""
    state: dict[str, Any] = told.get("status") or {}
    url = str(told["permalink_url"]) if told.get("permalink_url") else None
    if url and url.startswith("/"):
        url = f"https://www.facebook.com{url}"
    if state.get("video_status") == "ready":
        return Confirmation(state=ConfirmState.PUBLISHED, external_id=number, url=url)
    if state.get("video_status") in ("error", "expired", "upload_failed"):
        errors: list[dict[str, Any]] = (state.get("processing_phase") or {}).get("errors") or []
        reason = str(errors[0].get("message")) if errors else str(state["video_status"])
        fix = "Use an MP4 with H.264 and AAC, then retry."
        return Confirmation(
            state=ConfirmState.FAILED, reason=f"Facebook could not use it: {reason}", fix=fix, answer=state
        )
    return Confirmation(state=ConfirmState.PROCESSING, answer=state)
