"""`mediaposter demo`: the whole loop once, with nothing configured, on accounts and an offer of its own."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.app import Server, build_app
from mediaposter.core.context import Context
from mediaposter.core.errors import UpstreamError
from mediaposter.media import service as media
from mediaposter.offers import service as offers
from mediaposter.pipeline.models import Stage
from mediaposter.pipeline.schemas import PipelineConfig, RunRead
from mediaposter.publishing import service as publishing
from mediaposter.publishing.schemas import Profile

PROMPTS = (
    "Your plants do not die because you travel. They die because the pot runs dry on day three.",
    "A cotton string is enough. One end in a jar of water, the other end deep in the soil. "
    "The soil drinks only what it needs.",
    "Set it up tonight. Fill the jar, bury the string, and test it for two days before you leave.",
)
ACCOUNTS = (
    ("greenroom", "The Green Room", "Quiet ways to keep plants alive.", "#0f766e"),
    ("windowsill", "Windowsill Notes", "Small flats, large ferns.", "#b45309"),
)
OFFER_URL = "https://example.com/travel-checklist"
OFFER_CTA = "Get the travel checklist"
# Known as a checker, so that its visits are counted apart from those of people.
_AGENT = "MediaPosterCheck/1.0 (bot)"


@dataclass(frozen=True)
class Checked:
    """A page that was fetched: its address, and how many bytes it had."""

    url: str
    size: int


async def prepare(session: AsyncSession) -> PipelineConfig:
    """Make the demo's two accounts unless they are there, and return what its run is asked for."""
    handles: list[str] = []
    for handle, name, bio, accent in ACCOUNTS:
        if await publishing.find_account(session, "site", handle) is None:
            await publishing.create_account(
                session, channel="site", handle=handle, name=name, profile=Profile(bio=bio, accent=accent)
            )
        handles.append(f"site:{handle}")
    return PipelineConfig.model_validate(
        {
            "prompts": PROMPTS,
            "provider": ["cards"],
            "accounts": handles,
            "copywriter": "local",
            "offer": {"url": OFFER_URL, "name": "Travel checklist", "cta": OFFER_CTA},
            "brand": {"name": "The Green Room", "handle": "@greenroom", "palette": ["#0b1f1a", "#34d399", "#fbbf24"]},
        }
    )


async def check_pages(ctx: Context, run: RunRead) -> list[Checked]:
    """Serve the site for a moment and fetch what the run published: each page, its video, its feeds, its tracked link.

    Raises UpstreamError naming the first page that is not as it should be.
    """
    accounts: list[dict[str, Any]] = output(run, Stage.PUBLISH)["accounts"]
    links: dict[str, str] = output(run, Stage.LINK)["links"]
    base = ctx.settings.site_url
    async with (
        _serving() as address,
        httpx.AsyncClient(base_url=address, headers={"User-Agent": _AGENT}, trust_env=False) as client,
    ):
        pages: list[Checked] = []
        for account in accounts:
            url: str = account["url"]
            answer = await client.get(url.removeprefix(base))
            _demand(answer.status_code == 200 and "<video" in answer.text, url, f"answered {answer.status_code}")
            pages.append(Checked(url, len(answer.content)))
        for link in links.values():
            answer = await client.get(link.removeprefix(base), follow_redirects=False)
            target = answer.headers.get("location", "")
            _demand(answer.status_code == 302 and target.startswith(OFFER_URL), link, f"leads to {target or 'nowhere'}")
    return pages


async def master_path(ctx: Context, run: RunRead) -> str:
    """Return where the master lies on disk."""
    async with ctx.database.session() as session:
        asset = await media.get_asset(session, output(run, Stage.STITCH)["asset_id"])
    return str(await media.local_path(asset))


async def clicks(ctx: Context, run: RunRead) -> int:
    """Return how many clicks of people the run's links have so far."""
    async with ctx.database.session() as session:
        rows = await offers.list_links(session, run_id=run.id)
        counts = await offers.count_clicks(session, [row.id for row in rows])
    return sum(count.clicks for count in counts.values())


def output(run: RunRead, name: Stage) -> dict[str, Any]:
    """Return what a stage of the run put out."""
    return next(stage.outputs for stage in run.stages if stage.name is name)


@asynccontextmanager
async def _serving() -> AsyncGenerator[str]:
    server = Server(
        uvicorn.Config(build_app(), host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off")
    )
    task = asyncio.create_task(server.serve())
    while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn gives no event for it
        await asyncio.sleep(0.01)
    try:
        port: int = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()
        await task


def _demand(good: bool, url: str, found: str) -> None:
    if not good:
        raise UpstreamError(f"The page {url} is not as it should be: it {found}.", fix="Run `mediaposter doctor`.")
