"""Sleep: what the whole product uses while it sleeps, how soon it works when woken, and that nothing is lost by it.

The server, a worker with all its workflows and their own Postgres. The CPU of every process of it over `--asleep`
seconds, first awake and idle, then asleep; then `--wakes` wakes, each from the enqueuing of a workflow to its first
step. Then `--chaos` random events: told to sleep, woken, something queued or falling due, the worker killed (-9): every
piece of work must be done.
"""

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

os.environ.setdefault("MEDIAPOSTER_HOME", tempfile.mkdtemp(prefix="mp-bench-"))
HOME = Path(os.environ["MEDIAPOSTER_HOME"])
HOME.chmod(0o711)
os.environ["MEDIAPOSTER_LOG_LEVEL"] = "ERROR"
os.environ["MEDIAPOSTER_SLEEP_AFTER_MINUTES"] = "0"  # it sleeps when it is told

import psutil
from sqlalchemy import select

from mediaposter.cli.machine import machine
from mediaposter.core import context, engine, power, timeline
from mediaposter.core.context import Context
from mediaposter.core.engine import Queue
from mediaposter.core.models import PowerMode, TimelineEntry, TimelineState
from mediaposter.core.settings import load_settings
from mediaposter.registry import load_workflows
from mediaposter.worker import main as run_worker

KIND = "bench.due"


@engine.step("bench.note")
async def note(word: str) -> None:
    """Leave a line with the moment."""
    with (HOME / "notes").open("a") as file:
        file.write(f"{word} {context.current().clock().isoformat()}\n")


@engine.workflow("bench.work")
async def work(word: str) -> None:
    await note(word)


@timeline.on(KIND)
@engine.workflow("bench.due")
async def due(entry_id: str) -> None:
    await note(entry_id)


def notes() -> dict[str, datetime]:
    file = HOME / "notes"
    lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
    first: dict[str, datetime] = {}
    for word, moment in lines:
        first.setdefault(word, datetime.fromisoformat(moment))
    return first


def family() -> list[psutil.Process]:
    """Return every process of the product: the server, the worker, the database and its keeper; not this bench."""
    mine = psutil.Process()
    found = mine.children(recursive=True)
    for one in psutil.process_iter(["cmdline"]):
        if str(HOME) in " ".join(one.info["cmdline"] or ()):
            found += [one, *one.children(recursive=True)]
    return list({one.pid: one for one in found if one.pid != mine.pid}.values())


def cpu_seconds(processes: list[psutil.Process]) -> dict[str, float]:
    used: dict[str, float] = {}
    for one in processes:
        try:
            times, name = one.cpu_times(), " ".join(one.cmdline()[:3])[-60:] or one.name()
        except psutil.NoSuchProcess:
            continue
        used[f"{one.pid} {name}"] = times.user + times.system
    return used


async def measure(what: str, seconds: float) -> float:
    before = cpu_seconds(family())
    began = time.monotonic()
    await asyncio.sleep(seconds)
    span = time.monotonic() - began
    after = cpu_seconds(family())
    shares = {name: (used - before.get(name, 0.0)) / span * 100 for name, used in after.items()}
    total = sum(shares.values())
    print(f"{what:14} {total:6.3f} % of a core over {span:.0f} s, {len(after)} processes")
    for name, share in sorted(shares.items(), key=lambda one: -one[1])[:4]:
        if share > 0.01:
            print(f"    {share:6.3f} %  {name}")
    return total


async def mode(ctx: Context) -> PowerMode | None:
    async with ctx.database.session() as session:
        return (await power.get_status(session)).mode


async def sleep_now(ctx: Context) -> None:
    async with ctx.database.session() as session:
        await power.enter_sleep(session)
    async with asyncio.timeout(60):
        while await mode(ctx) is not PowerMode.ASLEEP:
            await asyncio.sleep(0.02)


async def enqueue(ctx: Context, word: str) -> datetime:
    async with ctx.database.session() as session:
        await engine.enqueue(session, work, word, queue=Queue.RUNS, id=word)
    return ctx.clock()


async def wakes(ctx: Context, number: int) -> list[float]:
    """Return the seconds from the commit of a workflow to its first step, the worker asleep each time."""
    took: list[float] = []
    for one in range(number):
        await sleep_now(ctx)
        await asyncio.sleep(random.uniform(0, 0.5))
        at = await enqueue(ctx, f"wake{one}")
        await engine.result(f"wake{one}")
        took.append((notes()[f"wake{one}"] - at).total_seconds())
    return sorted(took)


async def chaos(ctx: Context, number: int, seed: int) -> tuple[int, int]:
    """Do random things, and return how many pieces of work there were and how many of them were done."""
    chance = random.Random(seed)
    wanted: list[str] = []
    killed = 0
    for one in range(number):
        what = chance.choices(["sleep", "wake", "queue", "due", "kill", "wait"], [25, 10, 25, 25, 3, 12])[0]
        async with ctx.database.session() as session:
            if what == "sleep" and await power.states(session):
                await power.enter_sleep(session)
            elif what == "wake":
                await power.wake(session)
            elif what == "queue":
                wanted.append(f"chaos{one}")
                await engine.enqueue(session, work, wanted[-1], queue=Queue.RUNS, id=wanted[-1])
            elif what == "due":
                at = ctx.clock() + timedelta(seconds=chance.uniform(-1, 4))
                data = await timeline.schedule(session, kind=KIND, subject=f"s{one}", due_at=at)
                wanted.append(data.id)
            elif what == "kill":
                for state in await power.states(session):
                    os.kill(state.pid, signal.SIGKILL)
                    killed += 1
        await asyncio.sleep(chance.uniform(0, 0.15) if what != "wait" else chance.uniform(0.2, 1.5))
    deadline = time.monotonic() + 90
    while set(wanted) - notes().keys() and time.monotonic() < deadline:
        await asyncio.sleep(0.5)
    print(f"{number} events, the worker killed {killed} times")
    return len(wanted), len(set(wanted) & notes().keys())


async def still_waiting(ctx: Context) -> int:
    async with ctx.database.session() as session:
        query = select(TimelineEntry.id).where(TimelineEntry.kind == KIND, TimelineEntry.state == TimelineState.WAITING)
        return len((await session.execute(query)).all())


class Workers:
    """The worker beside the server, started again when it is killed, as `mediaposter up` does."""

    def __init__(self, url: str) -> None:
        self._environment = {**os.environ, "DATABASE_URL": url}
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, __file__, "--role", "worker"], env=self._environment)

    async def keep(self) -> None:
        while True:
            if self.process.poll() is not None:
                self.process = self._start()
            await asyncio.sleep(0.3)


async def main(options: argparse.Namespace) -> int:
    async with machine(load_settings()) as ctx:
        command = [str(Path(sys.executable).with_name("mediaposter")), "up", "--no-worker", "--port", str(options.port)]
        command += ["--dashboard-port", "0"]
        environment = {**os.environ, "DATABASE_URL": ctx.database.url}
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
        workers = Workers(ctx.database.url)
        try:
            async with asyncio.timeout(60):
                while await mode(ctx) is not PowerMode.AWAKE:
                    await asyncio.sleep(0.1)
            await asyncio.sleep(5)
            awake = await measure("awake, idle", options.asleep)
            await sleep_now(ctx)
            await asyncio.sleep(3)
            asleep = await measure("asleep", options.asleep)
            took = await wakes(ctx, options.wakes)
            print(
                f"woken {len(took)} times: from queued to its first step p50 {took[len(took) // 2] * 1000:.0f} ms, "
                f"p95 {took[int(len(took) * 0.95)] * 1000:.0f} ms, most {took[-1] * 1000:.0f} ms (target p95: 1000 ms)"
            )
            keeping = asyncio.create_task(workers.keep())
            work_there, done = await chaos(ctx, options.chaos, options.seed)
            keeping.cancel()
            left = await still_waiting(ctx)
            print(f"{done} of {work_there} pieces of work done, {left} rows still waiting")
        finally:
            for one in (server, workers.process):
                one.terminate()
                one.wait()
    print(f"awake {awake:.2f} % (target 3), asleep {asleep:.3f} % (target 0.5)")
    return 0 if done == work_there and not left and asleep < 0.5 else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--asleep", type=float, default=60)
    parser.add_argument("--wakes", type=int, default=50)
    parser.add_argument("--chaos", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=5620)
    parser.add_argument("--role", choices=["bench", "worker"], default="bench", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.role == "worker":
        run_worker([], load=load_workflows)
    else:
        raise SystemExit(asyncio.run(main(given)))
