"""Errors over HTTP: problem documents (RFC 9457) with a code, what to do, and the trace they belong to."""

from collections.abc import Mapping
from http import HTTPStatus
from time import perf_counter
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mediaposter.core.errors import (
    FieldProblem,
    InvalidInputError,
    MediaPosterError,
    TooManyTriesError,
    UnavailableError,
)
from mediaposter.core.logging import trace_of

MEDIA_TYPE = "application/problem+json"
_CODES = {401: "AUTH_ERROR", 403: "FORBIDDEN", 404: "NOT_FOUND", 409: "CONFLICT", 429: "RATE_LIMITED"}
_log = structlog.get_logger(__name__)


def install(app: FastAPI) -> None:
    """Answer every error of `app` with a problem document, and give each request its trace."""
    app.add_exception_handler(MediaPosterError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(OperationalError, _database)
    app.add_exception_handler(InterfaceError, _database)
    app.add_exception_handler(Exception, _unexpected)
    app.add_middleware(TraceMiddleware)


def problem(error: MediaPosterError, *, instance: str, trace_id: str) -> dict[str, Any]:
    """Return an error as a problem document."""
    document: dict[str, Any] = {
        "type": f"urn:mediaposter:{error.code.lower().replace('_', '-')}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "fix": error.fix,
        "instance": instance,
        "trace_id": trace_id,
    }
    if error.errors:
        document["errors"] = [{"field": e.field, "rule": e.rule, "fix": e.fix} for e in error.errors]
    return document


class TraceMiddleware:
    """Binds the request's trace id to the logs and answers it as X-Trace-Id; logs each request when it has ended."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name: value for name, value in scope["headers"] if name == b"traceparent"}
        trace_id = trace_of(headers.get(b"traceparent", b"").decode("latin-1"))
        scope.setdefault("state", {})["trace_id"] = trace_id
        began, status = perf_counter(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).append((b"x-trace-id", trace_id.encode()))
            await send(message)

        with structlog.contextvars.bound_contextvars(trace_id=trace_id):
            try:
                await self._app(scope, receive, answer)
            finally:
                _log.debug(
                    "request",
                    method=scope["method"],
                    endpoint=scope["path"],
                    status_code=status,
                    duration_ms=round((perf_counter() - began) * 1000, 1),
                )


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, MediaPosterError)
    return _answer(request, error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = [
        FieldProblem(
            ".".join(str(part) for part in fault["loc"][1:]) or str(fault["loc"][0]),
            str(fault["msg"]).removeprefix("Value error, "),
            "Mend this field; /api/docs shows what it takes.",
        )
        for fault in error.errors()
    ]
    named = ", ".join(dict.fromkeys(problem.field for problem in problems))
    return _answer(
        request, InvalidInputError(f"The request breaks a rule in: {named}.", fix=problems[0].fix, errors=problems)
    )


async def _plain(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    document = {
        "type": "about:blank",
        "title": phrase,
        "status": error.status_code,
        "code": _CODES.get(error.status_code, "HTTP_ERROR"),
        "detail": str(error.detail) if error.detail != phrase else f"{phrase}: {request.method} {request.url.path}",
        "fix": "See /api/docs for the routes and methods there are." if error.status_code in {404, 405} else "",
        "instance": request.url.path,
        "trace_id": _trace(request),
    }
    return _document(document, error.headers)


async def _database(request: Request, error: Exception) -> Response:
    _log.error("database.unreachable", kind=type(error).__name__)
    unavailable = UnavailableError(
        "The database does not answer.", fix="See `mediaposter doctor`; try again when the database is back."
    )
    return _answer(request, unavailable, {"Retry-After": "5"})


async def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("request.failed", endpoint=request.url.path, exc_info=error)
    fault = MediaPosterError(
        "This is a fault in MediaPoster, not in your request.",
        fix="Look up the trace_id in the server's log; it has the whole error.",
    )
    # The server's outermost layer answers these, past the middleware: the trace header is set here.
    return _answer(request, fault, {"X-Trace-Id": _trace(request)})


def _answer(request: Request, error: MediaPosterError, headers: Mapping[str, str] | None = None) -> Response:
    if isinstance(error, TooManyTriesError):
        headers = {**(headers or {}), "Retry-After": str(error.seconds)}
    if error.status == 401:
        headers = {**(headers or {}), "WWW-Authenticate": "Bearer"}
    return _document(problem(error, instance=request.url.path, trace_id=_trace(request)), headers)


def _document(document: dict[str, Any], headers: Mapping[str, str] | None) -> Response:
    return JSONResponse(document, status_code=document["status"], headers=headers, media_type=MEDIA_TYPE)


def _trace(request: Request) -> str:
    return str(request.scope.get("state", {}).get("trace_id", ""))
