"""Workflows for the tests of worker processes, and the worker that runs them: `python -m tests.core.labour`."""

import asyncio
import os
import sys

from mediaposter.core import context, engine, timeline
from mediaposter.worker import main


@engine.step("labour.note")
async def note(word: str, seconds: float) -> int:
    """Leave a line that says who did what, then take some time."""
    with (context.current().settings.home / "notes").open("a") as file:
        file.write(f"{word} {os.getpid()}\n")
    await asyncio.sleep(seconds)
    return os.getpid()


@engine.workflow("labour.count")
async def count(steps: int, seconds: float) -> list[int]:
    """Do so many steps, one after the other, and return who did each."""
    return [await note(f"step{number}", seconds) for number in range(steps)]


@timeline.on("labour.due")
@engine.workflow("labour.due")
async def due(entry_id: str) -> int:
    """Note that a row of the timeline has started."""
    return await note(entry_id, 0.0)


if __name__ == "__main__":
    # The module that workers know by name, not this one, which is called __main__.
    main(sys.argv[1:], load=lambda: [__import__("tests.core.labour").__name__])
