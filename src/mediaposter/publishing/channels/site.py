"""The built-in channel: public pages, feeds and players of our own, served by `mediaposter up`."""

from dataclasses import asdict
from datetime import date
from typing import ClassVar

from mediaposter.core import context
from mediaposter.media import service as media
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
from mediaposter.publishing.copy import Counting
from mediaposter.publishing.rules import AccountRules, ChannelRules, LinkPolicy, MediaRules, RepeatRules, TextRules
from mediaposter.publishing.site import service
from mediaposter.publishing.site.media import make_media
from mediaposter.publishing.site.models import SitePost
from mediaposter.publishing.site.service import MadeMedia


class SiteChannel:
    """Publishes by one insert into a table whose key is the publication: it cannot happen twice."""

    name: ClassVar[str] = "site"
    title: ClassVar[str] = "Your own site"
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(
            counting=Counting.GRAPHEMES,
            title_max=120,
            title_required=True,
            description_max=5000,
            hashtags_max=30,
            links=LinkPolicy.SEPARATE,
            alt_text_max=1000,
        ),
        media=MediaRules(video_required=True, containers=(), video_codecs=(), audio_codecs=()),
        account=AccountRules(
            handle=r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,28}[A-Za-z0-9_])?",
            hint="1 to 30 letters, digits, underscores, dots or hyphens, with no dot or hyphen at its ends",
        ),
        repeats=RepeatRules(media=False, text_days=None),  # our own pages may show a thing again
        source="mediaposter.publishing.channels.site: limits of our own pages",
        read_on=date(2026, 11, 23),
    )
    # A call that comes late finds its publication's row there: absence may be believed at once.
    timing: ClassVar[Timing] = Timing(prepare=4 * 3600, commit=15, settle=0, poll=0.2, confirm=60)

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        """Make the video that browsers play, and the poster."""
        ctx = context.current()
        async with ctx.database.session() as session:
            master = await media.get_asset(session, outgoing.asset_id)
        made = await make_media(ctx, master, thumbnail_at=outgoing.copy.thumbnail_at)
        return Prepared(data=asdict(made))

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        """Insert the post in one transaction."""
        ctx = context.current()
        async with ctx.database.session() as session:
            post = await service.publish_post(session, outgoing, MadeMedia(**prepared.data), now=ctx.clock())
        url = _url(outgoing, post)
        return Handle(external_id=post.slug, url=url, answer={"slug": post.slug, "url": url})

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:  # noqa: ARG002 - our key is the id
        """Read the post back."""
        found = await self.find(outgoing)
        if isinstance(found, Found):
            return Confirmation(state=ConfirmState.PUBLISHED, external_id=found.external_id, url=found.url)
        return Confirmation(
            state=ConfirmState.FAILED, reason="The post is not on the site any more.", fix="Retry it to publish it."
        )

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        """Look the publication up."""
        ctx = context.current()
        async with ctx.database.session() as session:
            post = await service.find_post(session, outgoing.id)
        if post is None:
            return Absent(evidence="The site has no post of this publication.")
        return Found(
            external_id=post.slug,
            url=_url(outgoing, post),
            evidence=f"The site has it, since {post.published_at:%Y-%m-%d %H:%M:%S} UTC.",
        )

    async def measure(self, account: ChannelAccount, external_id: str) -> Metrics | None:
        """Return what the pages counted, people only; None when the post is gone."""
        ctx = context.current()
        async with ctx.database.session() as session:
            post = await service.find_post_by_slug(session, account.id, external_id)
            if post is None:
                return None
            counts = (await service.counts_of(session, [post.publication_id]))[post.publication_id]
        return Metrics(
            views=counts.plays,
            impressions=counts.views,
            likes=counts.likes,
            clicks=counts.links,
            raw=counts._asdict(),
        )


def _url(outgoing: Outgoing, post: SitePost) -> str:
    return service.post_url(outgoing.account.external_id, post.slug, context.current().settings.site_url)
