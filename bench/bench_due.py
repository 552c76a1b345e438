"""Many publications that fall due in the same minute: how late each starts, and that none starts twice.

10,000 publications over 200 accounts by default, due at random moments of one minute, on real workers, a real database
and a platform on loopback that counts what it gets. The burst guard of each account is `--posts` in `--seconds`: those
that it holds back are measured from the first moment that it allows.

A start is the arming of the publication: the last write before its public call. Prints the delays (p50, p99, most), the
posts that the platform got, and how many a second the workers could send. The first moment that a limit allows is told
twice: given what really went out before on the account (which is what the limit counts), and as if nothing before had
been late either.
"""

import argparse
import asyncio
import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

os.environ.setdefault("MEDIAPOSTER_HOME", tempfile.mkdtemp(prefix="mp-bench-"))
Path(os.environ["MEDIAPOSTER_HOME"]).chmod(0o711)
os.environ.setdefault("MEDIAPOSTER_LOG_LEVEL", "ERROR")

import httpx
import uvicorn
from sqlalchemy import func, select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mediaposter.cli.machine import machine
from mediaposter.core.clock import utc_now
from mediaposter.core.context import Context
from mediaposter.core.settings import load_settings
from mediaposter.publishing import service
from mediaposter.publishing.channel import (
    Absent,
    Confirmation,
    ConfirmState,
    Found,
    Handle,
    Outgoing,
    Prepared,
    Timing,
    Unreadable,
)
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.limits import Windows
from mediaposter.publishing.models import Publication, PublicationAttempt
from mediaposter.publishing.outcomes import OPEN
from mediaposter.publishing.platform import Platform
from mediaposter.publishing.registry import register
from mediaposter.publishing.rules import ChannelRules, Limit, RepeatRules, TextRules
from mediaposter.registry import load_workflows
from mediaposter.worker import main as work

_PREPARED_AHEAD = 15.0  # seconds between the last planning and the first due time


class BenchChannel:
    """A platform on loopback that takes text."""

    name: ClassVar[str] = "bench"
    title: ClassVar[str] = "Bench"
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(description_max=500),
        repeats=RepeatRules(media=False, text_days=None),
        source="bench/bench_due.py",
        read_on=date(2026, 11, 23),
    )
    timing: ClassVar[Timing] = Timing(commit=30, settle=30, poll=0.5, confirm=60)
    _platform = Platform("bench")

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        return Prepared()

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        body = {"text": outgoing.copy.description, "account": outgoing.account.external_id}
        answer = await self._platform.ask("POST", os.environ["BENCH_URL"], creating=True, json=body)
        return Handle(external_id=answer.data["id"])

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:
        return Confirmation(state=ConfirmState.PUBLISHED, external_id=handle.external_id)

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        return Unreadable(evidence="The bench has no list.")


def serve(port: int) -> None:
    """Be the platform: take posts, and tell how often each text came."""
    seen: Counter[str] = Counter()

    async def take(request: Request) -> Response:
        body: Any = await request.json()
        seen[body["text"]] += 1
        return JSONResponse({"id": f"{len(seen)}"}, 201)

    async def tell(request: Request) -> Response:
        return JSONResponse({"texts": len(seen), "posts": seen.total()})

    app = Starlette(routes=[Route("/", take, methods=["POST"]), Route("/", tell)])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error")


@contextlib.asynccontextmanager
async def platform(port: int) -> AsyncGenerator[str]:
    process = subprocess.Popen([sys.executable, __file__, "--role", "server", "--port", str(port)])
    url = f"http://127.0.0.1:{port}/"
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            for _ in range(200):
                with contextlib.suppress(httpx.TransportError):
                    await client.get(url)
                    break
                await asyncio.sleep(0.05)
        yield url
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def workers(number: int, url: str, environment: dict[str, str]) -> Any:
    command = [sys.executable, __file__, "--role", "worker"]
    started = [subprocess.Popen(command, env={**os.environ, "DATABASE_URL": url, **environment}) for _ in range(number)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


async def plan_all(ctx: Context, publications: int, accounts: int) -> datetime:
    """Plan everything, and return the moment at which the minute begins."""
    names = [f"a{number}" for number in range(accounts)]
    async with ctx.database.session() as session:
        ids = [(await service.create_account(session, channel="bench", handle=name)).id for name in names]
    # Planning takes some milliseconds each; the minute begins when all are planned.
    begins = utc_now() + timedelta(seconds=publications * 0.02 + _PREPARED_AHEAD)
    chance = random.Random(1)
    for first in range(0, publications, 200):
        async with ctx.database.session() as session:
            for number in range(first, min(first + 200, publications)):
                post = await service.create_post(session)
                await service.plan_publication(
                    session,
                    post_id=post.id,
                    account_id=ids[number % accounts],
                    copy=Copy(description=f"Post number {number}"),
                    due_at=begins + timedelta(seconds=chance.uniform(0, 60)),
                )
    if utc_now() > begins:
        raise SystemExit("Planning took longer than expected; measure again on a quieter machine.")
    return begins


async def run(options: argparse.Namespace) -> int:
    environment = {
        "MEDIAPOSTER_BURST_POSTS": str(options.posts),
        "MEDIAPOSTER_BURST_MINUTES": str(options.seconds / 60),
    }
    os.environ.update(environment)
    async with machine(load_settings()) as ctx, platform(options.port) as url:
        began = time.monotonic()
        begins = await plan_all(ctx, options.publications, options.accounts)
        print(f"planned {options.publications} in {time.monotonic() - began:.0f} s")
        with workers(options.workers, ctx.database.url, {"BENCH_URL": url}):
            while (left := await count_open(ctx)) > 0:
                if sys.stderr.isatty():
                    sys.stderr.write(f"\r{left} left   ")
                await asyncio.sleep(2)
        async with httpx.AsyncClient(trust_env=False) as client:
            got = (await client.get(url)).json()
        return await report(ctx, options, begins, got)


async def count_open(ctx: Context) -> int:
    async with ctx.database.session() as session:
        query = select(func.count()).where(Publication.outcome.in_(OPEN))
        return (await session.execute(query)).scalar_one()


async def report(ctx: Context, options: argparse.Namespace, begins: datetime, got: dict[str, int]) -> int:
    async with ctx.database.session() as session:
        query = select(Publication.account_id, Publication.due_at, PublicationAttempt.armed_at).join(
            PublicationAttempt, PublicationAttempt.publication_id == Publication.id
        )
        rows = [(account, due, armed) for account, due, armed in await session.execute(query) if due and armed]
    limit = Limit(options.posts, options.seconds)
    first, last = min(armed for *_, armed in rows), max(armed for *_, armed in rows)
    seconds = (last - first).total_seconds()
    print(
        f"{len(rows)} starts of {options.publications} publications, {options.accounts} accounts, "
        f"{options.workers} workers, guard {options.posts} in {options.seconds:g} s"
    )
    for given, what in ((True, "given what went out before"), (False, "as if nothing had been late")):
        late = delays(rows, limit, given=given)
        print(
            f"start after its due time or the first moment its limit allows, {what}: p50 {late[len(late) // 2]:.2f} s, "
            f"p99 {late[int(len(late) * 0.99)]:.2f} s, most {late[-1]:.2f} s (target p99: 30 s)"
        )
    print(
        f"the platform got {got['posts']} posts, {got['texts']} different ones; started twice: "
        f"{len(rows) - options.publications}, sent twice: {got['posts'] - got['texts']}"
    )
    print(
        f"all sent {seconds:.0f} s after the first, {len(rows) / seconds:.1f} a second; due from {begins:%H:%M:%S} on"
    )
    return 0 if got["posts"] == got["texts"] == options.publications == len(rows) else 1


def delays(rows: Sequence[tuple[str, datetime, datetime]], limit: Limit, *, given: bool) -> list[float]:
    """Return the seconds of each start behind the first moment that due time and limit allow, shortest first.

    `given`: that the account's earlier starts were when they were.
    """
    late: list[float] = []
    for account in {account for account, *_ in rows}:
        windows = Windows([limit] if limit.posts else [])
        armed = sorted(armed for one, _, armed in rows if one == account)
        for due, start in zip(sorted(due for one, due, _ in rows if one == account), armed, strict=True):
            allowed = windows.first_free(due) if limit.posts else due
            windows.take(start if given else allowed)
            late.append((start - allowed).total_seconds())
    return sorted(late)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--publications", type=int, default=10_000)
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--posts", type=int, default=10, help="the burst guard's posts; 0 for none")
    parser.add_argument("--seconds", type=float, default=120, help="the burst guard's window")
    parser.add_argument("--port", type=int, default=5598)
    parser.add_argument("--role", choices=["bench", "server", "worker"], default="bench", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role == "server":
        serve(options.port)
        return 0
    register(BenchChannel())
    if options.role == "worker":
        work([], load=load_workflows)
        return 0
    load_workflows()
    return asyncio.run(run(options))


if __name__ == "__main__":
    raise SystemExit(main())
