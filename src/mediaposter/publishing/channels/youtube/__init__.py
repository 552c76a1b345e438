"""YouTube: a video, Shorts among them by their shape, and first comments, by the Data API v3.

A video goes up in pieces under an address of its own, and exists when YouTube has the last one: so that piece is the
one public call, and the same address tells afterwards whether it came.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from http import HTTPStatus
from typing import Any, ClassVar

from mediaposter.core.db import JsonObject
from mediaposter.core.errors import MediaPosterError
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
from mediaposter.publishing.channels.youtube import media, reading, wording
from mediaposter.publishing.channels.youtube.api import API, COMMENTING, SCOPES, YouTubeSettings, ask, call
from mediaposter.publishing.channels.youtube.wording import YouTubeTarget
from mediaposter.publishing.connection import Check, Identity, OAuth, check_of
from mediaposter.publishing.copy import Counting
from mediaposter.publishing.errors import ChannelError, ReconnectNeededError, RejectedError
from mediaposter.publishing.materials import Material, materials, poster
from mediaposter.publishing.models import Kind
from mediaposter.publishing.rules import ChannelRules, Limit, LimitScope, MediaRules, TextRules

_DOCS = "https://developers.google.com/youtube/v3/docs/videos/insert"
_QUOTA = "https://developers.google.com/youtube/v3/determine_quota_cost"
_COVER_SECONDS = 30.0


class YouTubeChannel:
    """A video whose last piece makes it, or a comment under one."""

    name: ClassVar[str] = "youtube"
    title: ClassVar[str] = "YouTube"
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(
            counting=Counting.CODEPOINTS,
            title_max=100,
            title_required=True,
            description_max=5000,
            description_bytes_max=5000,
            first_comment=True,
            comment_max=10_000,
            forbidden=("<", ">"),
        ),
        media=MediaRules(
            video_required=True,
            duration_max=900,  # 12 hours for a channel that has verified its phone: `long_uploads`
            size_max=256_000_000_000,
            fps_max=60,
            containers=("mp4", "mov", "webm"),
            video_codecs=("h264", "hevc", "vp9", "av1", "prores"),
            audio_codecs=("aac", "opus", "vorbis", "pcm_s16le", "flac"),
            moov_first=False,
            hdr=True,
        ),
        limits=(Limit(100, 86_400, scope=LimitScope.CHANNEL, source=_QUOTA),),
        discloses_ai=True,
        source=_DOCS,
        read_on=date(2026, 11, 23),
    )
    timing: ClassVar[Timing] = Timing(prepare=4 * 3600, commit=600, settle=900, poll=10, confirm=6 * 3600)
    settings: ClassVar[type[YouTubeSettings]] = YouTubeSettings
    target: ClassVar[type[YouTubeTarget]] = YouTubeTarget
    connect: ClassVar[OAuth] = OAuth(
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
        scopes=SCOPES,
        optional_scopes=(COMMENTING,),
        authorize_params={"access_type": "offline", "prompt": "consent"},  # or there is no refresh token
        help_url="https://console.cloud.google.com/apis/credentials",
    )

    def rules_for(self, target: JsonObject) -> ChannelRules:
        """Return the rules with the day's uploads that are set, and long videos for a channel that may post them."""
        limit = replace(self.rules.limits[0], posts=YouTubeSettings().uploads_a_day)
        longest = 43_200 if target.get("long_uploads") is True else self.rules.media.duration_max
        return replace(self.rules, limits=(limit,), media=replace(self.rules.media, duration_max=longest))

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        """Upload all of the video but its last piece: without it there is no video."""
        target = outgoing.target_as(YouTubeTarget)
        if outgoing.kind is Kind.COMMENT:
            granted = str(outgoing.account.credentials.get("scope", "")).split()
            if granted and COMMENTING not in granted:
                raise _no_comments()
            return Prepared()
        wording.check_tags(outgoing, target)
        video = await self._video(outgoing)
        body = wording.video(outgoing, target)
        return Prepared(data=await media.begin(outgoing.account, video, body, notify=target.notify_subscribers))

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        """Send the last piece, or create the comment. The thumbnail goes after it and never fails the video."""
        if outgoing.kind is Kind.COMMENT:
            return await _comment(outgoing, timeout=self.timing.commit)
        video = await self._video(outgoing)
        made = await media.end(outgoing.account, video, prepared.data, timeout=self.timing.commit - 2 * _COVER_SECONDS)
        number = str(made["id"])
        answer: JsonObject = {"id": number, "thumbnail": await _cover(outgoing, video, number)}
        return Handle(external_id=number, url=reading.page(number, video.facts), answer=answer)

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:
        """Ask whether the video is processed. A comment that was made is public."""
        if outgoing.kind is Kind.COMMENT:
            return Confirmation(state=ConfirmState.PUBLISHED, external_id=handle.external_id, url=handle.url)
        told = await ask(
            outgoing.account,
            "GET",
            f"{API}/videos",
            params={"part": "status,processingDetails", "id": handle.external_id},
        )
        return reading.confirmation(handle, told.body, privacy=str(outgoing.target.get("privacy", "public")))

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        """Ask the upload's own address whether it is whole, and look through the channel where that has ended."""
        try:
            if outgoing.kind is Kind.COMMENT:
                return await reading.find_comment(outgoing)
            if outgoing.prepared is None:
                return Absent(evidence="No upload was begun.")
            state, made = await media.ask_session(outgoing.account, outgoing.prepared.data)
            if state == "whole":
                number = str(made["id"])
                url = reading.page(number, (await self._video(outgoing)).facts)
                evidence = f"The upload is whole: video {number}."
                # It may still fail while it is processed.
                return Found(external_id=number, url=url, evidence=evidence, answer={"id": number}, working=True)
            if state == "open":
                return Absent(evidence="YouTube waits for the last piece of the upload.")
            return await reading.find_video(outgoing)
        except ChannelError as error:
            return Unreadable(evidence=error.detail, again=True)

    async def identify(self, credentials: JsonObject) -> Sequence[Identity]:
        """Return the channels that gave their permission: one, as Google's page lets choose."""
        asked = {"part": "snippet,status", "mine": "true"}
        told = (await call(credentials, "GET", f"{API}/channels", params=asked)).body
        items: list[dict[str, Any]] = told.get("items") or []
        if not items:
            raise RejectedError(
                "The Google account has no YouTube channel.", fix="Make one at youtube.com, then connect again."
            )
        scopes = str(credentials.get("scope", "")).split()
        return [
            Identity(
                str(one["id"]),
                str(one["snippet"].get("customUrl") or one["snippet"]["title"]).removeprefix("@"),
                str(one["snippet"]["title"]),
                credentials,
                scopes,
                {"long_uploads": True} if one.get("status", {}).get("longUploadsStatus") == "allowed" else {},
            )
            for one in items
        ]

    async def check(self, account: ChannelAccount) -> Sequence[Check]:
        """Ask whether the token is good, the scopes are there, and the channel may post."""
        asked = {"part": "status,snippet", "id": account.external_id}
        try:
            told = (await ask(account, "GET", f"{API}/channels", params=asked)).body
        except ChannelError as error:
            return [check_of(error)]
        return reading.checks(account, told)

    async def measure(self, account: ChannelAccount, external_id: str) -> Metrics | None:
        """Return the counts of a video, or None when it is gone."""
        asked = {"part": "statistics", "id": external_id}
        items: list[dict[str, Any]] = (await ask(account, "GET", f"{API}/videos", params=asked)).body.get("items") or []
        if not items:
            return None
        told: dict[str, Any] = items[0].get("statistics", {})
        counts = {name: int(told[name]) for name in ("viewCount", "likeCount", "commentCount") if name in told}
        return Metrics(
            views=counts.get("viewCount"),
            likes=counts.get("likeCount"),
            comments=counts.get("commentCount"),
            raw=told,
        )

    async def _video(self, outgoing: Outgoing) -> Material:
        return (await materials(outgoing, self.rules_for(outgoing.target)))[0]


async def _comment(outgoing: Outgoing, *, timeout: float) -> Handle:  # noqa: ASYNC109 - of the one request
    """Create a comment. That it was not granted does not disconnect the account, which may post all the same."""
    asked, body = {"part": "snippet"}, wording.comment(outgoing)
    path = f"{API}/commentThreads"
    try:
        made = await ask(outgoing.account, "POST", path, creating=True, timeout=timeout, params=asked, json=body)
    except ReconnectNeededError as error:
        if (error.answer or {}).get("status") == HTTPStatus.FORBIDDEN:
            raise _no_comments() from error
        raise
    number = str(made.body["id"])
    return Handle(external_id=number, url=reading.comment_page(outgoing, number))


def _no_comments() -> RejectedError:
    return RejectedError(
        "The account was connected without the permission to comment.",
        fix="Connect it again and grant everything that is asked: mediaposter accounts connect youtube",
    )


async def _cover(outgoing: Outgoing, video: Material, number: str) -> str:
    """Set the chosen thumbnail, and say in a sentence how that went."""
    if outgoing.copy.thumbnail_at is None:
        return "YouTube chooses it."
    try:
        async with asyncio.timeout(_COVER_SECONDS):
            await media.set_thumbnail(outgoing.account, number, await poster(outgoing, video, width=1280))
    except TimeoutError:
        return "It could not be set in time; set it at studio.youtube.com."
    except MediaPosterError as error:
        return f"It could not be set: {error.detail}"
    return "It is set."
