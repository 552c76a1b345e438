"""`mediaposter mcp`: MediaPoster for an agent, over standard input and output."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
import typer

from mediaposter.app import build_app
from mediaposter.cli.machine import command_settings, machine, some_worker
from mediaposter.cli.output import err
from mediaposter.client import AsyncClient
from mediaposter.core.errors import NotConfiguredError, UnavailableError
from mediaposter.core.settings import Settings
from mediaposter.core.tokens import local_token


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("mcp")(serve)


def serve(
    url: Annotated[
        str | None, typer.Option(help="Work on the MediaPoster at this address, such as https://posts.example.com.")
    ] = None,
    token: Annotated[
        str | None, typer.Option(envvar="MEDIAPOSTER_TOKEN", help="Token for --url; it decides what may be done.")
    ] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Offer only the tools that change nothing.")] = False,
) -> None:
    """Serve the Model Context Protocol: let an agent look, plan, run and publish. Started by the agent's program.

    Without --url it works on this machine's database, and starts a worker where none is running.
    """
    try:
        from mediaposter.mcp.server import build  # noqa: PLC0415 - its package is an extra
    except ModuleNotFoundError as error:
        raise UnavailableError(
            "The package mcp is not installed.", fix="Install it: pip install 'mediaposter[mcp]'."
        ) from error
    settings = command_settings()
    if url is not None and token is None:
        raise NotConfiguredError(
            "MEDIAPOSTER_TOKEN",
            f"{url} needs a token.",
            fix="Make one there with `mediaposter tokens create agent`, and set MEDIAPOSTER_TOKEN to it.",
        )
    if sys.stdin.isatty():
        err.print("This speaks JSON with an agent's program, not with people. See docs/guides/agents.md.")

    async def run() -> None:
        opened = AsyncClient(url, token or "") if url is not None else _here(settings)
        async with opened as api:
            await build(api, read_only=read_only).run_stdio_async()

    asyncio.run(run())


@asynccontextmanager
async def _here(settings: Settings) -> AsyncGenerator[AsyncClient]:
    """Give a client whose server is this process, over this machine's database."""
    async with machine(settings) as ctx, some_worker(ctx):
        transport = httpx.ASGITransport(build_app())
        address = f"http://{settings.host}:{settings.port}"
        async with AsyncClient(address, local_token(settings), transport=transport) as api:
            yield api
