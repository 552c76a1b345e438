"""Serving the tools over standard input and output, as the Model Context Protocol has it."""

from importlib.metadata import version

from mcp.server import MCPServer
from mcp.types import ToolAnnotations

from mediaposter.client import AsyncClient
from mediaposter.mcp.tools import TOOLS, Effect, waiting_for_run

_INSTRUCTIONS = """MediaPoster turns prompts or footage into videos, publishes them to the owner's accounts, and learns.

Start with show_attention (what needs a person) and show_agenda (what is due). Before start_run, call check_run with the
same config: it spends nothing and names every problem. Starting, resuming, approving and planning make things public or
cost money: do them only when asked. An outcome `unknown` may be public already and is never sent again by itself; its
owner settles it. Every error ends with the next step. Times are UTC."""


def build(api: AsyncClient, *, read_only: bool = False) -> MCPServer:
    """Return the server over a client; `read_only` leaves out every tool that changes anything."""
    server = MCPServer("mediaposter", title="MediaPoster", instructions=_INSTRUCTIONS, version=version("mediaposter"))
    for tool in TOOLS:
        if read_only and tool.effect is not Effect.READS:
            continue
        server.add_tool(
            tool.bound(api),
            name=tool.name,
            annotations=ToolAnnotations(
                read_only_hint=tool.effect is Effect.READS,
                destructive_hint=tool.effect is Effect.PUBLISHES,
                open_world_hint=tool.effect is Effect.PUBLISHES,
            ),
        )
    server.add_tool(waiting_for_run(api), annotations=ToolAnnotations(read_only_hint=True))
    return server
