"""What the site can do: make posts public, find them, count honestly. Services never commit."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import quote

import regex
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import events
from mediaposter.core.visitors import Visitor
from mediaposter.publishing.channel import Outgoing
from mediaposter.publishing.errors import TooManyBeaconsError
from mediaposter.publishing.models import Account
from mediaposter.publishing.site import repository
from mediaposter.publishing.site.models import Countable, SitePost
from mediaposter.publishing.site.repository import PageCounts

PAGE = 24  # posts on one page of a home
POSTER_WIDTH = 720  # pixels; the pages show at most 420 points of it
_SLUG_MAX = 60  # characters of the title in a slug
_VISIT_DAYS = 2
_LIKES_PER_ORIGIN = 12  # of one post, a day: a household or an office behind one address
_forgotten: dict[str, date] = {}


@dataclass(frozen=True)
class Liked:
    """How a post stands after a like was toggled."""

    liked: bool
    likes: int


@dataclass(frozen=True)
class MadeMedia:
    """What `prepare` made for a post. Bytes, seconds, pixels as displayed."""

    video_asset_id: str
    poster_asset_id: str
    video_bytes: int
    duration: float
    width: int
    height: int


def slug_of(title: str, publication_id: str) -> str:
    """Return the slug of a post: the words of its title and the end of its id, so that no two are the same."""
    words = regex.sub(r"[^\p{L}\p{N}\p{M}]+", "-", title.casefold()).strip("-")
    if len(words) > _SLUG_MAX:
        words = words[: _SLUG_MAX + 1].rpartition("-")[0] or words[:_SLUG_MAX]
    return f"{words or 'post'}-{publication_id[-6:]}"


def post_url(handle: str, slug: str, base_url: str) -> str:
    """Return the address of a post. `base_url` is the public one, without a slash at its end."""
    return f"{base_url}/@{quote(handle)}/{quote(slug)}"


async def publish_post(session: AsyncSession, outgoing: Outgoing, made: MadeMedia, *, now: datetime) -> SitePost:
    """Make a publication public, once: a repeat returns the post that is there."""
    copy = outgoing.copy
    values = {
        "publication_id": outgoing.id,
        "account_id": outgoing.account.id,
        "slug": slug_of(copy.title, outgoing.id),
        "title": copy.title.strip(),
        "description": copy.description.strip(),
        "hashtags": list(copy.hashtags),
        "alt_text": (copy.alt_text or copy.title).strip(),
        "link_url": copy.link,
        "link_label": outgoing.link_label,
        "video_asset_id": made.video_asset_id,
        "poster_asset_id": made.poster_asset_id,
        "video_bytes": made.video_bytes,
        "duration": made.duration,
        "width": made.width,
        "height": made.height,
        "published_at": now,
        "created_at": now,
    }
    if await repository.insert_post(session, values):
        await events.emit(session, "site.post.published", outgoing.id, {"account_id": outgoing.account.id})
    post = await repository.get_post(session, outgoing.id)
    assert post is not None
    return post


async def find_post(session: AsyncSession, publication_id: str) -> SitePost | None:
    """Return the public post of a publication, None when it is not public."""
    return await repository.get_post(session, publication_id)


async def find_post_by_slug(session: AsyncSession, account_id: str, slug: str) -> SitePost | None:
    """Return an account's public post by its slug, None when it is not public."""
    return await repository.get_post_by_slug(session, account_id, slug)


async def find_page(session: AsyncSession, handle: str, slug: str) -> tuple[Account, SitePost] | None:
    """Return the account and the post behind an address of the site, None when there is no such page."""
    account = await repository.get_account(session, handle.lower())
    if account is None:
        return None
    post = await repository.get_post_by_slug(session, account.id, slug)
    return (account, post) if post is not None else None


async def count(session: AsyncSession, *, subject: str, what: Countable, visitor: Visitor, now: datetime) -> bool:
    """Count a visitor, once per page, thing and day; robots apart. False when it was counted before."""
    await _forget(session, visitor.day)
    return await repository.count_visit(
        session, subject=subject, what=what, visitor=visitor.key, robot=visitor.robot, day=visitor.day, now=now
    )


async def counts_of(session: AsyncSession, subjects: Sequence[str]) -> dict[str, PageCounts]:
    """Return the counts of posts (by publication) or home pages (by account)."""
    return await repository.counts_of(session, subjects)


async def toggle_like(
    session: AsyncSession, *, publication_id: str, cookie: str, visitor: Visitor, now: datetime
) -> Liked:
    """Like a post, or take the like back. `cookie` is the visitor's own random one. Robots change nothing."""
    liker = hashlib.blake2b(cookie.encode(), digest_size=16).hexdigest()
    liked = False
    if not visitor.robot and not await repository.delete_like(session, publication_id=publication_id, liker=liker):
        if await repository.count_likes(session, publication_id, origin=visitor.key) >= _LIKES_PER_ORIGIN:
            raise TooManyBeaconsError("There were many likes of this post from your network today.", fix="Come back.")
        await repository.insert_like(session, publication_id=publication_id, liker=liker, origin=visitor.key, now=now)
        liked = True
    return Liked(liked, await repository.count_likes(session, publication_id))


async def _forget(session: AsyncSession, today: date) -> None:
    """Delete the visits of former days, once a day and process."""
    key = str(session.get_bind())
    if _forgotten.get(key) != today:
        _forgotten[key] = today
        await repository.delete_visits(session, before=today - timedelta(days=_VISIT_DAYS))
