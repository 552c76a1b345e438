"""The two clients: one that waits, one that is awaited. They send the same calls and read the same answers."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote

import httpx

from mediaposter.client import streams
from mediaposter.client.calls import Call
from mediaposter.client.errors import ApiError, Unreachable
from mediaposter.client.streams import Happened, Lines
from mediaposter.media.schemas import AssetRead

T = TypeVar("T")
_TIMEOUT = httpx.Timeout(300.0, connect=10.0)  # a picture that is drawn while the caller waits takes minutes
_STREAM_TIMEOUT = httpx.Timeout(60.0, connect=10.0, read=45.0)  # the server speaks at least each 15 s
_CHUNK = 1 << 20


class Client:
    """A connection to a MediaPoster server, to be closed or used as a context manager. One thread at a time."""

    def __init__(self, url: str, token: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(base_url=url, headers=_headers(token), timeout=_TIMEOUT, transport=transport)

    def send(self, call: Call[T]) -> T:
        """Send a call and return its answer. Raises ApiError and Unreachable."""
        try:
            return call.read(self._http.send(call.request(self._http)))
        except httpx.TransportError as error:
            raise _unreachable(self._http.base_url, error) from error

    def upload(self, path: Path) -> AssetRead:
        """Take a media file in, streamed from disk. The same bytes give the same asset."""
        with path.open("rb") as file:
            return self.send(_upload(path.name, path.stat().st_size, iter(lambda: file.read(_CHUNK), b"")))

    def events(self, *, topic: str = "*", subject: str | None = None, after: str | None = None) -> Iterator[Happened]:
        """Yield what happens as it happens; `after` is the sequence to go on from, "0" the oldest that is kept.

        Ends when the server closes the stream: go on from the last sequence seen. Raises ApiError and Unreachable.
        """
        call = _events(topic, subject, after)
        request = call.request(self._http)
        request.extensions["timeout"] = _STREAM_TIMEOUT.as_dict()
        try:
            response = self._http.send(request, stream=True)
            try:
                if response.is_error:
                    response.read()
                    raise ApiError.of(response)
                yield from streams.read(response.iter_lines())
            finally:
                response.close()
        except httpx.TransportError as error:
            raise _unreachable(self._http.base_url, error) from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient:
    """The same for asyncio; many calls may be under way at once."""

    def __init__(self, url: str, token: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(base_url=url, headers=_headers(token), timeout=_TIMEOUT, transport=transport)

    async def send(self, call: Call[T]) -> T:
        """Send a call and return its answer. Raises ApiError and Unreachable."""
        try:
            return call.read(await self._http.send(call.request(self._http)))
        except httpx.TransportError as error:
            raise _unreachable(self._http.base_url, error) from error

    async def events(
        self, *, topic: str = "*", subject: str | None = None, after: str | None = None
    ) -> AsyncIterator[Happened]:
        """As `Client.events`."""
        request = _events(topic, subject, after).request(self._http)
        request.extensions["timeout"] = _STREAM_TIMEOUT.as_dict()
        lines = Lines()
        try:
            response = await self._http.send(request, stream=True)
            try:
                if response.is_error:
                    await response.aread()
                    raise ApiError.of(response)
                async for line in response.aiter_lines():
                    if (event := lines.feed(line)) is not None:
                        yield event
            finally:
                await response.aclose()
        except httpx.TransportError as error:
            raise _unreachable(self._http.base_url, error) from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "User-Agent": "mediaposter-client"}


def _events(topic: str, subject: str | None, after: str | None) -> Call[None]:
    query = {"topic": topic, "subject": subject}
    return Call("GET", "/api/events", None, query=query, headers={"Last-Event-ID": after})


def _upload(name: str, size: int, chunks: Iterator[bytes]) -> Call[AssetRead]:
    headers = {"X-File-Name": quote(name), "Content-Length": size}
    return Call(
        "POST", "/api/media/uploads", AssetRead, headers=headers, body=chunks, body_type="application/octet-stream"
    )


def _unreachable(url: httpx.URL, error: httpx.TransportError) -> Unreachable:
    reason = str(error) or type(error).__name__
    return Unreachable(f"{url} did not answer: {reason}. Is `mediaposter up` running there?")
