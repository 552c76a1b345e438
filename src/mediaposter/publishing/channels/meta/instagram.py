"""Instagram: reels, stories, pictures and carousels on professional accounts, and first comments.

A post is a container first, which may be made again and again; publishing it is the one public call, and the container
says afterwards whether that came. Videos are brought up; pictures are fetched by Instagram from an address of ours.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import ClassVar, Literal

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
from mediaposter.publishing.channels.meta import pages, reading
from mediaposter.publishing.channels.meta.api import (
    VERSION,
    Graph,
    GraphSettings,
    graph,
    rest_of,
    send_file,
    wait_until_ready,
)
from mediaposter.publishing.connection import Check, Identity, OAuth, check_of
from mediaposter.publishing.copy import Counting
from mediaposter.publishing.errors import ChannelError, RejectedError
from mediaposter.publishing.materials import Material, materials
from mediaposter.publishing.media_urls import public_url
from mediaposter.publishing.models import Kind
from mediaposter.publishing.rules import ChannelRules, ImageRules, Limit, MediaRules, TextRules, caption

_DOCS = "https://developers.facebook.com/docs/instagram-platform/content-publishing"


class InstagramSettings(GraphSettings):
    """Settings of the `instagram` channel."""

    model_config = SettingsConfigDict(env_prefix="MEDIAPOSTER_INSTAGRAM_")


GRAPH = Graph(graph("instagram"), InstagramSettings)


class InstagramTarget(BaseModel):
    """How a post is made."""

    model_config = ConfigDict(extra="forbid")

    media_type: Literal["reel", "story"] = Field(default="reel", description="What a video becomes.")
    share_to_feed: bool = Field(default=True, description="Show a reel in the feed too.")
    collaborators: list[str] = Field(default=[], max_length=3, description="Up to three handles, without @.")


class InstagramChannel:
    """A container that is published."""

    name: ClassVar[str] = "instagram"
    title: ClassVar[str] = "Instagram"
    settings: ClassVar[type[InstagramSettings]] = InstagramSettings
    target: ClassVar[type[InstagramTarget]] = InstagramTarget
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(
            counting=Counting.UTF16,
            description_max=2200,
            hashtags_max=30,
            mentions_max=20,
            alt_text_max=1000,
            first_comment=True,
            comment_max=2200,
        ),
        media=MediaRules(
            media_required=True,
            images_max=10,
            duration_min=3,
            duration_max=900,
            size_max=300_000_000,
            width_max=1920,
            ratio_min=0.01,
            ratio_max=10,
            fps_min=23,
            fps_max=60,
            bit_rate_max=25_000_000,
            image=ImageRules(
                formats=("mjpeg",), size_max=8_000_000, width_min=320, width_max=1440, ratio_min=0.8, ratio_max=1.91
            ),
        ),
        limits=(Limit(50, 86_400, source=_DOCS),),
        discloses_ai=True,
        source=_DOCS,
        read_on=date(2026, 11, 23),
    )
    timing: ClassVar[Timing] = Timing(prepare=3600, commit=90, settle=240)
    connect: ClassVar[OAuth] = OAuth(
        authorize_url=f"https://www.facebook.com/{VERSION}/dialog/oauth",
        token_url=f"{{base_url}}/{VERSION}/oauth/access_token",
        scopes=("instagram_basic", "instagram_content_publish", "pages_show_list", "pages_read_engagement"),
        optional_scopes=("instagram_manage_comments", "instagram_manage_insights", "business_management"),
        scope_separator=",",
        pkce=False,
        help_url="https://developers.facebook.com/apps",
    )

    def rules_for(self, target: JsonObject) -> ChannelRules:
        """Return the rules, with the minute that a story lasts where it is one."""
        if target.get("media_type") != "story":
            return self.rules
        return replace(self.rules, media=replace(self.rules.media, duration_max=60))

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        """Make the container, bring the video up, and wait until Instagram has processed it."""
        if outgoing.kind is Kind.COMMENT:
            return Prepared()
        target, account = outgoing.target_as(InstagramTarget), outgoing.account
        files = await materials(outgoing, self.rules_for(outgoing.target))
        words: JsonObject = {"caption": caption(outgoing.copy, self.rules.text)}
        if target.collaborators:
            words["collaborators"] = target.collaborators
        # Of a carousel, only the whole may say so: Instagram refuses it of its pictures (changelog of 2026-06-22).
        label: JsonObject = {"is_ai_generated": True} if outgoing.generated else {}
        words |= label
        if files[0].is_video:
            made = await self._video(outgoing, target, files[0], words)
        elif target.media_type == "story" and len(files) == 1:
            story: JsonObject = {"media_type": "STORIES", "image_url": await public_url(files[0])}  # no alt text there
            made = await self._container(account, {**story, **label})
        elif len(files) == 1:
            made = await self._container(account, {**await self._picture(outgoing, files[0]), **words})
        else:
            children = [
                await self._container(account, {**await self._picture(outgoing, one), "is_carousel_item": True})
                for one in files
            ]
            made = await self._container(account, {"media_type": "CAROUSEL", "children": children, **words})
        return Prepared(data={"container": made})

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        """Publish the container, or create the comment."""
        if outgoing.kind is Kind.COMMENT and outgoing.under is not None:
            path, body = f"/{outgoing.under.external_id}/comments", {"message": outgoing.copy.description}
        else:
            path = f"/{outgoing.account.external_id}/media_publish"
            body = {"creation_id": str(prepared.data["container"])}
        answer = await GRAPH.ask(outgoing.account, "POST", path, creating=True, timeout=self.timing.commit, json=body)
        number = str(answer.body["id"])
        return Handle(external_id=number, answer={"id": number}, rest=rest_of(answer))

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:
        """Say that it is public, and where: a container that was published is."""
        url = None
        if outgoing.kind is Kind.POST:
            url = await reading.permalink(GRAPH.of(outgoing.account), handle.external_id, "permalink")
        return Confirmation(state=ConfirmState.PUBLISHED, external_id=handle.external_id, url=url)

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        """Ask the container whether it was published, and find the post that it became."""
        ask = GRAPH.of(outgoing.account)
        if outgoing.kind is Kind.COMMENT:
            return await reading.find_comment(ask, outgoing, text="text", words=outgoing.copy.description)
        story = outgoing.target.get("media_type") == "story"
        words = "" if story else caption(outgoing.copy, self.rules.text)
        listing = f"/{outgoing.account.external_id}/{'stories' if story else 'media'}"
        return await reading.find_published(
            ask, outgoing, status="status_code", listing=listing, text="caption", words=words
        )

    async def identify(self, credentials: JsonObject) -> Sequence[Identity]:
        """Return the professional accounts of the pages that the user may act for, each with its page's token."""
        listed = await pages.listed(GRAPH, credentials)
        found = [
            Identity(
                str(one["instagram_business_account"]["id"]),
                str(one["instagram_business_account"]["username"]),
                str(one["instagram_business_account"].get("name") or one["name"]),
                {"access_token": str(one["access_token"])},
                pages.scopes_of(credentials),
            )
            for one in listed
            if one.get("instagram_business_account")
        ]
        if not found:
            raise RejectedError(
                "No professional Instagram account is linked to the pages that were granted.",
                fix="Make it a business or creator account, link it with a Facebook page, and grant that page.",
            )
        return found

    async def check(self, account: ChannelAccount) -> Sequence[Check]:
        """Ask whether the token is good, and how many posts of the day are left."""
        path = f"/{account.external_id}/content_publishing_limit"
        try:
            told = (await GRAPH.ask(account, "GET", path, params={"fields": "quota_usage,config"})).body
        except ChannelError as error:
            return [check_of(error)]
        return reading.quota(told, usual=50)

    async def measure(self, account: ChannelAccount, external_id: str) -> Metrics | None:
        """Return the counts of a post (needs instagram_manage_insights), or None when it is gone."""
        ask = GRAPH.of(account)
        try:
            counts = await reading.insights(ask, external_id, "views,reach,likes,comments,shares,saved")
        except RejectedError as error:
            if "media product type" not in str(error):
                raise
            # A story has fewer, and one name that it has not is refused with all of them.
            counts = await reading.insights(ask, external_id, "views,reach,shares,replies")
        if counts is None:
            return None
        return Metrics(
            views=counts.get("views"),
            reach=counts.get("reach"),
            likes=counts.get("likes"),
            comments=counts.get("comments", counts.get("replies")),
            shares=counts.get("shares"),
            saves=counts.get("saved"),
            raw=dict(counts),
        )

    async def _video(self, outgoing: Outgoing, target: InstagramTarget, video: Material, words: JsonObject) -> str:
        body: JsonObject = {"media_type": "STORIES", "upload_type": "resumable"}
        if outgoing.generated:
            body["is_ai_generated"] = True
        if target.media_type == "reel":
            body |= {"media_type": "REELS", "share_to_feed": target.share_to_feed, **words}
            if outgoing.copy.thumbnail_at is not None:
                body["thumb_offset"] = round(outgoing.copy.thumbnail_at * 1000)
        account = outgoing.account
        begun = (await GRAPH.ask(account, "POST", f"/{account.external_id}/media", json=body)).body
        await send_file(GRAPH.platform, str(begun["uri"]), str(account.credentials["access_token"]), video)
        made = str(begun["id"])
        await wait_until_ready(GRAPH.of(account), made, field="status_code", why=("status",))
        return made

    async def _picture(self, outgoing: Outgoing, picture: Material) -> JsonObject:
        alt = {"alt_text": outgoing.copy.alt_text} if outgoing.copy.alt_text else {}
        return {"image_url": await public_url(picture), **alt}

    async def _container(self, account: ChannelAccount, body: JsonObject) -> str:
        made = str((await GRAPH.ask(account, "POST", f"/{account.external_id}/media", json=body)).body["id"])
        await wait_until_ready(GRAPH.of(account), made, field="status_code", why=("status",))
        return made
