"""Where platforms send a browser back to: a port of this machine, or the public address of the server.

Apps are registered with their redirect addresses, so these are fixed: `http://127.0.0.1:5556/connect/CHANNEL/callback`
for commands (RFC 8252, 7.3), the server's own address for its page, and for both whatever MEDIAPOSTER_CONNECT_URL says.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from mediaposter.core.settings import Settings

_HERE = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Redirect:
    """A redirect address. `port` is the one of this machine to listen on; None when the server gets it."""

    uri: str
    port: int | None


def for_command(settings: Settings, channel: str) -> Redirect:
    """Return where a command waits for the browser."""
    base = settings.connect_url or f"http://127.0.0.1:{settings.connect_port}"
    parts = urlsplit(base)
    here = parts.scheme == "http" and parts.hostname in _HERE
    served = {settings.port, None}  # by the API itself
    port = parts.port if here and parts.port not in served else None
    return Redirect(_address(base, channel), port)


def for_page(settings: Settings, channel: str) -> str:
    """Return where the server's page gets the browser back."""
    told = settings.connect_url
    if told and urlsplit(told).hostname not in _HERE:
        return _address(told, channel)
    host = settings.host if settings.host not in ("0.0.0.0", "::") else "127.0.0.1"  # noqa: S104 - compared, not bound
    return _address(settings.public_url or f"http://{host}:{settings.port}", channel)


def _address(base: str, channel: str) -> str:
    return f"{base.rstrip('/')}/connect/{channel}/callback"
