"""The chaos run: every channel through every fault, with its worker killed -9 around the public call. `make chaos`.

One worker carries all publications of a round. When each of them stands at the round's moment, it is killed -9, and
another one takes over. At the end the table says how many posts each platform has of each publication, and how its row
ended: 0 doubles, 0 lost, 0 open beyond their deadline. Ends with 1 when it is not so.
"""

import asyncio
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from rich.console import Console
from rich.table import Table
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mediaposter.core import context, engine
from mediaposter.core.clock import utc_now
from mediaposter.core.context import Context
from mediaposter.core.db import Database
from mediaposter.core.embedded import EmbeddedPostgres
from mediaposter.core.migrate import migrate
from mediaposter.core.secrets import load_secret_box
from mediaposter.core.settings import Settings
from mediaposter.core.storage import load_storage
from mediaposter.media import ffmpeg
from mediaposter.media import service as media
from mediaposter.media.limits import MediaLimits
from mediaposter.publishing import service
from mediaposter.publishing.models import Publication
from mediaposter.publishing.outcomes import OPEN, Outcome
from mediaposter.publishing.settling import ASK
from tests.publishing.case import ChannelCase, add_account, load_cases
from tests.publishing.driving import plan, read
from tests.servers.loopback import serving
from tests.servers.platform_server import Fault, PlatformServer
from tests.workers import Worker

SECONDS_TO_SETTLE = 240.0
NO_FAULT = "none"


class Moment(StrEnum):
    """When the worker is killed."""

    NEVER = "never"
    BEFORE = "before"  # armed, the call not made yet
    DURING = "during"  # the platform has made the post and has not answered
    AFTER = "after"  # the platform has answered, the answer is not kept yet


class Gates:
    """Where the channels of the worker wait to be killed: a server that each asks before and after its call."""

    def __init__(self) -> None:
        self.closed: set[tuple[str, str]] = set()  # external id of the account, moment
        self.waiting: set[tuple[str, str]] = set()
        self.url = ""

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{moment}/{account:path}", self._pass)])

    async def _pass(self, request: Request) -> Response:
        at = (request.path_params["account"], request.path_params["moment"])
        if at in self.closed:
            self.waiting.add(at)
            while at in self.closed:
                await asyncio.sleep(0.02)
        return JSONResponse({})

    def open(self) -> None:
        self.closed.clear()


@dataclass
class Cell:
    """One channel, one fault, one moment."""

    case: ChannelCase
    fault: Fault | None
    moment: Moment
    account: str
    publication_id: str = ""
    posts: int = 0
    row: Publication | None = None

    @property
    def verdict(self) -> str:
        """`ok`, or what is wrong."""
        row = self.row
        assert row is not None
        if self.posts > 1:
            return "DOUBLE"
        if row.outcome is Outcome.CONFIRMED:
            return "ok" if self.posts == 1 else "LOST"
        if row.outcome in (Outcome.REJECTED, Outcome.CANCELLED):
            return "ok" if self.posts == 0 else "WRONG"
        if row.outcome is Outcome.PLANNED:  # it waits for a moment that is written down
            return "ok" if row.account.held_until is not None and self.posts == 0 else "OPEN"
        asked = (row.problem or {}).get("code") == ASK
        return "ok" if row.outcome is Outcome.UNKNOWN and asked and not self.case.readable else "OPEN"


async def run_round(
    ctx: Context, moment: Moment, servers: dict[str, PlatformServer], gates: Gates, assets: dict[str, str]
) -> list[Cell]:
    """Let one worker send every channel's publications, kill it at the moment, let another one finish."""
    cells: list[Cell] = []
    for name, server in servers.items():
        case = CASES[name]
        for fault in (None, *(one for one in Fault if one not in case.cannot)):
            # Numbers: handles on some platforms are short and plain.
            handle = f"c{moment[:1]}{len(cells)}"
            account = await add_account(ctx, case, server, handle)
            cell = Cell(case, fault, moment, account.external_id)
            if fault is not None:
                server.faults[account.external_id].append(fault)
            if moment is Moment.DURING:
                server.holds.add(account.external_id)
                server.released = False
            elif moment is not Moment.NEVER:
                gates.closed.add((account.external_id, moment.value))
            cell.publication_id = await plan(ctx, account, assets[case.asset], text=f"{moment} {fault or NO_FAULT}")
            cells.append(cell)
    async with ctx.database.session() as session:
        for cell in cells:
            await service.start_publication(session, cell.publication_id)
    environment = {"CHAOS_GATES": gates.url} | {
        name: value for case in CASES.values() for name, value in case.environment(servers[case.channel]).items()
    }
    worker = Worker(ctx, module="tests.publishing.chaos_worker", env=environment, lease=6.0)
    await worker.ready()
    if moment is not Moment.NEVER:
        await _all_stand(ctx, cells, servers, gates)
        worker.kill()
        gates.open()
        for server in servers.values():
            server.release()
        worker = Worker(ctx, module="tests.publishing.chaos_worker", env=environment, lease=6.0)
        await worker.ready()
    try:
        await _all_settle(ctx, cells)
    finally:
        worker.kill()
    for cell in cells:
        cell.row = await read(ctx, cell.publication_id)
        cell.posts = len(servers[cell.case.channel].posts[cell.account])
    return cells


async def _all_stand(ctx: Context, cells: list[Cell], servers: dict[str, PlatformServer], gates: Gates) -> None:
    """Wait until each publication stands at the moment, or is past it because its fault refused the call."""
    until = time.monotonic() + SECONDS_TO_SETTLE
    while time.monotonic() < until:
        standing = {account for account, _ in gates.waiting} | {a for s in servers.values() for a in s.holding}
        left = [cell for cell in cells if cell.account not in standing]
        rows = [await read(ctx, cell.publication_id) for cell in left]
        if all(_rests(row) for row in rows):
            return
        await asyncio.sleep(0.2)
    raise TimeoutError(f"{[(cell.case.channel, cell.fault) for cell in left]} do not come to the moment")


async def _all_settle(ctx: Context, cells: list[Cell]) -> None:
    until = time.monotonic() + SECONDS_TO_SETTLE
    while time.monotonic() < until:
        if all([_rests(await read(ctx, cell.publication_id)) for cell in cells]):
            return
        await asyncio.sleep(0.5)


_NEAR = timedelta(seconds=3)


def _rests(row: Publication) -> bool:
    """Whether nothing moves any more: settled, held until a moment that is not near, or a person is asked."""
    if row.outcome is Outcome.PLANNED:
        return row.account.held_until is not None and row.account.held_until > utc_now() + _NEAR
    return row.outcome not in OPEN or (row.problem or {}).get("code") == ASK


CASES = load_cases()


async def main(only: list[str]) -> int:
    for name in list(CASES):
        if only and name not in only:
            del CASES[name]
    home = Path(tempfile.mkdtemp(prefix="mp-"))
    home.chmod(0o711)
    cells: list[Cell] = []
    began = time.monotonic()
    # The cut connections are on purpose. Each server sets the level anew, but leaves a filter.
    logging.getLogger("uvicorn.error").addFilter(lambda _record: False)
    os.environ["MEDIAPOSTER_ALLOW_PRIVATE_URLS"] = "true"
    try:
        with EmbeddedPostgres(home / "postgres") as postgres, ExitStack() as stack:
            url = postgres.url_of("postgres")
            migrate(url)
            settings = Settings(home=home, allow_private_urls=True)
            ctx = Context(settings, Database(url), load_storage(settings), load_secret_box(settings))
            context.install(ctx)
            servers = {name: stack.enter_context(case.server().running()) for name, case in CASES.items()}
            for case in CASES.values():
                os.environ.update(case.environment(servers[case.channel]))
            gates = Gates()
            gates.url = stack.enter_context(serving(gates.app()))
            assets = await _assets(ctx, home)
            for moment in Moment:
                sys.stderr.write(f"{moment}: {time.monotonic() - began:.0f} s\n")
                cells += await run_round(ctx, moment, servers, gates, assets)
            await engine.close_client(url)
            await ctx.database.close()
            context.install(None)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return report(cells, time.monotonic() - began)


async def _assets(ctx: Context, home: Path) -> dict[str, str]:
    files = {
        "video": (home / "video.mp4", ["-f", "lavfi", "-i", "testsrc2=s=720x1280:r=30", "-f", "lavfi", "-i"]),
        "image": (home / "image.jpg", ["-f", "lavfi", "-i", "testsrc2=s=1080x1350", "-frames:v", "1"]),
    }
    made: dict[str, str] = {"none": ""}
    for kind, (path, args) in files.items():
        more = ["sine=440", "-t", "4", "-pix_fmt", "yuv420p", "-movflags", "+faststart"] if kind == "video" else []
        process = await asyncio.create_subprocess_exec(str(ffmpeg.executable()), "-v", "error", *args, *more, str(path))
        assert await process.wait() == 0
        async with ctx.database.session() as session:
            asset = await media.register(session, str(path), storage=ctx.storage, limits=MediaLimits.of(ctx.settings))
            made[kind] = asset.id
    return made


def report(cells: list[Cell], seconds: float) -> int:
    """Print the table: a row for each channel and fault, a column for each moment. Returns the exit code."""
    table = Table("channel", "fault", *(f"killed {moment}" for moment in Moment))
    by_place = {(cell.case.channel, cell.fault, cell.moment): cell for cell in cells}
    for name, case in CASES.items():
        for fault in (None, *Fault):
            if fault in case.cannot:
                table.add_row(name, fault, *(["-"] * len(Moment)), style="dim")
                continue
            shown = [by_place[name, fault, moment] for moment in Moment]
            table.add_row(name, fault or NO_FAULT, *(_shown(cell) for cell in shown))
    console = Console(width=132)
    console.print(table)
    counted = Counter(cell.verdict for cell in cells)
    wrong = {verdict: number for verdict, number in counted.items() if verdict != "ok"}
    for cell in cells:
        if cell.verdict != "ok" and cell.row is not None:
            console.print(f"{cell.case.channel} {cell.fault} {cell.moment}: {json.dumps(cell.row.problem)}")
    console.print(
        f"{len(cells)} publications on {len(CASES)} channels, {len(Moment) - 1} kills, {seconds:.0f} s: "
        f"{counted['DOUBLE']} doubles, {counted['LOST']} lost, {counted['OPEN']} open beyond their deadline"
        + (f", {counted['WRONG']} refused and yet public" if counted["WRONG"] else "")
    )
    return 1 if wrong else 0


def _shown(cell: Cell) -> str:
    assert cell.row is not None
    asked = (cell.row.problem or {}).get("code") == ASK
    word = "asked" if asked else "held" if cell.row.outcome is Outcome.PLANNED else str(cell.row.outcome)
    return f"{word} {cell.posts}" if cell.verdict == "ok" else f"[red]{cell.verdict}[/] {word} {cell.posts}"


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main(sys.argv[1:])))
