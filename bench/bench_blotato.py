"""Twenty-two accounts of one Blotato key and a video for each of them, several times over: how near the limits it runs.

Blotato is a server on loopback that keeps to its documented limits (30 posts and 60 looks a minute of a key), counts
whoever breaks them, and publishes a post some seconds after it took it. The least time is what the limits and that work
allow whoever keeps to them: the last post goes out when the window of a minute lets it, and is seen to be public by the
first of the looks, ten seconds apart as Blotato asks, that can see it.
"""

import argparse
import asyncio
import contextlib
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

os.environ.setdefault("MEDIAPOSTER_HOME", tempfile.mkdtemp(prefix="mp-bench-"))
Path(os.environ["MEDIAPOSTER_HOME"]).chmod(0o711)
os.environ.setdefault("MEDIAPOSTER_LOG_LEVEL", "ERROR")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import func, select

from mediaposter.cli.machine import machine
from mediaposter.core.context import Context
from mediaposter.core.settings import load_settings
from mediaposter.media import service as media
from mediaposter.media.ffmpeg import executable
from mediaposter.media.limits import MediaLimits
from mediaposter.publishing import service
from mediaposter.publishing.connecting import keeping, paste
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.models import Publication
from mediaposter.publishing.outcomes import OPEN, Outcome
from mediaposter.registry import load_workflows
from mediaposter.worker import main as work
from tests.servers.blotato_server import LIMITS, BlotatoServer

# Those that take a video and need nothing that a person chooses.
_PLATFORMS = ("twitter", "instagram", "tiktok", "youtube", "linkedin", "threads", "bluesky")
_LOOKS = 10.0  # seconds between two looks at a post, as Blotato asks


@contextlib.contextmanager
def workers(number: int, url: str) -> Generator[None]:
    command = [sys.executable, __file__, "--role", "worker"]
    started = [subprocess.Popen(command, env={**os.environ, "DATABASE_URL": url}) for _ in range(number)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


@contextlib.asynccontextmanager
async def blotato(options: argparse.Namespace) -> AsyncGenerator[BlotatoServer]:
    with BlotatoServer(strict=True, works=options.works).running() as server:
        assert isinstance(server, BlotatoServer)
        os.environ["MEDIAPOSTER_BLOTATO_BASE_URL"] = f"{server.url}/v2"
        yield server


async def plan_all(ctx: Context, server: BlotatoServer, options: argparse.Namespace) -> None:
    """Connect the accounts by their key, and plan every post on each of them, due now."""
    key = "bench-key=="
    for number in range(options.accounts):
        server.connect(key, f"a{number}", _PLATFORMS[number % len(_PLATFORMS)])
    found = await paste.identify("blotato", {"api_key": key})
    async with ctx.database.session() as session:
        accounts = [(await keeping.keep(session, ctx, "blotato", one)).id for one in found]
    assets: list[str] = []
    for number in range(options.posts):
        async with ctx.database.session() as session:
            limits = MediaLimits.of(ctx.settings)
            assets.append((await media.register(session, str(_video(number)), storage=ctx.storage, limits=limits)).id)
    for number, asset in enumerate(assets):
        async with ctx.database.session() as session:
            post = await service.create_post(session, asset_ids=[asset], generated=True)
            copy = Copy(title=f"Post {number}", description=_words(number))
            for account in accounts:
                row = await service.plan_publication(session, post_id=post.id, account_id=account, copy=copy)
                await service.start_publication(session, row.id)


def _words(number: int) -> str:
    """Return a text that no account takes for a repetition of another."""
    chance = random.Random(number)
    return " ".join("".join(chance.choices("abcdefghij", k=6)) for _ in range(8)).capitalize() + "."


def _video(number: int) -> Path:
    path = Path(os.environ["MEDIAPOSTER_HOME"]) / f"{number}.mp4"
    picture, sound = f"testsrc2=s=720x1280:r=30:d={4 + number}", f"sine=f={440 + number}:d={4 + number}"
    inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound]
    coded = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart"]
    subprocess.run([str(executable()), "-v", "error", "-y", *inputs, *coded, str(path)], check=True)
    return path


def least(total: int, works: float) -> float:
    """Return the least seconds in which `total` posts can be seen to be public."""
    windows = (total - 1) // LIMITS["POST /posts"]
    return windows * 60 + max(1, math.ceil(works / _LOOKS)) * _LOOKS


async def run(options: argparse.Namespace) -> int:
    total = options.accounts * options.posts
    async with blotato(options) as server, machine(load_settings()) as ctx:
        await plan_all(ctx, server, options)
        with workers(options.workers, ctx.database.url):
            while not server.files:  # the workers have started when they bring something up
                await asyncio.sleep(0.05)
            began = time.monotonic()
            while await count(ctx, *OPEN) > 0:
                await asyncio.sleep(0.2)
            seconds = time.monotonic() - began
        published = await count(ctx, Outcome.CONFIRMED)
    best = least(total, options.works)
    calls = {route: sum(_is(route, *call[:2]) for call in server.calls) for route in LIMITS}
    print(f"{options.accounts} accounts of one key, {options.posts} posts each, {options.workers} workers")
    print(f"published {published} of {total}, sent {sum(map(len, server.posts.values()))}, files {len(server.files)}")
    print(f"calls {calls}, limits broken {server.broken}")
    print(f"{seconds:.1f} s, the limits allow {best:.1f} s: {seconds / best:.2f}x (target: at most 1.2x)")
    return 0 if published == total and server.broken == 0 else 1


def _is(route: str, method: str, path: str) -> bool:
    wanted, _, where = route.partition(" ")
    inside = path.removeprefix("/v2")
    return method == wanted and (inside.startswith(where) if where.endswith("/") else inside == where)


async def count(ctx: Context, *outcomes: Outcome) -> int:
    async with ctx.database.session() as session:
        query = select(func.count()).select_from(Publication).where(Publication.outcome.in_(outcomes))
        return (await session.execute(query)).scalar_one()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=22)
    parser.add_argument("--posts", type=int, default=3, help="posts on each account")
    parser.add_argument("--works", type=float, default=15, help="seconds that Blotato takes to publish a post")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--role", choices=["bench", "worker"], default="bench", help=argparse.SUPPRESS)
    options = parser.parse_args()
    load_workflows()
    if options.role == "worker":
        work([], load=load_workflows)
        return 0
    return asyncio.run(run(options))


if __name__ == "__main__":
    raise SystemExit(main())
