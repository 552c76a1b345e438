"""The MCP server, asked by a real MCP client: what tools there are, what they answer, what they refuse."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from mediaposter.client import AsyncClient
from mediaposter.core.context import Context
from mediaposter.mcp.server import build
from mediaposter.mcp.tools import TOOLS, Effect
from tests.client.conftest import Here, here
from tests.publishing.conftest import add_account

__all__ = ["here"]
pytestmark = pytest.mark.feature("API-002")
SECRETS = {"credential", "credentials", "secret", "password", "token"}


@asynccontextmanager
async def agent(here: Here, *, read_only: bool = False) -> AsyncIterator[Client]:
    async with AsyncClient(here.url, here.token) as api, Client(build(api, read_only=read_only)) as client:
        yield client


async def test_every_tool_says_what_it_does_and_whether_it_changes_anything(here: Here) -> None:
    async with agent(here) as client:
        tools = (await client.list_tools()).tools
        assert {tool.name for tool in tools} == {tool.name for tool in TOOLS} | {"wait_for_run"}
        for tool in tools:
            assert tool.description
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint is not None


async def test_a_tool_takes_and_answers_what_the_operation_does(here: Here) -> None:
    async with agent(here) as client:
        body = {"name": "Kit", "url": "https://shop.example/kit", "cta": "Get it"}
        made = await client.call_tool("create_offer", {"body": body})
        assert not made.is_error
        listed = await client.call_tool("list_offers", {})
        assert [one["name"] for one in listed.structured_content["result"]] == ["Kit"]


async def test_a_refusal_reaches_the_agent_with_its_mend(here: Here) -> None:
    async with agent(here) as client:
        answer = await client.call_tool("show_run", {"run_id": "run_none"})
        assert answer.is_error
        assert "There is no run run_none" in answer.content[0].text
        assert "mediaposter runs" in answer.content[0].text


async def test_waiting_for_a_run_ends_when_the_time_is_over(here: Here, ctx: Context) -> None:
    await add_account(ctx, "site", "greenroom")
    async with agent(here) as client:
        started = await client.call_tool(
            "start_run", {"body": {"prompts": ["A fern unrolls"], "copywriter": "local", "dry_run": True}}
        )
        run_id = started.structured_content["id"]
        run = await client.call_tool("wait_for_run", {"run_id": run_id, "seconds": 0.1})
        assert run.structured_content["state"] == "queued"


async def test_read_only_offers_no_tool_that_changes_anything(here: Here) -> None:
    async with agent(here, read_only=True) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
    assert names == {tool.name for tool in TOOLS if tool.effect is Effect.READS} | {"wait_for_run"}


async def test_no_tool_takes_or_gives_a_secret(here: Here) -> None:
    async with agent(here) as client:

        def named(schema: Any) -> list[str]:
            if isinstance(schema, dict):
                mine = list(schema.get("properties", {}))
                return mine + [name for value in schema.values() for name in named(value)]
            return [name for value in schema for name in named(value)] if isinstance(schema, list) else []

        for tool in (await client.list_tools()).tools:
            names = {*named(tool.input_schema), *named(tool.output_schema or {})}
            assert not names & SECRETS, tool.name


async def test_the_command_serves_this_machine_over_standard_input(ctx: Context) -> None:
    command = str(Path(sys.executable).with_name("mediaposter"))
    environment = {
        "MEDIAPOSTER_HOME": str(ctx.settings.home),
        "DATABASE_URL": ctx.database.url,
        "PATH": "/usr/bin:/bin",
    }
    server = StdioServerParameters(command=command, args=["mcp"], env=environment)
    async with Client(stdio_client(server)) as client:
        answer = await client.call_tool("list_channels", {})
    assert "site" in json.dumps(answer.structured_content)
