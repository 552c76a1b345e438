"""`mediaposter accounts connect`: the browser goes to the platform and comes back to the waiting command."""

import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from tests.cli.conftest import Cli
from tests.servers.pinterest_server import PinterestServer

pytestmark = pytest.mark.feature("BLOT-001")
Start = Callable[..., subprocess.Popen[str]]


class Platform(PinterestServer):
    """Pinterest with its token endpoint."""

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/oauth/token", self.token, methods=["POST"]), *super().routes()]

    async def token(self, request: Request) -> JSONResponse:
        scope = "boards:read,boards:write,pins:read,pins:write,user_accounts:read"
        return JSONResponse({"access_token": self.enrol("fern"), "expires_in": 2592000, "scope": scope})


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Platform().running() as server:
        yield {
            "MEDIAPOSTER_PINTEREST_BASE_URL": server.url,
            "MEDIAPOSTER_PINTEREST_CLIENT_ID": "12",
            "MEDIAPOSTER_PINTEREST_CLIENT_SECRET": "s",
            "MEDIAPOSTER_CONNECT_PORT": str(port),
        }


def asked(process: subprocess.Popen[str]) -> dict[str, str]:
    """Wait for the address that a person is to open, and return what it asks."""
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("https://"):
            return {name: values[0] for name, values in parse_qs(urlsplit(line.strip()).query).items()}
    raise AssertionError("no address was printed")


def test_the_command_connects_what_the_browser_allows_and_lets_it_go_again(
    cli: Cli, started: Start, environment: dict[str, str]
) -> None:
    process = started("accounts", "connect", "pinterest", "--no-browser", **environment)
    page = asked(process)
    httpx.get(page["redirect_uri"], params={"code": "c", "state": page["state"]})
    out, _ = process.communicate(timeout=20)
    assert (process.returncode, "is connected" in out) == (0, True)
    [account] = cli("accounts", "list", "--json").json
    gone = cli("accounts", "disconnect", account["id"], "--json").json
    assert (account["has_credentials"], gone["has_credentials"]) == (True, False)


def test_a_person_who_says_no_reads_so_in_the_terminal(started: Start, environment: dict[str, str]) -> None:
    process = started("accounts", "connect", "pinterest", "--no-browser", **environment)
    page = asked(process)
    httpx.get(page["redirect_uri"], params={"error": "access_denied", "state": page["state"]})
    _, err = process.communicate(timeout=20)
    assert (process.returncode, "The permission was not given" in err) == (1, True)


def test_a_channel_without_an_app_names_the_variable_and_the_address(cli: Cli) -> None:
    ended = cli("accounts", "connect", "pinterest", "--no-browser")
    assert ended.code == 1
    assert "MEDIAPOSTER_PINTEREST_CLIENT_ID" in ended.err
    assert "http://127.0.0.1:5556/connect/pinterest/callback" in ended.err


def test_limits_are_set_by_the_command_that_the_guards_name(cli: Cli) -> None:
    account = cli("accounts", "add", "fern", "--json").json
    assert cli("accounts", "set", account["id"], "budget.micros=5000000", "burst.posts=3").code == 0
    refused = cli("accounts", "set", account["id"], "budget.currency=dollars")
    assert (refused.code, "budget.currency" in refused.err) == (2, True)
