"""The one client for URLs that users give: it reaches the public internet and nothing else.

A host is resolved once, every address it has is checked, and the connection goes to a checked address while the name
stays in the Host header and in TLS. So a name that resolves to another address a moment later gains nothing. Each
redirect is a request of its own and checked the same way.
"""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from mediaposter.core.errors import FieldProblem, InvalidInputError, UpstreamError
from mediaposter.core.settings import Settings

_REDIRECTS = 5
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_AGENT = "MediaPoster/0.1"
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=4)
_CHUNK = 1 << 20
# Networks that `ipaddress` calls global although they lead inside: NAT64, 6to4 and Teredo carry an IPv4 address.
_CARRIERS = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


class UrlRefusedError(InvalidInputError):
    """The URL is not one that MediaPoster fetches."""

    code = "URL_REFUSED"
    title = "This URL is not fetched"

    def __init__(self, url: str, rule: str, *, fix: str) -> None:
        super().__init__(f"{url} is not fetched: {rule}.", fix=fix, errors=[FieldProblem("url", rule, fix)])


class DownloadError(UpstreamError):
    """The server of a URL did not give the file."""

    code = "DOWNLOAD_FAILED"
    title = "The file could not be fetched"


@asynccontextmanager
async def client(settings: Settings) -> AsyncGenerator[httpx.AsyncClient]:
    """Open a guarded client. It follows redirects, ignores proxies of the environment, and has time limits."""
    async with guarded_client(settings, follow_redirects=True) as opened:
        yield opened


def guarded_client(
    settings: Settings, *, follow_redirects: bool = False, limits: httpx.Limits = _LIMITS
) -> httpx.AsyncClient:
    """Return a guarded client for the caller to close."""
    return httpx.AsyncClient(
        transport=_GuardedTransport(allow_private=settings.allow_private_urls, limits=limits),
        follow_redirects=follow_redirects,
        max_redirects=_REDIRECTS,
        timeout=_TIMEOUT,
        trust_env=False,
        headers={"User-Agent": _AGENT},
    )


async def download(
    url: str,
    into: Path,
    *,
    settings: Settings,
    max_bytes: int,
    on_progress: Callable[[float], None] | None = None,
    timeout: float = 1800.0,  # noqa: ASYNC109 - a limit for the whole file, on top of those for each read
) -> Path:
    """Write what `url` gives to `into`, streamed, and return `into`. `on_progress` gets the share done where known.

    Nothing is left at `into` when it fails. Raises UrlRefusedError (not http(s), a private address, a host nobody
    knows), InvalidInputError (larger than `max_bytes`) and DownloadError (an error status, a broken connection).
    """
    draft = into.with_name(f"{into.name}.part")
    try:
        async with asyncio.timeout(timeout):
            await _stream(url, draft, settings, max_bytes, on_progress)
        draft.replace(into)
    except (httpx.HTTPError, TimeoutError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        raise DownloadError(
            f"{url} could not be fetched: {reason}.", fix="Check that the link opens in a browser, then try again."
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return into


async def _stream(
    url: str, draft: Path, settings: Settings, max_bytes: int, on_progress: Callable[[float], None] | None
) -> None:
    async with client(settings) as opened, opened.stream("GET", url) as response:
        if response.status_code != 200:
            raise DownloadError(
                f"{url} answered {response.status_code} {response.reason_phrase}.",
                fix="Check that the link opens in a browser without signing in.",
            )
        announced = (
            int(response.headers.get("content-length", 0)) if not response.headers.get("content-encoding") else 0
        )
        _check_size(url, announced, max_bytes)
        done = 0
        with draft.open("wb") as file:
            async for chunk in response.aiter_bytes(_CHUNK):
                done += len(chunk)
                _check_size(url, done, max_bytes)
                await asyncio.to_thread(file.write, chunk)
                if on_progress is not None and announced:
                    on_progress(done / announced)
        if announced and done != announced:
            raise DownloadError(f"{url} ended after {done} of {announced} bytes.", fix="Try again.")


class _GuardedTransport(httpx.AsyncBaseTransport):
    def __init__(self, *, allow_private: bool, limits: httpx.Limits) -> None:
        self._allow_private = allow_private
        self._inner = httpx.AsyncHTTPTransport(retries=0, trust_env=False, limits=limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        if url.scheme not in {"http", "https"}:
            raise UrlRefusedError(
                str(url), "only http and https are fetched", fix="Give a link that begins with https://."
            )
        address = await checked_address(
            url.host, url.port or (443 if url.scheme == "https" else 80), str(url), self._allow_private
        )
        request.extensions = {**request.extensions, "sni_hostname": url.host}
        request.url = url.copy_with(host=address)
        try:
            return await self._inner.handle_async_request(request)
        finally:
            request.url = url

    async def aclose(self) -> None:
        await self._inner.aclose()


async def checked_address(host: str, port: int, url: str, allow_private: bool) -> str:
    """Return an address of `host` to connect to. Raises UrlRefusedError when any of its addresses leads inside."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UrlRefusedError(url, f"nobody knows the host {host!r}", fix="Check the spelling of the link.") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not allow_private:
        inside = [address for address in addresses if not is_public(address)]
        if inside:
            raise UrlRefusedError(
                url,
                "its host is inside a private network or on this machine",
                fix="Give a public link or a file's path. In a closed network set MEDIAPOSTER_ALLOW_PRIVATE_URLS=true.",
            )
    return addresses[0]


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if any(ip in carrier for carrier in _CARRIERS):
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _check_size(url: str, size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise InvalidInputError(
            f"{url} is larger than {max_bytes} bytes.",
            fix="Give a smaller file, or raise MEDIAPOSTER_MEDIA_MAX_BYTES.",
        )
