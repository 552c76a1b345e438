"""One request on this machine: the browser that comes back from a platform to a waiting command (RFC 8252, 7.3)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from html import escape
from urllib.parse import parse_qsl, urlsplit

from mediaposter.core.errors import ConflictError
from mediaposter.publishing.connecting.errors import ConnectError

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title><style>
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px; box-sizing: border-box;
  font: 17px/1.55 system-ui, sans-serif;
  color: light-dark(#1a1a1e, #f2f2f4); background: light-dark(#fafaf8, #131316) }}
main {{ max-width: 30rem }} h1 {{ font-size: 1.6rem; line-height: 1.2; margin: 0 0 .75rem }}
p {{ margin: 0; color: light-dark(#4a4a52, #b9b9c2) }}
</style></head><body><main><h1>{title}</h1><p>{body}</p></main></body></html>
"""
_LONGEST_HEAD = 16_384
_READ_SECONDS = 10.0


class Returned:
    """What the browser brings back to `port`."""

    def __init__(self) -> None:
        self.port = 0
        self._told: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()

    def take(self, told: dict[str, str]) -> None:
        """Keep the first."""
        if not self._told.done():
            self._told.set_result(told)

    async def wait(self, seconds: float) -> dict[str, str]:
        """Return the parameters of the address that the browser came back to. Raises ConnectError after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(self._told)
        except TimeoutError as error:
            raise ConnectError(
                f"Nobody came back from the platform within {seconds / 60:.0f} minutes.", fix="Start again."
            ) from error


@asynccontextmanager
async def listening(port: int, path: str) -> AsyncGenerator[Returned]:
    """Listen on 127.0.0.1 for the one address `path` while the block runs. Raises ConflictError when the port is taken.

    Nobody but this machine reaches it, and it reads nothing but the first line of a request.
    """
    returned = Returned()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_READ_SECONDS):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                method, target, *_ = head.split(" ", 2)
                parts = urlsplit(target)
                told = dict(parse_qsl(parts.query))
                if method == "GET" and parts.path == path and told.get("state"):
                    returned.take(told)
                    writer.write(_response(200, *_thanks(told)))
                else:
                    writer.write(_response(404, "Nothing is here", "This address waits for one platform's answer."))
                await writer.drain()
        writer.close()

    try:
        server = await asyncio.start_server(answer, "127.0.0.1", port, limit=_LONGEST_HEAD)
    except OSError as error:
        raise ConflictError(
            f"Port {port} of this machine, where the platform sends the browser back to, is taken.",
            fix="End what uses it, or set MEDIAPOSTER_CONNECT_PORT to another and register that address with the app.",
        ) from error
    async with server:
        returned.port = server.sockets[0].getsockname()[1]
        yield returned


def _thanks(told: dict[str, str]) -> tuple[str, str]:
    if told.get("error"):
        return "It was not allowed", "The terminal says more. You can close this page."
    return "Back to the terminal", "The permission has arrived; the terminal goes on. You can close this page."


def _response(status: int, title: str, body: str) -> bytes:
    page = _PAGE.format(title=escape(title), body=escape(body)).encode()
    head = (
        f"HTTP/1.1 {status} {'OK' if status == 200 else 'Not Found'}\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(page)}\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + page
