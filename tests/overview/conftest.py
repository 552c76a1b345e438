"""Accounts, and publications in whatever state a test wants, written as rows."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from mediaposter.core.context import Context
from mediaposter.core.ids import new_id
from mediaposter.publishing.models import Account, Post, Publication
from tests.publishing.conftest import add_account

NOW = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
Publishes = Callable[..., Awaitable[Publication]]


@pytest.fixture
async def fern(ctx: Context) -> Account:
    return await add_account(ctx, "site", "fern")


@pytest.fixture
async def moss(ctx: Context) -> Account:
    return await add_account(ctx, "site", "moss")


@pytest.fixture
def publish(ctx: Context) -> Publishes:
    """Write a publication of a post of its own."""

    async def write(account: Account, outcome: str = "planned", title: str = "A jar", **values: Any) -> Publication:
        async with ctx.database.session() as session:
            post = Post(id=new_id("post"), title=title, asset_ids=[], generated=False, prompts=[], clip_ids=[])
            row = Publication(
                id=new_id("pub"),
                post_id=post.id,
                account_id=account.id,
                part=0,
                kind="post",
                outcome=outcome,
                attempt=1,
                tries_left=8,
                starts=0,
                allow_repeat=False,
                created_at=NOW,
                **{"copy": {"title": title, "description": "", "hashtags": []}, "due_at": NOW, **values},
            )
            session.add(post)
            await session.flush()
            session.add(row)
        return row

    return write
