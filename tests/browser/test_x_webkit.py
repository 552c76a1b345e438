"""X by its site, in a real WebKit: proved by the new post's own address, or not taken for done."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from mediaposter.browser import opening
from mediaposter.browser.sites.x.run import same
from mediaposter.core import engine as durable
from mediaposter.core.context import Context
from mediaposter.core.engine import Engine
from mediaposter.publishing import service
from mediaposter.publishing.channels import x_web
from mediaposter.publishing.channels.x_web import XWebChannel
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.models import Publication
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.outgoing import outgoing_of
from mediaposter.publishing.schemas import Burst
from tests.engine import engine
from tests.servers.x_site import XSite

__all__ = ["engine"]
pytestmark = [pytest.mark.webkit, pytest.mark.feature("ARCH-004", "SAFARI-001")]


@pytest.fixture
def site() -> Iterator[XSite]:
    with XSite().running() as server:
        yield server


@pytest.fixture(autouse=True)
async def driven(ctx: Context, site: XSite, screen: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setenv("DISPLAY", screen)
    monkeypatch.setattr(x_web, "_RECIPE", replace(x_web._RECIPE, to_ready=4.0, to_appear=4.0))
    changes = {"browser": "webdriver", "x_site_url": site.url, "browser_pace": 0}
    object.__setattr__(ctx, "settings", ctx.settings.model_copy(update=changes))
    yield
    await opening.close_browsers()


async def planned(ctx: Context, copy: Copy, handle: str = "ann") -> str:
    async with ctx.database.session() as session:
        account = await service.find_account(session, "x-web", handle)
        if account is None:
            account = await service.create_account(session, channel="x-web", handle=handle)
            await service.update_account(session, account.id, burst=Burst(posts=0, minutes=1))
        post = await service.create_post(session)
        row = await service.plan_publication(session, post_id=post.id, account_id=account.id, copy=copy)
        return row.id


async def sent(ctx: Context, publication_id: str) -> Publication:
    async with ctx.database.session() as session:
        await service.start_publication(session, publication_id)
    await durable.result(f"publish:{publication_id}:1")
    async with ctx.database.session() as session:
        return await service.get_publication(session, publication_id)


async def test_a_post_is_confirmed_by_its_own_address(ctx: Context, engine: Engine, site: XSite) -> None:
    words = 'Ferns like rain. It\'s "soft" water: https://mediaposter.example/r/1234567'
    row = await sent(ctx, await planned(ctx, Copy(description=words)))
    assert (row.outcome, row.url) == (Outcome.CONFIRMED, f"{site.url}/ann/status/{site.posts[0].id}")


async def test_a_thread_goes_out_as_replies_to_itself(ctx: Context, engine: Engine, site: XSite) -> None:
    first = await sent(ctx, await planned(ctx, Copy(description="One.", thread=("Two.",))))
    async with ctx.database.session() as session:
        rows = await service.list_publications(session, post_ids=[first.post_id], parts=True)
    second = next(row for row in rows if row.part == 1)
    await sent(ctx, second.id)
    assert [(one.text, one.reply_to) for one in site.posts] == [("Two.", first.external_id), ("One.", None)]


async def test_what_was_said_before_is_refused(ctx: Context, engine: Engine, site: XSite) -> None:
    site.on_post.append("repeated")
    row = await sent(ctx, await planned(ctx, Copy(description="Ferns like rain.")))
    assert (row.outcome, len(site.posts)) == (Outcome.REJECTED, 0)


async def test_another_login_posts_nothing(ctx: Context, engine: Engine, site: XSite) -> None:
    site.me = "somebody"
    row = await sent(ctx, await planned(ctx, Copy(description="Ferns like rain.")))
    assert (row.outcome, site.posts) == (Outcome.REJECTED, [])


async def test_a_post_that_the_page_did_not_own_up_to_is_found_on_the_profile(
    ctx: Context, engine: Engine, site: XSite
) -> None:
    site.on_post.append("made_silent")
    row = await sent(ctx, await planned(ctx, Copy(description="Ferns like rain.")))
    assert (row.outcome, row.external_id, len(site.posts)) == (Outcome.CONFIRMED, site.posts[0].id, 1)


async def test_a_post_that_is_not_there_is_not_taken_for_public(ctx: Context, engine: Engine, site: XSite) -> None:
    site.on_post.append("silent")
    row = await sent(ctx, await planned(ctx, Copy(description="Ferns like rain.")))
    assert (row.outcome, site.posts) == (Outcome.UNKNOWN, [])


async def test_the_counts_under_a_post_are_read(ctx: Context, engine: Engine, site: XSite) -> None:
    row = await sent(ctx, await planned(ctx, Copy(description="Ferns like rain.")))
    outgoing = outgoing_of(row, ctx.secrets)
    told = await XWebChannel().measure(outgoing.account, site.posts[0].id)
    assert told is not None
    assert (told.impressions, told.likes, told.comments, told.shares, told.saves) == (1204, 12, 3, 1, 2)
    assert await XWebChannel().measure(outgoing.account, "4") is None


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Get it https://a.example/r/1234567", "Get it a.example/r/12…", True),
        ("Rain.  Soft", "Rain.\nSoft", True),
        ("Rain", "Rains", False),
    ],
)
def test_texts_are_the_same_whatever_x_did_to_their_links(one: str, other: str, alike: bool) -> None:
    assert same(one, other) is alike
