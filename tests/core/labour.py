"""Workflows for the tests of worker processes."""

import asyncio
import os

from mediaposter.core import context, engine, timeline


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
