"""LinkedIn: posts of text, pictures, a video or a link, and a first comment, as a member or as a page.

A page's posts can be read, a member's cannot: LinkedIn closed that permission, so a doubtful post of a member is a
person's to answer. What LinkedIn itself says there, naming the post that a refused one repeats, is taken as its word.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

import regex
from pydantic import BaseModel, ConfigDict, Field

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
from mediaposter.publishing.channels.linkedin import reading
from mediaposter.publishing.channels.linkedin.api import DUPLICATE, PLATFORM, LinkedInSettings, ask, encoded
from mediaposter.publishing.channels.linkedin.media import upload_image, upload_video
from mediaposter.publishing.channels.linkedin.wording import little, plain_of
from mediaposter.publishing.connection import Check, Identity, OAuth, check_of
from mediaposter.publishing.copy import Counting
from mediaposter.publishing.errors import ChannelError, OutcomeUnknownError, RejectedError
from mediaposter.publishing.materials import materials, poster
from mediaposter.publishing.models import Kind
from mediaposter.publishing.rules import (
    ChannelRules,
    ImageRules,
    Limit,
    LimitScope,
    MediaRules,
    TextRules,
    caption,
)

__all__ = ["PLATFORM", "LinkedInChannel", "LinkedInSettings", "LinkedInTarget", "little", "plain_of"]

_DOCS = "https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api"
_LIMITS = "https://learn.microsoft.com/linkedin/consumer/integrations/self-serve/share-on-linkedin"
_URN = regex.compile(r"urn:li:(?:share|ugcPost):\d+")
_SAME_DAY = timedelta(days=1)
_VERSION_LIVES = 11  # months after which a version is about to end
_SOON = timedelta(days=7)  # before a token ends that cannot be renewed


class LinkedInTarget(BaseModel):
    """How a post is made."""

    model_config = ConfigDict(extra="forbid")

    visibility: Literal["PUBLIC", "CONNECTIONS", "LOGGED_IN"] = Field(
        default="PUBLIC", description="Who sees it; pages post to everybody."
    )
    reshare: bool = Field(default=True, description="Others may share it.")


class LinkedInChannel:
    """One post as the account: a member, or a page that a member administers."""

    name: ClassVar[str] = "linkedin"
    title: ClassVar[str] = "LinkedIn"
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(
            counting=Counting.UTF16,
            description_max=3000,
            first_comment=True,
            comment_max=1250,
            alt_text_max=4086,
        ),
        media=MediaRules(
            images_max=20,
            duration_min=3,
            duration_max=1800,
            size_max=500_000_000,
            width_min=256,
            height_min=144,
            width_max=4096,
            height_max=2304,
            ratio_min=1 / 2.4,
            ratio_max=2.4,
            fps_min=10,
            fps_max=60,
            bit_rate_max=30_000_000,
            # 36,152,320 pixels: a square of 6,012.
            image=ImageRules(size_max=5_000_000, width_max=6012, height_max=6012),
        ),
        limits=(
            Limit(
                100, 86_400, source="other schedulers' experience; LinkedIn documents 150 requests of a member a day"
            ),
            Limit(100_000, 86_400, scope=LimitScope.CHANNEL, source=_LIMITS),
        ),
        source=_DOCS,
        read_on=date(2026, 11, 23),
    )
    timing: ClassVar[Timing] = Timing(commit=60, settle=300)
    settings: ClassVar[type[LinkedInSettings]] = LinkedInSettings
    target: ClassVar[type[LinkedInTarget]] = LinkedInTarget
    connect: ClassVar[OAuth] = OAuth(
        authorize_url="https://www.linkedin.com/oauth/v2/authorization",
        token_url="https://www.linkedin.com/oauth/v2/accessToken",  # noqa: S106 - an address
        scopes=("openid", "profile", "w_member_social"),
        scopes_setting="scopes",
        pkce=False,  # LinkedIn has it for native apps only, which it admits one by one
        help_url="https://www.linkedin.com/developers/apps",
    )

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        """Upload the media and wait until LinkedIn has processed them."""
        target = outgoing.target_as(LinkedInTarget)
        if reading.is_page(outgoing.account.external_id) and target.visibility != "PUBLIC":
            raise RejectedError("A page posts to everybody.", fix="Set `visibility=PUBLIC` for this account.")
        account, urns = outgoing.account, list[str]()
        for material in await materials(outgoing, self.rules):
            if material.is_video:
                chosen = outgoing.copy.thumbnail_at is not None
                urns.append(await upload_video(account, material, await poster(outgoing, material) if chosen else None))
            else:
                urns.append(await upload_image(account, material))
        return Prepared(data={"media": urns} if urns else {})

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        """Create the post or the comment."""
        comment = outgoing.kind is Kind.COMMENT and outgoing.under is not None
        path, body = _comment(outgoing) if comment else ("/rest/posts", _post(outgoing, prepared))
        try:
            answer = await ask(
                outgoing.account.credentials, "POST", path, creating=True, timeout=self.timing.commit, json=body
            )
        except RejectedError as error:
            if outgoing.attempt > 1 and DUPLICATE in error.detail.lower():
                return _repeated(outgoing, error)
            raise
        urn = str(answer.body.get("commentUrn") or "") if comment else ""
        urn = urn or answer.headers.get("x-restli-id", "") or answer.headers.get("x-linkedin-id", "")
        if not urn:
            raise OutcomeUnknownError("linkedin answered without an id.", answer=answer.kept())
        return Handle(external_id=urn, url=_seen(outgoing, urn), answer={"id": urn})

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:
        """Say that it is public: its media were processed before, and not every account may be read."""
        url = _seen(outgoing, handle.external_id)
        return Confirmation(state=ConfirmState.PUBLISHED, external_id=handle.external_id, url=url)

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        """Look for the same text among a page's posts or the comments under its post."""
        if not reading.is_readable(outgoing.account):
            return Unreadable(evidence="LinkedIn lets no app read the posts of a member, only those of a page.")
        text = _text(outgoing)
        if outgoing.kind is Kind.COMMENT and outgoing.under is not None:
            return await reading.find_comment(outgoing, text)
        return await reading.find_post(outgoing, text)

    async def identify(self, credentials: JsonObject) -> Sequence[Identity]:
        """Return the member, and every page that the member may post as."""
        scopes = reading.granted(credentials)
        told = credentials.get("expires_at")
        ends = datetime.fromisoformat(str(told)) if told else None
        number, name, vanity = await _member(credentials)
        found = [Identity(f"urn:li:person:{number}", vanity or name, name, credentials, scopes, expires_at=ends)]
        if not scopes or any("organization" in scope for scope in scopes):
            for urn in await reading.pages_of(credentials):
                path = f"/rest/organizations/{urn.rpartition(':')[2]}"
                page = (await ask(credentials, "GET", path)).body
                shown = str(page.get("localizedName") or urn)
                vanity = str(page.get("vanityName") or shown)
                found.append(Identity(urn, vanity, shown, credentials, scopes, expires_at=ends))
        return found

    async def check(self, account: ChannelAccount) -> Sequence[Check]:
        """Ask whether the token is good and may post as the account, and whether token and API version last."""
        try:
            _, name, _ = await _member(account.credentials)
            pages = await reading.pages_of(account.credentials) if reading.is_page(account.external_id) else []
        except ChannelError as error:
            return [check_of(error)]
        checks = [Check("token", ok=True, says=f"Signed in as {name}."), *_lasting(account.credentials), _version()]
        page = reading.is_page(account.external_id)
        needed = "w_organization_social" if page else "w_member_social"
        scopes = reading.granted(account.credentials)
        if scopes and needed not in scopes:
            fix = "Ask for it by MEDIAPOSTER_LINKEDIN_SCOPES, then: mediaposter accounts connect linkedin"
            checks.append(Check("scope", ok=False, says=f"Not granted: {needed}.", fix=fix))
        if page:
            there = account.external_id in pages
            says = "The member may post as the page." if there else f"{name} is no administrator of the page."
            fix = "" if there else "Have an administrator of the page give the role, or connect the page."
            checks.append(Check("target", ok=there, says=says, fix=fix))
        return checks

    async def measure(self, account: ChannelAccount, external_id: str) -> Metrics | None:
        """Return the counts of a page's post, or of a member's where the app has the permission for them."""
        if reading.is_page(account.external_id):
            return await reading.counts_of_page(account, external_id)
        return await reading.counts_of_member(account, external_id)


def _is_card(outgoing: Outgoing) -> bool:
    """Say whether the link is shown as a card of its own: only where no media are."""
    return bool(outgoing.copy.link) and not outgoing.asset_ids and outgoing.kind is Kind.POST


def _text(outgoing: Outgoing) -> str:
    copy = outgoing.copy.model_copy(update={"link": None}) if _is_card(outgoing) else outgoing.copy
    return caption(copy, LinkedInChannel.rules.text)


def _post(outgoing: Outgoing, prepared: Prepared) -> dict[str, Any]:
    target = outgoing.target_as(LinkedInTarget)
    body: dict[str, Any] = {
        "author": outgoing.account.external_id,
        "commentary": little(_text(outgoing)),
        "visibility": target.visibility,
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": not target.reshare,
    }
    if content := _content(outgoing, prepared):
        body["content"] = content
    return body


def _content(outgoing: Outgoing, prepared: Prepared) -> dict[str, Any]:
    copy, alt = outgoing.copy, {"altText": outgoing.copy.alt_text} if outgoing.copy.alt_text else {}
    urns: list[str] = prepared.data.get("media", [])
    if len(urns) > 1:
        return {"multiImage": {"images": [{"id": urn, **alt} for urn in urns]}}
    if urns and ":video:" in urns[0]:
        return {"media": {"id": urns[0], **({"title": copy.title} if copy.title else {})}}
    if urns:
        return {"media": {"id": urns[0], **alt}}
    if not _is_card(outgoing):
        return {}
    title = copy.title or outgoing.link_label or urlsplit(copy.link or "").hostname or ""
    return {"article": {"source": copy.link, "title": title[:400]}}


def _comment(outgoing: Outgoing) -> tuple[str, dict[str, Any]]:
    assert outgoing.under is not None
    above = outgoing.under.external_id
    body = {"actor": outgoing.account.external_id, "object": above, "message": {"text": _text(outgoing)}}
    return f"/rest/socialActions/{encoded(above)}/comments", body


def _repeated(outgoing: Outgoing, error: RejectedError) -> Handle:
    """Answer a repetition that was refused at a further attempt: the post that it repeats may be ours.

    A page is read then. Of a member LinkedIn's word is all that there is: it is taken where the post that it names is
    new, for it refuses only what the same author has posted in the same words.
    """
    named = _URN.search(error.detail)
    if reading.is_readable(outgoing.account) or named is None:
        raise OutcomeUnknownError(f"An earlier attempt may have made it. {error.detail}", answer=error.answer)
    urn = named.group()
    if reading.made_at(urn) < (outgoing.armed_at or datetime.now(UTC)) - _SAME_DAY:
        raise error
    return Handle(external_id=urn, url=reading.permalink(urn), answer={"id": urn, "repeated": error.detail})


def _seen(outgoing: Outgoing, urn: str) -> str:
    return reading.permalink(
        outgoing.under.external_id if outgoing.kind is Kind.COMMENT and outgoing.under is not None else urn
    )


async def _member(credentials: JsonObject) -> tuple[str, str, str]:
    """Return the member's id, name and vanity name: by OpenID Connect, or by the basic profile of other apps."""
    answer = await ask(credentials, "GET", "/v2/userinfo", fine=(403,))
    if answer.status == 200:
        return str(answer.body["sub"]), str(answer.body.get("name") or answer.body["sub"]), ""
    me = (await ask(credentials, "GET", "/v2/me")).body
    name = f"{me.get('localizedFirstName', '')} {me.get('localizedLastName', '')}".strip()
    return str(me["id"]), name or str(me["id"]), str(me.get("vanityName") or "")


def _lasting(credentials: JsonObject) -> list[Check]:
    told = credentials.get("expires_at")
    if not told or credentials.get("refresh_token"):
        return []
    ends = datetime.fromisoformat(str(told))
    left = ends - context.current().clock()
    says = f"The token ends on {ends:%Y-%m-%d}, and LinkedIn lets only its partners renew it."
    return [Check("expiry", ok=left > _SOON, says=says, fix="Connect it again: mediaposter accounts connect linkedin")]


def _version() -> Check:
    version, now = LinkedInSettings().version, context.current().clock()
    age = (now.year - int(version[:4])) * 12 + now.month - int(version[4:])
    says = f"Version {version} of the API is {max(age, 0)} months old; each lives for about a year."
    fix = "Set MEDIAPOSTER_LINKEDIN_VERSION to a newer one."
    return Check("version", ok=age < _VERSION_LIVES, says=says, fix=fix)
