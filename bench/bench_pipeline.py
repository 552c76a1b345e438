"""What the pipeline itself costs: starting a run, and everything in a run that is not the work.

Prints, from one run on this machine:
- the answer time of POST /api/pipeline/full with 50 runs queued (p50, p95), over loopback HTTP;
- from that answer to the first stage running, with an idle worker;
- the time of a whole run whose parts, master and facts were made by a run before it and are found again: what is left
  is orchestration, and the post of one page.
"""

import argparse
import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import uvicorn

os.environ.setdefault("MEDIAPOSTER_HOME", tempfile.mkdtemp(prefix="mp-bench-"))
Path(os.environ["MEDIAPOSTER_HOME"]).chmod(0o711)
os.environ.setdefault("MEDIAPOSTER_LOG_LEVEL", "ERROR")

from mediaposter.app import build_app
from mediaposter.cli.machine import machine
from mediaposter.core.context import Context
from mediaposter.core.settings import load_settings
from mediaposter.core.tokens import local_token
from mediaposter.media import ffmpeg
from mediaposter.pipeline import service
from mediaposter.pipeline.models import Stage
from mediaposter.pipeline.schemas import RunRead
from mediaposter.publishing import service as publishing
from mediaposter.workers import WorkerProcess


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queued", type=int, default=50)
    parser.add_argument("--posts", type=int, default=200)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    settings = load_settings()
    async with machine(settings) as ctx, serving() as address:
        async with ctx.database.session() as session:
            await publishing.create_account(session, channel="site", handle="bench")
        clips = make_clips(settings.home)
        headers = {"Authorization": f"Bearer {local_token(settings)}"}
        async with httpx.AsyncClient(base_url=address, headers=headers, trust_env=False) as client:
            queued = await post_with_queue(client, clips, options.queued, options.posts)
            await clear(ctx, client)
            async with WorkerProcess(settings, ctx.database.url):
                await one_run(ctx, client, clips)  # makes what the others find
                runs = [await one_run(ctx, client, clips) for _ in range(options.runs)]
    report(queued, runs, options.queued)


async def post_with_queue(client: httpx.AsyncClient, clips: list[str], queued: int, posts: int) -> list[float]:
    """Fill the queue, then time further posts. No worker runs, so the queue stays full."""
    for _ in range(queued):
        (await start(client, clips)).raise_for_status()
    times: list[float] = []
    for _ in range(posts):
        began = time.perf_counter()
        (await start(client, clips)).raise_for_status()
        times.append((time.perf_counter() - began) * 1000)
    return times


async def clear(ctx: Context, client: httpx.AsyncClient) -> None:
    """Cancel what was queued."""
    async with ctx.database.session() as session:
        ids = [run.id for run in await service.list_runs(session, limit=10_000)]
    for run_id in ids:
        await client.post(f"/api/pipeline/runs/{run_id}/cancel")


async def one_run(ctx: Context, client: httpx.AsyncClient, clips: list[str]) -> dict[str, float]:
    """Run once and return seconds: until the first stage ran, in all, and in each stage."""
    answer = await start(client, clips)
    run_id: str = answer.json()["id"]
    while True:
        await asyncio.sleep(0.05)
        async with ctx.database.session() as session:
            run = RunRead.of(await service.get_run(session, run_id))
        if run.state in ("completed", "failed", "partial", "cancelled"):
            break
    assert run.state == "completed", run.error
    assert run.started_at is not None
    assert run.finished_at is not None
    stages = {
        stage.name.value: (stage.finished_at - stage.started_at).total_seconds()
        for stage in run.stages
        if stage.finished_at and stage.started_at
    }
    first = next(stage for stage in run.stages if stage.name is Stage.GENERATE).started_at
    assert first is not None
    return {
        "latency": (first - run.created_at).total_seconds(),
        "total": (run.finished_at - run.created_at).total_seconds(),
        "between stages": (run.finished_at - run.created_at).total_seconds() - sum(stages.values()),
        **stages,
    }


async def start(client: httpx.AsyncClient, clips: list[str]) -> httpx.Response:
    """Ask for one run."""
    return await client.post("/api/pipeline/full", json={"clips": clips, "copywriter": "local"})


def make_clips(home: Path) -> list[str]:
    """Make three matching clips of one second, 180x320, with a tone."""
    paths: list[str] = []
    for number in range(3):
        path = home / f"clip{number}.mp4"
        subprocess.run(
            [
                *(str(ffmpeg.executable()), "-v", "error", "-y"),
                *("-f", "lavfi", "-i", "testsrc2=s=180x320:r=30:d=1"),
                *("-f", "lavfi", "-i", f"sine={440 + number}:d=1:r=48000"),
                *("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "2", "-shortest", str(path)),
            ],
            check=True,
        )
        paths.append(str(path))
    return paths


@contextlib.asynccontextmanager
async def serving() -> AsyncGenerator[str]:
    """Serve the API on a free port."""
    server = uvicorn.Server(uvicorn.Config(build_app(), port=0, log_config=None, access_log=False, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task


def report(posts: list[float], runs: list[dict[str, float]], queued: int) -> None:
    """Print the tables."""
    cuts = statistics.quantiles(posts, n=100)
    print(f"POST /api/pipeline/full, {queued} runs queued, {len(posts)} posts")
    print(f"  p50 {cuts[49]:6.1f} ms   p95 {cuts[94]:6.1f} ms   p99 {cuts[98]:6.1f} ms   (to show: p95 under 50 ms)\n")
    print(f"A run that finds its work done, median of {len(runs)}, seconds   (to show: orchestration under 1 s in all)")
    for name in runs[0]:
        print(f"  {name:<16} {statistics.median(run[name] for run in runs):7.3f}")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
