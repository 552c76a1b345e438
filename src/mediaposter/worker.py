"""The process that does the work: `python -m mediaposter.worker`.

It runs the engine, the timeline and the subscribers of events. SIGTERM and Ctrl-C let running steps end, then stop it;
a second one stops it at once.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog

from mediaposter.core import events, housekeeping, timeline
from mediaposter.core.embedded import database_url
from mediaposter.core.errors import MediaPosterError
from mediaposter.core.logging import configure_logging
from mediaposter.core.migrate import migrate
from mediaposter.core.runtime import close_context, open_context
from mediaposter.core.settings import Settings, load_settings
from mediaposter.core.sleeper import Sleeper
from mediaposter.registry import load_workflows

DRAIN_SECONDS = 20.0
_SECONDS_TO_CLOSE = 10.0  # beyond the drain; the database may be gone, and waiting for it would last for ever
_log = structlog.get_logger(__name__)


Load = Callable[[], Sequence[str]]


def main(argv: Sequence[str] | None = None, *, load: Load = load_workflows) -> None:
    """Run a worker in this process until it is told to stop. `load` imports the workflows and names their modules."""
    parser = argparse.ArgumentParser(
        prog="mediaposter.worker", description="Work on what is queued and what falls due."
    )
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input is closed")
    parser.add_argument("--announce", action="store_true", help="print a line of JSON when ready")
    options = parser.parse_args(argv)
    settings = load_settings()
    configure_logging(settings, service="worker")
    try:
        with database_url(settings) as url:
            migrate(url)
            asyncio.run(_work(settings, url, load, with_parent=options.with_parent, announce=options.announce))
    except MediaPosterError as error:
        _log.critical("worker.failed", code=error.code, detail=error.detail, fix=error.fix)
        raise SystemExit(1) from error


async def _work(settings: Settings, url: str, load: Load, *, with_parent: bool, announce: bool) -> None:
    modules = load()
    ctx = await open_context(settings, url)
    stop = _Stop(asyncio.get_running_loop())
    if with_parent:
        stop.with_standard_input()

    def ready(worker_id: str) -> None:
        _log.info("worker.ready", worker=worker_id, workflows=modules)
        stop.ready = True
        if announce:
            sys.stdout.write(json.dumps({"ready": True, "worker": worker_id, "pid": os.getpid()}) + "\n")
            sys.stdout.flush()

    tidying = asyncio.create_task(housekeeping.run(ctx), name="housekeeping")
    loops = (("timeline", lambda: timeline.run(ctx)), ("subscribers", lambda: events.run_subscribers(ctx)))
    sleeper = Sleeper(ctx, loops, stop.event, ready)
    await sleeper.run()
    drain = DRAIN_SECONDS if stop.gently else 0.0
    stop.end_hard_after(drain + _SECONDS_TO_CLOSE)
    tidying.cancel()
    await asyncio.gather(tidying, return_exceptions=True)
    await sleeper.close(drain_seconds=drain)
    await close_context(ctx)


class _Stop:
    """Hears the signals, and the end of the parent."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.event = asyncio.Event()
        self.gently = True
        self.ready = False
        self._loop = loop
        for one in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(one, self._signalled)

    def with_standard_input(self) -> None:
        """Stop when the other end of standard input is closed, as it is when the parent has ended in whatever way."""
        threading.Thread(target=self._read_to_the_end, name="parent", daemon=True).start()

    def end_hard_after(self, seconds: float) -> None:
        """End this process after so long, whatever it is at then. What it had in hand goes on elsewhere."""
        timer = threading.Timer(seconds, os._exit, [1])
        timer.daemon = True
        timer.start()

    def _signalled(self) -> None:
        if self.event.is_set():
            os._exit(1)
        self.event.set()

    def _read_to_the_end(self) -> None:
        while os.read(0, 4096):
            pass
        if not self.ready:
            os._exit(1)  # nothing is in hand yet
        self.gently = False  # with the parent goes the database, most likely
        logging.disable()  # and with the database all that we could complain of
        with suppress(RuntimeError):  # the loop has ended already
            self._loop.call_soon_threadsafe(self.event.set)


if __name__ == "__main__":
    main()
