"""The front door for programs: the ASGI app, built out of the rooms' routers."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from time import perf_counter
from typing import Any

import uvicorn
from fastapi import APIRouter, Depends, FastAPI, Response
from fastapi_offline import FastAPIOffline
from sqlalchemy.exc import SQLAlchemyError

from mediaposter import openapi
from mediaposter.analysis.routes import router as analysis
from mediaposter.campaigns.routes import router as campaigns
from mediaposter.configuring.routes import router as configuring
from mediaposter.core import context, power, problems
from mediaposter.core.models import PowerMode
from mediaposter.core.power_routes import router as sleep
from mediaposter.core.routes import router as core
from mediaposter.core.runtime import live_workers
from mediaposter.core.session_routes import public_router as login
from mediaposter.core.session_routes import router as browser_sessions
from mediaposter.core.tokens import authorize
from mediaposter.dashboard.serving import DashboardMiddleware
from mediaposter.generation.routes import router as generation
from mediaposter.hooks.routes import router as webhooks
from mediaposter.learning.routes import router as learning
from mediaposter.media.routes import router as media
from mediaposter.metrics.routes import router as metrics
from mediaposter.models.routes import router as images
from mediaposter.offers.inbound import public_router as conversions
from mediaposter.offers.redirect import RedirectMiddleware
from mediaposter.offers.routes import router as offers
from mediaposter.overview.routes import router as overview
from mediaposter.pipeline.routes import router as pipeline
from mediaposter.publishing.connecting.page_routes import router as connect_page
from mediaposter.publishing.connecting.routes import router as connecting
from mediaposter.publishing.media_urls import router as media_urls
from mediaposter.publishing.routes import router as publishing
from mediaposter.publishing.site.routes import router as site

VERSION = version("mediaposter")
_DESCRIPTION = """Prompts or footage in; a finished video, published to every account, out.

Every route under `/api` needs a token: `Authorization: Bearer mp_...` (`mediaposter tokens create NAME`). Errors are
problem documents (RFC 9457) with `code`, `detail`, `fix` and `trace_id`. Times are UTC.
"""
_TICKS_A_SECOND = 10  # as uvicorn counts them: it renews the Date header at each tenth
_started = datetime.now(UTC)
health = APIRouter(tags=["health"])


def build_app() -> FastAPI:
    """Build the app. The process's context must be installed before the first request."""
    app = FastAPIOffline(
        title="MediaPoster",
        version=VERSION,
        description=_DESCRIPTION,
        docs_url="/api/docs",
        redoc_url=None,
        static_url="/api/docs-static",
        openapi_url="/api/openapi.json",
    )
    app.add_middleware(DashboardMiddleware)
    problems.install(app)
    app.add_middleware(RedirectMiddleware)
    rooms = (
        overview,
        pipeline,
        media,
        generation,
        images,
        analysis,
        connecting,
        publishing,
        offers,
        metrics,
        learning,
        campaigns,
        webhooks,
        configuring,
        sleep,
        core,
    )
    for router in rooms:
        app.include_router(router, dependencies=[Depends(authorize)])
    for router in (health, login, browser_sessions, conversions, media_urls, connect_page, site):
        app.include_router(router)
    write = app.openapi

    def document() -> dict[str, Any]:
        return app.openapi_schema or openapi.complete(write())

    app.openapi = document
    return app


class Server(uvicorn.Server):
    """An HTTP server that leaves signals to its owner: uvicorn would end the process before the rest is stopped.

    It ticks once a second and not ten times: an idle server costs next to nothing. `stop` ends it at once.
    """

    def stop(self) -> None:
        """Take no more requests, and end when those in hand are answered."""
        self.should_exit = True
        self._stopping.set()

    @cached_property
    def _stopping(self) -> asyncio.Event:
        return asyncio.Event()

    async def main_loop(self) -> None:
        """Serve until told to stop."""
        tick = 0
        while not await self.on_tick(tick):
            tick += _TICKS_A_SECOND
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._stopping.wait()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


@health.get("/health", summary="Whether the parts are up; no token needed")
async def check_health(response: Response) -> dict[str, Any]:
    """Answer 200 when the database answers, 503 when not. Workers are reported, not required: they may sleep."""
    ctx = context.current()
    began = perf_counter()
    checks: dict[str, Any] = {}
    try:
        await ctx.database.ping()
        checks["database"] = {"status": "up", "latency_ms": round((perf_counter() - began) * 1000, 2)}
        alive = await live_workers(ctx)
        async with ctx.database.session() as session:
            asleep = [one for one in await power.states(session) if one.mode is PowerMode.ASLEEP]
        how = "running" if alive else "asleep" if asleep else "stopped"
        checks["workers"] = {"status": how, "count": len(alive), "asleep": len(asleep)}
    except (SQLAlchemyError, OSError) as error:
        checks["database"] = {"status": "down", "detail": type(error).__name__}
        response.status_code = 503
    now = datetime.now(UTC)
    return {
        "status": "healthy" if response.status_code != 503 else "unhealthy",
        "timestamp": now.isoformat(),
        "version": VERSION,
        "uptime_seconds": round((now - _started).total_seconds(), 1),
        "checks": checks,
    }
