"""The worker of the chaos run: every channel with the timing of a test, and gates around its public call."""

import os
import sys
from dataclasses import replace
from typing import Any

import httpx

from mediaposter.core.engine import queues
from mediaposter.publishing.channel import Channel, Handle, Outgoing, Prepared
from mediaposter.publishing.registry import load_channel, register
from mediaposter.registry import load_workflows
from mediaposter.worker import main
from tests.publishing.case import load_cases

# Long enough to be killed in, short enough to wait for what is surely over.
TIMING = {"prepare": 120.0, "commit": 120.0, "settle": 8.0, "poll": 0.2, "confirm": 60.0}


class Gated:
    """A channel that asks at a gate right before its public call and right after it."""

    def __init__(self, channel: Channel, gates: str) -> None:
        self._channel = channel
        self._gates = gates
        self.timing = replace(channel.timing, **TIMING)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        await self._pass("before", outgoing)
        handle = await self._channel.commit(outgoing, prepared)
        await self._pass("after", outgoing)
        return handle

    async def _pass(self, moment: str, outgoing: Outgoing) -> None:
        async with httpx.AsyncClient(timeout=300) as client:
            await client.get(f"{self._gates}/{moment}/{outgoing.account.external_id}")


if __name__ == "__main__":
    for name in load_cases():
        register(Gated(load_channel(name), os.environ["CHAOS_GATES"]))
    # All stand at their moment side by side.
    queues.LIMITS[queues.Queue.PUBLISH]["worker_concurrency"] = 400
    main(sys.argv[1:], load=load_workflows)
