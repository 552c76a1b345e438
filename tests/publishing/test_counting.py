"""Views, plays, likes and clicks on the site: of people, once each, never lost, and nobody known."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import select, text

from mediaposter.core import context
from mediaposter.core.clock import utc_now
from mediaposter.core.context import Context
from mediaposter.core.visitors import Device, VisitorSalt, device_of, is_robot, recognise
from mediaposter.publishing.models import Account
from mediaposter.publishing.site import service
from mediaposter.publishing.site.repository import PageCounts
from tests.publishing.driving import drive, plan, read

pytestmark = pytest.mark.feature("ADAPT-013", "ARCH-005")
DESKTOP = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
BOT = {"User-Agent": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"}


class Public:
    """A public post of an account."""

    def __init__(self, ctx: Context, publication_id: str, path: str) -> None:
        self._ctx = ctx
        self.id = publication_id
        self.path = path

    async def counts(self) -> PageCounts:
        async with self._ctx.database.session() as session:
            return (await service.counts_of(session, [self.id]))[self.id]


@pytest.fixture
async def post(ctx: Context, site_account: Account, asset_id: str) -> Public:
    publication_id = await plan(ctx, site_account, asset_id)
    await drive(ctx, publication_id)
    url = (await read(ctx, publication_id)).url or ""
    return Public(ctx, publication_id, url.removeprefix(ctx.settings.site_url))


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def hands(ctx: Context) -> Iterator[Hands]:
    hands = Hands()
    context.install(Context(ctx.settings, ctx.database, ctx.storage, ctx.secrets, hands))
    yield hands
    context.install(ctx)


async def test_a_visitor_is_one_view_a_day(web: httpx.AsyncClient, post: Public, hands: Hands) -> None:
    for _ in range(3):
        await web.get(post.path)
    assert (await post.counts()).views == 1
    hands.now += timedelta(days=1)
    await web.get(post.path)
    assert (await post.counts()).views == 2


async def test_another_browser_is_another_visitor(web: httpx.AsyncClient, post: Public) -> None:
    await web.get(post.path)
    await web.get(post.path, headers=DESKTOP)
    assert (await post.counts()).views == 2


async def test_robots_are_counted_apart(web: httpx.AsyncClient, post: Public) -> None:
    await web.get(post.path, headers=BOT)
    counts = await post.counts()
    assert (counts.views, counts.robots) == (0, 1)


async def test_a_prefetch_is_no_view_and_does_not_hide_the_visit_after_it(web: httpx.AsyncClient, post: Public) -> None:
    await web.get(post.path, headers={"Sec-Purpose": "prefetch;prerender"})
    assert (await post.counts()).views == 0
    await web.get(post.path)
    assert (await post.counts()).views == 1


async def test_a_look_at_the_headers_is_no_view(web: httpx.AsyncClient, post: Public) -> None:
    await web.head(post.path)
    assert await post.counts() == PageCounts()


async def test_a_page_that_was_kept_by_the_browser_is_a_view_all_the_same(
    web: httpx.AsyncClient, post: Public, hands: Hands
) -> None:
    tag = (await web.get(post.path)).headers["etag"]
    hands.now += timedelta(days=1)
    await web.get(post.path, headers={"If-None-Match": tag})
    assert (await post.counts()).views == 2


async def test_many_at_once_are_all_counted(web: httpx.AsyncClient, post: Public) -> None:
    agents = [{"User-Agent": f"Mozilla/5.0 (Windows NT 10.0) Firefox/{number}"} for number in range(25)]
    await asyncio.gather(*(web.get(post.path, headers=agent) for agent in agents * 2))
    assert (await post.counts()).views == 25


async def test_a_play_is_counted_once(web: httpx.AsyncClient, post: Public) -> None:
    for _ in range(2):
        assert (await web.post(f"{post.path}/played")).status_code == 204
    assert (await post.counts()).plays == 1


async def test_a_like_is_toggled(web: httpx.AsyncClient, post: Public) -> None:
    states = [(await web.post(f"{post.path}/liked")).json() for _ in range(3)]
    assert states == [{"liked": True, "likes": 1}, {"liked": False, "likes": 0}, {"liked": True, "likes": 1}]
    assert (await post.counts()).likes == 1


async def test_likes_of_two_people_are_two(ctx: Context, web: httpx.AsyncClient, post: Public) -> None:
    for _ in range(2):
        web.cookies.clear()
        await web.post(f"{post.path}/liked")
    assert (await post.counts()).likes == 2


async def test_one_network_cannot_like_without_end(web: httpx.AsyncClient, post: Public) -> None:
    answers: list[int] = []
    for _ in range(15):
        web.cookies.clear()
        answers.append((await web.post(f"{post.path}/liked")).status_code)
    assert (answers[:12], answers[-1], (await post.counts()).likes) == ([200] * 12, 429, 12)


async def test_robots_like_nothing(web: httpx.AsyncClient, post: Public) -> None:
    assert (await web.post(f"{post.path}/liked", headers=BOT)).json() == {"liked": False, "likes": 0}


async def test_the_cookie_of_a_like_is_for_the_server_alone(web: httpx.AsyncClient, post: Public) -> None:
    cookie = (await web.post(f"{post.path}/liked")).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


async def test_beacons_of_other_sites_count_nothing(web: httpx.AsyncClient, post: Public) -> None:
    for path in (f"{post.path}/played", f"{post.path}/liked", "/@fern/opened"):
        assert (await web.post(path, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 404
    assert await post.counts() == PageCounts()


async def test_a_flood_of_beacons_is_turned_away(web: httpx.AsyncClient, post: Public) -> None:
    flood = {"User-Agent": "Mozilla/5.0 (Macintosh) Flood/1"}
    answers = [(await web.post(f"{post.path}/played", headers=flood)).status_code for _ in range(30)]
    assert answers[0] == 204
    assert answers[-1] == 429


async def test_links_of_a_home_are_counted(
    ctx: Context, web: httpx.AsyncClient, site_account: Account, post: Public
) -> None:
    for _ in range(2):
        await web.post("/@fern/opened")
    async with ctx.database.session() as session:
        assert (await service.counts_of(session, [site_account.id]))[site_account.id].links == 1


async def test_counts_stay_when_the_visits_are_forgotten(
    ctx: Context, web: httpx.AsyncClient, post: Public, hands: Hands
) -> None:
    await web.get(post.path)
    hands.now += timedelta(days=4)
    await web.get(post.path)
    async with ctx.database.session() as session:
        kept = (await session.execute(text("SELECT count(DISTINCT day) FROM site_visits"))).scalar_one()
    assert (kept, (await post.counts()).views) == (1, 2)


async def test_no_address_and_no_agent_is_kept(ctx: Context, web: httpx.AsyncClient, post: Public) -> None:
    await web.get(post.path)
    await web.post(f"{post.path}/liked")
    async with ctx.database.session() as session:
        for table in ("site_visits", "site_counts", "site_likes"):
            rows = (await session.execute(text(f"SELECT * FROM {table}"))).all()
            assert rows
            assert "127.0.0.9" not in str(rows)
            assert "iPhone" not in str(rows)


async def test_a_salt_lasts_two_days(ctx: Context) -> None:
    start = utc_now()
    for days in range(4):
        await recognise(ctx.database, address="127.0.0.9", headers=DESKTOP, now=start + timedelta(days=days))
    async with ctx.database.session() as session:
        days_kept = (await session.execute(select(VisitorSalt.day).order_by(VisitorSalt.day))).scalars().all()
    assert days_kept == [(start + timedelta(days=days)).date() for days in (1, 2, 3)]


async def test_the_same_visitor_has_another_key_tomorrow(ctx: Context) -> None:
    now = utc_now()
    keys = [
        (await recognise(ctx.database, address="127.0.0.9", headers=DESKTOP, now=now + timedelta(days=days))).key
        for days in (0, 0, 1)
    ]
    assert (keys[0] == keys[1], keys[1] == keys[2]) == (True, False)


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile/15E148", Device.PHONE),
        ("Mozilla/5.0 (iPad; CPU OS 19_0 like Mac OS X)", Device.TABLET),
        ("Mozilla/5.0 (Linux; Android 16; Pixel 10) Mobile Safari/537.36", Device.PHONE),
        ("Mozilla/5.0 (Linux; Android 16; SM-X910) Safari/537.36", Device.TABLET),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", Device.DESKTOP),
        ("Mozilla/5.0 (SMART-TV; Linux; Tizen 9.0)", Device.TV),
        ("Something new", Device.UNKNOWN),
    ],
)
def test_the_device_is_told_by_the_agent(agent: str, device: Device) -> None:
    assert device_of(agent) is device
    assert not is_robot({"user-agent": agent})


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "Googlebot/2.1 (+http://www.google.com/bot.html)",
        "Twitterbot/1.0",
        "TelegramBot (like TwitterBot)",
        "WhatsApp/2.23.20.0",
        "Slackbot-LinkExpanding 1.0",
        "Mozilla/5.0 (compatible; Discordbot/2.0)",
        "LinkedInBot/1.0",
        "curl/8.9",
        "python-requests/2.33",
        "Mozilla/5.0 HeadlessChrome/156.0",
        "Mozilla/5.0 (compatible; AhrefsBot/7.0)",
        "Bytespider",
    ],
)
def test_robots_are_told_by_the_agent(agent: str) -> None:
    assert is_robot({"user-agent": agent})
