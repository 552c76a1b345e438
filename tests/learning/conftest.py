"""Publications with readings, without a platform."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count

import httpx
import pytest
from fastapi import FastAPI

from mediaposter.core import problems
from mediaposter.core.context import Context
from mediaposter.learning import service
from mediaposter.learning.models import Score
from mediaposter.learning.routes import router
from mediaposter.metrics.models import Snapshot, SnapshotState
from mediaposter.publishing.models import Account, Post, Publication
from mediaposter.publishing.outcomes import Outcome

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Meadow:
    """Makes accounts and publications with readings, one day after the other."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self._numbers = count(1)

    async def account(self, name: str = "ann", channel: str = "x") -> str:
        async with self.ctx.database.session() as session:
            session.add(Account(id=f"acct_{name}", channel=channel, external_id=name, handle=name, name=name))
        return f"acct_{name}"

    async def read(
        self,
        account_id: str = "acct_ann",
        *,
        post_id: str | None = None,
        day: float | None = None,
        age: str = "24h",
        state: SnapshotState = SnapshotState.TAKEN,
        run_id: str | None = None,
        recipe: dict[str, str] | None = None,
        publication_id: str | None = None,
        **counts: float | None,
    ) -> str:
        """Make a publication (of a new post unless one is named) with a reading, and return its id."""
        number = next(self._numbers)
        at = NOON + timedelta(days=number if day is None else day)
        values = {"impressions": 1000, "likes": 12, "comments": 2, "shares": 2, "link_clicks": 0, **counts}
        async with self.ctx.database.session() as session:
            if publication_id is None:
                if post_id is None:
                    post_id = f"post_{number:03}"
                    session.add(Post(id=post_id, title=f"Post {number}", recipe=recipe or {}, run_id=run_id))
                    await session.flush()
                publication_id = f"pub_{number:03}"
                session.add(
                    Publication(
                        id=publication_id,
                        post_id=post_id,
                        account_id=account_id,
                        copy={},
                        outcome=Outcome.CONFIRMED,
                        url=f"https://x.example/{number}",
                    )
                )
                await session.flush()
            session.add(
                Snapshot(
                    id=f"snap_{number:03}",
                    publication_id=publication_id,
                    account_id=account_id,
                    channel="x",
                    age=age,
                    state=state,
                    due_at=at,
                    taken_at=at,
                    late=False,
                    raw={},
                    **values,
                )
            )
        return publication_id

    async def score(self, publication_id: str, age: str = "24h") -> Score:
        async with self.ctx.database.session() as session:
            return await service.score_publication(session, publication_id, age)

    async def scored(self, account_id: str = "acct_ann", **values: object) -> Score:
        return await self.score(await self.read(account_id, **values))  # type: ignore[arg-type]


@pytest.fixture
async def meadow(ctx: Context) -> Meadow:
    meadow = Meadow(ctx)
    await meadow.account()
    return meadow


@pytest.fixture
async def web(ctx: Context) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app)
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        yield client
