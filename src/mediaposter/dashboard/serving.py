"""The dashboard on its own port: pages and files from the export, everything of the API as everywhere."""

import ipaddress
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mediaposter.core import context
from mediaposter.core.errors import MisdirectedError
from mediaposter.core.problems import MEDIA_TYPE, problem
from mediaposter.core.sessions import on_dashboard
from mediaposter.core.settings import Settings
from mediaposter.dashboard.export import Export, File

_NOT_OURS = ("/api/", "/health", "/r/", "/media/", "/c/")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}
_NOT_BUILT = (
    "The dashboard was not built.\n\n"
    "Run `make dashboard` in the project's folder (it needs no node: where node is missing it comes from a wheel), "
    "then load this page again.\n"
)


class DashboardMiddleware:
    """Answers what comes in on the dashboard's port, but for the API, which is the app's.

    A name in the Host header that is not one of this server's is refused: a page of somebody else whose name was made
    to point here (DNS rebinding) gets nothing.
    """

    def __init__(self, app: ASGIApp, export: Export | None = None) -> None:
        self._app = app
        self._export = export or Export()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not on_dashboard(scope, settings := context.current().settings):
            await self._app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")
        if not is_our_host(host, settings):
            await _refuse(scope, host)(scope, receive, send)
        elif scope["path"].startswith(_NOT_OURS):
            await self._app(scope, receive, send)
        else:
            await self._answer(Request(scope))(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            return PlainTextResponse("Only GET and HEAD.", 405, {"Allow": "GET, HEAD", **_HEADERS})
        if not self._export.there:
            return PlainTextResponse(_NOT_BUILT, 503, _HEADERS)
        path = request.url.path
        file = self._export.look_up(path)
        if file is not None:
            return _file(request, file, 200)
        if not path.endswith("/") and self._export.look_up(path + "/"):
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(quote(path) + "/" + query, 307, _HEADERS)
        missing = self._export.look_up("/404.html") or self._export.look_up("/404/")
        return _file(request, missing, 404) if missing else PlainTextResponse("Not found.", 404, _HEADERS)


def is_our_host(host: str, settings: Settings) -> bool:
    """Say whether a Host header names this server: an address, or a name that the settings have."""
    name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    try:
        ipaddress.ip_address(name)
    except ValueError:
        public = urlsplit(settings.public_url or "").hostname
        return name in {"localhost", settings.host, public, *settings.dashboard_hosts}
    return True  # a name is made to point here, an address is not


def _file(request: Request, file: File, status: int) -> Response:
    headers: dict[str, str] = {**_HEADERS, "Cache-Control": file.cache, "Vary": "Accept-Encoding"}
    headers["Content-Security-Policy"] = file.policy
    headers["ETag"] = file.etag
    if status == 200 and file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = file.body
    if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        body = file.packed
        headers["Content-Encoding"] = "gzip"
    return Response(body, status, headers, file.media_type)


def _refuse(scope: Mapping[str, object], host: str) -> Response:
    error = MisdirectedError(
        f"{host[:100]!r} is not a name of this server.",
        fix="Open the dashboard by 127.0.0.1, or list the name in MEDIAPOSTER_DASHBOARD_HOSTS.",
    )
    document = problem(error, instance=str(scope["path"]), trace_id="")
    return JSONResponse(document, error.status, _HEADERS, MEDIA_TYPE)
