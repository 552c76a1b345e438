"""One channel under test: its contract server, how an account of it comes to be, and what its platform cannot do."""

import importlib
import os
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from mediaposter.core.context import Context
from mediaposter.core.db import JsonObject
from mediaposter.publishing import service
from mediaposter.publishing.channel import Channel, Timing
from mediaposter.publishing.models import Account
from mediaposter.publishing.registry import load_channel
from tests.publishing import cases
from tests.servers.platform_server import Fault, PlatformServer

QUICK = Timing(prepare=60, commit=1.5, settle=1.6, poll=0.05, confirm=20)


@dataclass(frozen=True)
class ChannelCase:
    """What the fault matrix, the contract and the chaos run need to know of a channel. One per file in `cases/`."""

    channel: str
    server: type[PlatformServer]
    environment: Callable[[PlatformServer], Mapping[str, str]]  # leads the channel to the server, configures its app
    credentials: Callable[[PlatformServer, str], JsonObject]  # of the account with this external id, enrolled by it
    broken: str  # a description that the channel's rules forbid
    asset: Literal["video", "image", "none"] = "video"
    external_id: Callable[[str], str] = str  # of a handle
    target: JsonObject = field(default_factory=dict)
    target_of: Callable[[str], JsonObject] | None = None  # of the account with this external id, where it names it
    cannot: Mapping[Fault, str] = field(default_factory=dict)  # faults that the platform cannot have, and why
    readable: bool = True  # whether `find` can tell what is there from what is not
    timing: Timing = QUICK


def load_cases() -> dict[str, ChannelCase]:
    """Return the case of every module in `tests/publishing/cases`."""
    modules = [
        importlib.import_module(f"tests.publishing.cases.{one.name}") for one in pkgutil.iter_modules(cases.__path__)
    ]
    return {module.CASE.channel: module.CASE for module in modules}


class Quick:
    """A channel with the timing of a test."""

    def __init__(self, channel: Channel, timing: Timing) -> None:
        self._channel = channel
        self.timing = timing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)


def quick(case: ChannelCase, **timing: float) -> Any:
    """Return the case's channel with the timing of a test."""
    return Quick(load_channel(case.channel), replace(case.timing, **timing))


async def add_account(ctx: Context, case: ChannelCase, server: PlatformServer, handle: str) -> Account:
    """Enrol an account at the server and add it."""
    external_id = case.external_id(handle)
    credentials = case.credentials(server, external_id)
    async with ctx.database.session() as session:
        return await service.create_account(
            session,
            channel=case.channel,
            handle=handle,
            external_id=external_id,
            credentials=credentials,
            target=case.target_of(external_id) if case.target_of else case.target,
            secrets=ctx.secrets,
        )


def lead(case: ChannelCase, server: PlatformServer) -> dict[str, str]:
    """Return this process's environment with the channel led to its server."""
    return {**os.environ, **case.environment(server)}
