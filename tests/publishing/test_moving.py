"""A planned publication goes to another moment, once, and only while it is planned."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from mediaposter.core import events, timeline
from mediaposter.core.context import Context
from mediaposter.core.engine import Engine
from mediaposter.core.timeline import TimelineState
from mediaposter.publishing import ledger, service
from mediaposter.publishing.errors import PublicationStateError
from mediaposter.publishing.models import Account
from mediaposter.publishing.moving import move_publication
from tests.publishing.driving import drive, plan, read

pytestmark = pytest.mark.feature("ARCH-008")
SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
LATER = SOON + timedelta(days=3)


async def waiting(ctx: Context, publication_id: str, kind: str = ledger.DUE) -> list[datetime]:
    async with ctx.database.session() as session:
        found = await timeline.list_entries(session, kind=kind, subject=publication_id, state=TimelineState.WAITING)
    return [one.due_at for one in found]


async def move(web: httpx.AsyncClient, publication_id: str, to: datetime) -> httpx.Response:
    return await web.put(f"/api/publications/{publication_id}/due", json={"due_at": to.isoformat()})


async def test_it_goes_out_at_the_new_moment_and_no_other(
    ctx: Context, web: httpx.AsyncClient, site_account: Account, asset_id: str
) -> None:
    publication_id = await plan(ctx, site_account, asset_id, due_at=SOON)
    answer = await move(web, publication_id, LATER)
    assert (answer.status_code, datetime.fromisoformat(answer.json()["due_at"])) == (200, LATER)
    assert await waiting(ctx, publication_id) == [LATER]


async def test_there_and_back_it_goes_out_as_if_it_had_never_been_moved(
    ctx: Context, web: httpx.AsyncClient, site_account: Account, asset_id: str
) -> None:
    publication_id = await plan(ctx, site_account, asset_id, due_at=SOON)
    looks = await waiting(ctx, publication_id, ledger.PREFLIGHT)
    for to in (LATER, SOON):
        await move(web, publication_id, to)
    assert await waiting(ctx, publication_id) == [SOON]
    assert await waiting(ctx, publication_id, ledger.PREFLIGHT) == looks


async def test_the_ledger_and_the_events_tell_of_it(
    ctx: Context, web: httpx.AsyncClient, site_account: Account, asset_id: str
) -> None:
    publication_id = await plan(ctx, site_account, asset_id, due_at=SOON)
    await move(web, publication_id, LATER)
    (event,) = await events.read(ctx.database, after=0, topic="publication.moved")
    assert (event.data["from"], event.data["to"]) == (SOON.isoformat(), LATER.isoformat())


async def test_the_past_is_refused_by_name(
    ctx: Context, web: httpx.AsyncClient, site_account: Account, asset_id: str
) -> None:
    publication_id = await plan(ctx, site_account, asset_id, due_at=SOON)
    answer = await move(web, publication_id, datetime.now(UTC) - timedelta(minutes=1))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "due_at")
    assert await waiting(ctx, publication_id) == [SOON]


async def test_what_is_out_stays_where_it_is(
    ctx: Context, web: httpx.AsyncClient, engine: Engine, site_account: Account, asset_id: str
) -> None:
    publication_id = await plan(ctx, site_account, asset_id)
    await drive(ctx, publication_id)
    answer = await move(web, publication_id, LATER)
    assert answer.status_code == 409
    assert "can be planned again" in answer.json()["fix"]


async def test_a_move_and_a_worker_at_the_same_moment_agree(ctx: Context, site_account: Account, asset_id: str) -> None:
    """Either it is moved and does not start, or it starts and is not moved."""
    publication_id = await plan(ctx, site_account, asset_id, due_at=SOON)

    async def start() -> bool:
        """Take the due row as a worker does: the row first, then the publication."""
        async with ctx.database.session() as session:
            (row,) = await timeline.list_entries(session, kind=ledger.DUE, subject=publication_id)
            row = await timeline.get(session, row.id, lock=True)
            if row.state is not TimelineState.WAITING:
                return False
            row.state = TimelineState.STARTED
            publication = await service.get_publication(session, publication_id, lock=True)
            publication.starts += 1
            return True

    async def go() -> bool:
        try:
            async with ctx.database.session() as session:
                await move_publication(session, publication_id, due_at=LATER)
        except PublicationStateError:
            return False
        return True

    started, moved = await asyncio.wait_for(asyncio.gather(start(), go()), 20)
    assert started != moved
    row = await read(ctx, publication_id)
    assert (row.starts, row.due_at) == ((0, LATER) if moved else (1, SOON))
