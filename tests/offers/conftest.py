"""An offer, its tracked link, and somebody who clicks."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from mediaposter.core import problems
from mediaposter.core.context import Context
from mediaposter.offers import service
from mediaposter.offers.inbound import public_router
from mediaposter.offers.models import Offer
from mediaposter.offers.redirect import RedirectMiddleware
from mediaposter.offers.routes import router
from mediaposter.offers.service import TrackedLink

PERSON = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile/15E148 Safari/604.1"}


@pytest.fixture
async def offer(ctx: Context) -> Offer:
    async with ctx.database.session() as session:
        return await service.create_offer(
            session, name="Wick kit", url="https://shop.example/wick?ref=1#buy", cta="Get the kit"
        )


@pytest.fixture
async def link(ctx: Context, offer: Offer) -> TrackedLink:
    async with ctx.database.session() as session:
        return await service.create_tracked_link(
            session,
            offer_id=offer.id,
            channel="tiktok",
            campaign="spring",
            account_id="acct_1",
            publication_id="pub_1",
            base_url=ctx.settings.site_url,
        )


@pytest.fixture
async def web(ctx: Context) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app)
    app.include_router(router)
    app.include_router(public_router)
    app.add_middleware(RedirectMiddleware)
    transport = httpx.ASGITransport(app, client=("127.0.0.9", 5000))
    async with httpx.AsyncClient(transport=transport, base_url=ctx.settings.site_url, headers=PERSON) as client:
        yield client
