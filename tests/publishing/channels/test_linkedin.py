"""What is peculiar to LinkedIn: little text, parts of a video, members that cannot be read, pages, versions."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mediaposter.core.context import Context
from mediaposter.media import service as media
from mediaposter.media.limits import MediaLimits
from mediaposter.publishing.channel import Found, Outgoing, Prepared, Under, Unreadable
from mediaposter.publishing.channels.linkedin import LinkedInChannel, little, plain_of
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.errors import OutcomeUnknownError, RejectedError, RetryLaterError
from mediaposter.publishing.models import Account, Kind
from mediaposter.publishing.outgoing import account_of
from mediaposter.publishing.platform import close_clients
from tests.publishing.case import add_account
from tests.publishing.cases.linkedin import CASE
from tests.servers.linkedin_server import LinkedInServer
from tests.servers.platform_server import Fault, Published

pytestmark = pytest.mark.feature("BLOT-001")
LINKEDIN = LinkedInChannel()
MEMBER = "urn:li:person:m1"
PAGE = "urn:li:organization:42"


@dataclass
class Desk:
    ctx: Context
    server: LinkedInServer
    page: Account
    member: str  # token of a person

    def outgoing(self, *assets: str, words: Copy | None = None, scope: str = "", **more: Any) -> Outgoing:
        """A publication of the page, or of the member when `scope` says what was granted."""
        values: dict[str, Any] = {"attempt": 1, "armed_at": self.ctx.clock(), **more}
        account = account_of(self.page, self.ctx.secrets)
        if scope:
            credentials = {"access_token": self.member, "scope": scope}
            account = type(account)(account.id, "linkedin", MEMBER, "Ann Fern", "Ann Fern", credentials, {})
        copy = words or Copy(description="One small thing.")
        return Outgoing("pub_1", "post_1", account, assets, copy, None, **values)


@pytest.fixture
async def desk(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    with LinkedInServer().running() as server:
        assert isinstance(server, LinkedInServer)
        for name, value in CASE.environment(server).items():
            monkeypatch.setenv(name, value)
        server.pages[MEMBER] = [PAGE]
        yield Desk(ctx, server, await add_account(ctx, CASE, server, "42"), server.enrol(MEMBER))
    await close_clients()


@pytest.fixture
async def photo(ctx: Context, picture: Path) -> str:
    async with ctx.database.session() as session:
        limits = MediaLimits.of(ctx.settings)
        return (await media.register(session, str(picture), storage=ctx.storage, limits=limits)).id


def test_only_hashtags_mean_something_and_links_stay_whole() -> None:
    text = r"A (small) *thing* #Grün_1 at https://example.com/a_b#top, 3 #1 @ann \o/ {x|y}"
    told = little(text)
    assert r"{hashtag|\#|Grün\_1}" in told
    assert r"https://example.com/a\_b\#top" in told
    assert r"\(small\) \*thing\*" in told
    assert r"\#1 \@ann" in told
    assert plain_of(told) == text


async def test_a_video_goes_up_in_the_parts_that_linkedin_names_with_its_cover(desk: Desk, asset_id: str) -> None:
    desk.server.part = 20_000
    outgoing = desk.outgoing(asset_id, words=Copy(title="A leaf", description="See.", thumbnail_at=0.5))
    handle = await LINKEDIN.commit(outgoing, await LINKEDIN.prepare(outgoing))
    [medium] = desk.server.media.values()
    [post] = desk.server.posts[PAGE]
    assert (sum(medium["sizes"]), medium["thumbnail"]) == (medium["size"], True)
    assert len(medium["sizes"]) > 1
    assert post.data["content"]["media"]["title"] == "A leaf"
    assert handle.external_id.startswith("urn:li:ugcPost:")


async def test_pictures_are_posted_together_where_their_state_may_not_be_read(desk: Desk, photo: str) -> None:
    desk.server.forbidden.add("images/state")
    outgoing = desk.outgoing(photo, photo, words=Copy(description="Two.", alt_text="A leaf."))
    prepared = await LINKEDIN.prepare(outgoing)
    await LINKEDIN.commit(outgoing, prepared)
    [post] = desk.server.posts[PAGE]
    assert [one["altText"] for one in post.data["content"]["multiImage"]["images"]] == ["A leaf.", "A leaf."]


async def test_a_link_without_media_is_a_card_and_found_again(desk: Desk) -> None:
    words = Copy(title="Why (not)?", description="Read this.", link="https://example.com/a")
    outgoing = desk.outgoing(words=words)
    handle = await LINKEDIN.commit(outgoing, Prepared())
    [post] = desk.server.posts[PAGE]
    assert post.data["content"] == {"article": {"source": "https://example.com/a", "title": "Why (not)?"}}
    assert "example" not in post.text
    found = await LINKEDIN.find(outgoing)
    assert isinstance(found, Found)
    assert found.external_id == handle.external_id


async def test_a_first_comment_goes_under_the_post_and_is_found_there(desk: Desk) -> None:
    above = (await LINKEDIN.commit(desk.outgoing(), Prepared())).external_id
    words = Copy(description="More (there): https://example.com")
    comment = desk.outgoing(words=words, kind=Kind.COMMENT, under=Under(above, above))
    made = await LINKEDIN.commit(comment, await LINKEDIN.prepare(comment))
    found = await LINKEDIN.find(comment)
    assert isinstance(found, Found)
    assert found.external_id == made.external_id == f"urn:li:comment:({above},7000)"
    assert desk.server.comments[above][0]["message"] == {"text": "More (there): https://example.com"}


async def test_a_repetition_of_a_page_is_looked_for(desk: Desk) -> None:
    made = await LINKEDIN.commit(desk.outgoing(), Prepared())
    again = desk.outgoing(attempt=2, armed_at=desk.ctx.clock() + timedelta(minutes=10))
    with pytest.raises(OutcomeUnknownError):
        await LINKEDIN.commit(again, Prepared())
    found = await LINKEDIN.find(again)
    assert isinstance(found, Found)
    assert found.external_id == made.external_id


async def test_of_a_member_the_post_that_linkedin_names_is_taken_when_it_is_new(desk: Desk) -> None:
    scope = "openid,profile,w_member_social"
    assert isinstance(await LINKEDIN.find(desk.outgoing(scope=scope)), Unreadable)
    made = await LINKEDIN.commit(desk.outgoing(scope=scope), Prepared())
    again = await LINKEDIN.commit(desk.outgoing(scope=scope, attempt=2), Prepared())
    assert again.external_id == made.external_id
    assert len(desk.server.posts[MEMBER]) == 1
    old = Published("urn:li:share:7141138937766391808", "Long ago.", {"commentary": "Long ago."})
    desk.server.posts[MEMBER].append(old)
    with pytest.raises(RejectedError, match="duplicate"):
        await LINKEDIN.commit(desk.outgoing(words=Copy(description="Long ago."), scope=scope, attempt=2), Prepared())


async def test_one_permission_reaches_the_member_and_the_pages(desk: Desk) -> None:
    credentials = {"access_token": desk.member, "expires_at": "2027-01-22T12:00:00+00:00"}
    person, page = await LINKEDIN.identify(credentials)
    assert (person.external_id, person.name, page.external_id, page.handle) == (MEMBER, "Ann Fern", PAGE, "page-42")
    assert page.expires_at is not None
    desk.server.forbidden |= {"userinfo", "organizationAcls"}
    [person] = await LINKEDIN.identify(credentials)
    assert person.handle == "ann-fern"


async def test_a_check_tells_of_the_role_the_token_and_the_version(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.server.pages[PAGE] = []
    desk.server.version = "202001"
    monkeypatch.setenv("MEDIAPOSTER_LINKEDIN_VERSION", "202001")
    account = desk.outgoing().account
    account.credentials["expires_at"] = (desk.ctx.clock() + timedelta(days=3)).isoformat()
    told = {one.name: (one.ok, bool(one.fix)) for one in await LINKEDIN.check(account)}
    assert told == {
        "token": (True, False),
        "expiry": (False, True),
        "version": (False, True),
        "target": (False, True),
    }


async def test_a_version_that_has_ended_names_its_setting(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAPOSTER_LINKEDIN_VERSION", "202501")
    with pytest.raises(RejectedError) as raised:
        await LINKEDIN.commit(desk.outgoing(), Prepared())
    assert "MEDIAPOSTER_LINKEDIN_VERSION" in raised.value.fix


async def test_a_used_up_day_ends_at_midnight_utc(desk: Desk) -> None:
    desk.server.faults[PAGE].append(Fault.QUOTA)
    with pytest.raises(RetryLaterError) as raised:
        await LINKEDIN.commit(desk.outgoing(), Prepared())
    assert raised.value.after is not None
    assert timedelta(0) < raised.value.after <= timedelta(hours=24, minutes=1)


async def test_counts_are_those_of_the_page_or_of_the_member(desk: Desk) -> None:
    page, member = desk.outgoing(), desk.outgoing(scope="w_member_social r_member_postAnalytics")
    of_page = await LINKEDIN.measure(page.account, (await LINKEDIN.commit(page, Prepared())).external_id)
    of_member = await LINKEDIN.measure(member.account, (await LINKEDIN.commit(member, Prepared())).external_id)
    assert of_page is not None
    assert of_member is not None
    assert (of_page.impressions, of_page.reach, of_page.comments) == (120, 80, None)
    assert (of_member.impressions, of_member.shares, of_member.likes) == (120, 2, 9)
    assert await LINKEDIN.measure(page.account, "urn:li:share:1") is None
