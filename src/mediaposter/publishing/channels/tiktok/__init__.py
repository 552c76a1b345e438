"""TikTok: a video, or up to 35 pictures, put on the profile directly or into the creator's inbox.

A video goes up in pieces, and TikTok posts it when it has the last one: so that piece is the one public call, and what
became of it is read by the `publish_id` that was given out before. Pictures are fetched by TikTok as soon as it is told
of them, so for them the telling is the public call, and nobody can read what became of one that was not answered.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import (
    Absent,
    ChannelAccount,
    Confirmation,
    Found,
    Handle,
    Metrics,
    Outgoing,
    Prepared,
    Timing,
    Unreadable,
)
from mediaposter.publishing.channels.tiktok import media, wording
from mediaposter.publishing.channels.tiktok.api import TikTokSettings, ask, call, creator, status
from mediaposter.publishing.channels.tiktok.reading import confirmation, public_id, reading
from mediaposter.publishing.channels.tiktok.wording import Privacy, TikTokTarget
from mediaposter.publishing.connection import Check, Identity, OAuth, check_of
from mediaposter.publishing.errors import ChannelError, RejectedError
from mediaposter.publishing.materials import materials
from mediaposter.publishing.media_urls import public_url
from mediaposter.publishing.rules import ChannelRules, ImageRules, Limit, MediaRules

_DOCS = "https://developers.tiktok.com/doc/content-posting-api-reference-direct-post"
_SCOPES = ("user.info.basic", "video.publish", "video.upload")


class TikTokChannel:
    """A video whose last piece makes it public, or pictures that TikTok fetches."""

    name: ClassVar[str] = "tiktok"
    title: ClassVar[str] = "TikTok"
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=wording.TEXT,
        media=MediaRules(
            media_required=True,
            images_max=35,
            duration_min=3,
            duration_max=600,
            size_max=4_000_000_000,
            width_min=360,
            height_min=360,
            width_max=4096,
            height_max=4096,
            fps_min=23,
            fps_max=60,
            containers=("mp4", "mov", "webm"),
            video_codecs=("h264", "hevc", "vp8", "vp9"),
            audio_codecs=("aac", "opus", "vorbis"),
            moov_first=False,
            image=ImageRules(formats=("mjpeg", "webp"), size_max=20_000_000, width_max=1080, height_max=1920),
        ),
        limits=(Limit(6, 60, source=_DOCS), Limit(15, 86_400, source=_DOCS)),
        discloses_ai=True,
        source=_DOCS,
        read_on=date(2026, 11, 23),
    )
    # A post is public when it is moderated: mostly within a minute, now and then after hours.
    # Looks are limited to 30 a minute for an account, over all that it has under way.
    timing: ClassVar[Timing] = Timing(prepare=3600, commit=300, settle=600, poll=10, confirm=4 * 3600)
    settings: ClassVar[type[TikTokSettings]] = TikTokSettings
    target: ClassVar[type[TikTokTarget]] = TikTokTarget
    connect: ClassVar[OAuth] = OAuth(
        authorize_url="https://www.tiktok.com/v2/auth/authorize/",
        token_url="{base_url}/v2/oauth/token/",  # noqa: S106 - an address
        scopes=_SCOPES,
        optional_scopes=("user.info.profile", "video.list"),
        scope_separator=",",
        client_id_name="client_key",
        hex_challenge=True,
        help_url="https://developers.tiktok.com/apps",
    )

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        """Ask what the creator may post, and upload all of a video but its last piece: without it nothing comes out."""
        target, account = outgoing.target_as(TikTokTarget), outgoing.account
        may = await creator(account)
        wording.refuse_what_the_creator_may_not(target, may)
        files = await materials(outgoing, self.rules)
        if not files[0].is_video:
            addresses = [await public_url(material) for material in files]
            return Prepared(data={"pictures": addresses, "may": wording.switches(may)})
        video = files[0]
        longest = may.get("max_video_post_duration_sec")
        if longest and video.facts.duration and video.facts.duration > float(longest) + 0.5:
            raise RejectedError(
                f"The account may post videos of at most {longest} s, and this one has {video.facts.duration:.0f} s.",
                fix=f"Cut it to {longest} s.",
            )
        info = None if target.mode == "inbox" else wording.video(outgoing, target, wording.switches(may))
        return Prepared(data=await media.begin(account, video, info))

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        """Send the last piece of the video, or tell TikTok of the pictures."""
        if "publish_id" not in prepared.data:
            target = outgoing.target_as(TikTokTarget)
            body = wording.pictures(outgoing, target, prepared.data)
            path = "/v2/post/publish/content/init/"
            told = await ask(outgoing.account, "POST", path, creating=True, timeout=self.timing.commit, json=body)
            publish_id = str(told.body["data"]["publish_id"])
            return Handle(external_id=publish_id, answer={"publish_id": publish_id})
        publish_id = str(prepared.data["publish_id"])
        video = (await materials(outgoing, self.rules))[0]
        await media.end(video, prepared.data, timeout=self.timing.commit)
        return Handle(external_id=publish_id, answer={"publish_id": publish_id})

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:
        """Ask what became of it."""
        told = await status(outgoing.account, handle.external_id)
        return confirmation(outgoing.account, handle.external_id, told)

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        """Ask what became of the upload that this attempt began."""
        if outgoing.prepared is None:
            return Absent(evidence="No upload was begun.")
        begun = outgoing.prepared.data
        publish_id = str(begun.get("publish_id", ""))
        if not publish_id:
            return Unreadable(evidence="TikTok lists no pictures, so what became of these cannot be read.")
        try:
            told = await status(outgoing.account, publish_id)
        except RejectedError as error:
            return Unreadable(evidence=f"TikTok does not know the upload {publish_id}: {error.detail}")
        except ChannelError as error:
            return Unreadable(evidence=error.detail, again=True)
        return reading(outgoing.account, publish_id, told, start=int(begun["start"]), size=int(begun["size"]))

    async def identify(self, credentials: JsonObject) -> Sequence[Identity]:
        """Return the creator who gave the permission."""
        asked = {"fields": "open_id,display_name"}
        user: Any = (await call(credentials, "GET", "/v2/user/info/", params=asked)).body["data"]["user"]
        creator: Any = (await call(credentials, "POST", "/v2/post/publish/creator_info/query/")).body["data"]
        scopes = _scopes(credentials)
        handle, name = str(creator["creator_username"]), str(creator.get("creator_nickname") or user["display_name"])
        return [Identity(str(user["open_id"]), handle, name, credentials, scopes)]

    async def check(self, account: ChannelAccount) -> Sequence[Check]:
        """Ask what the creator may post now."""
        try:
            may = await creator(account)
        except ChannelError as error:
            return [check_of(error)]
        allowed = [str(one) for one in may.get("privacy_level_options", [])]
        checks = [Check("token", ok=True, says=f"It may post as {may.get('creator_username')}.")]
        if account.target.get("mode") == "inbox":
            return [*checks, Check("target", ok=True, says="Videos go to the inbox, where the creator posts them.")]
        wanted = str(account.target.get("privacy", Privacy.PUBLIC_TO_EVERYONE))
        fine = wanted in allowed
        fix = "" if fine else f"mediaposter accounts set {account.id} privacy={allowed[0] if allowed else 'SELF_ONLY'}"
        says = f"The account allows {', '.join(allowed) or 'nothing'}; posts are to be {wanted}."
        if fine and wanted != Privacy.SELF_ONLY:
            says += " Until TikTok has audited the app at developers.tiktok.com, only the creator sees them."
        return [*checks, Check("target", ok=fine, says=says, fix=fix)]

    async def measure(self, account: ChannelAccount, external_id: str) -> Metrics | None:
        """Return the counts of a public video; None when it is gone. All are unknown without the scope `video.list`."""
        if not _granted(account.credentials, "video.list"):
            return Metrics()
        if not external_id.isdigit():  # not yet moderated when it was settled
            post = public_id(await status(account, external_id))
            if post is None:
                return Metrics()
            external_id = post
        fields = "id,view_count,like_count,comment_count,share_count"
        body = {"filters": {"video_ids": [external_id]}}
        answer = await ask(account, "POST", "/v2/video/query/", params={"fields": fields}, json=body)
        videos: list[dict[str, Any]] = (answer.body.get("data") or {}).get("videos") or []  # type: ignore[union-attr]
        if not videos:
            return None
        one = videos[0]
        return Metrics(
            views=one.get("view_count"),
            likes=one.get("like_count"),
            comments=one.get("comment_count"),
            shares=one.get("share_count"),
            raw=one,
        )


def _granted(credentials: JsonObject, scope: str) -> bool:
    scopes = _scopes(credentials)
    return not scopes or scope in scopes


def _scopes(credentials: JsonObject) -> list[str]:
    return str(credentials.get("scope", "")).replace(",", " ").split()
