"""A vendor of generated video as they all are: create a task, ask about it, fetch the file. With their faults.

`POST /v1/tasks` answers {"id"}; `GET /v1/tasks/{id}` a status of PENDING, RUNNING, SUCCEEDED, FAILED or CANCELLED with
`progress` and `credits`; `GET /v1/tasks/{id}/file` the MP4; `DELETE /v1/tasks/{id}` cancels. A key is needed.
"""

import asyncio
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from tests.servers.loopback import serving

KEY = "vendor-key-123"
PRICE = 25  # cents a clip


@dataclass
class Task:
    id: str
    prompt: str
    outcome: str  # done or fail
    polls: int = 0
    cancelled: bool = False


@dataclass
class ClipVendor:
    """The server. `on_create`, `on_poll` and `on_file` hold faults that are played once each, in order.

    create: 429 (nothing made), 500 (nothing made, but who knows), made_then_500, made_then_hang, refuse, fail (the task
    will fail), wrong_key. poll: 500, hang. file: 500, cut (half of the bytes), page (HTML instead of a video).
    """

    video: Path
    polls_needed: int = 1
    on_create: deque[str] = field(default_factory=deque)
    on_poll: deque[str] = field(default_factory=deque)
    on_file: deque[str] = field(default_factory=deque)
    tasks: dict[str, Task] = field(default_factory=dict)
    hang_seconds: float = 30.0
    url: str = ""

    @contextmanager
    def running(self) -> Generator["ClipVendor"]:
        routes = [
            Route("/v1/tasks", self._create, methods=["POST"]),
            Route("/v1/tasks/{id}", self._show, methods=["GET"]),
            Route("/v1/tasks/{id}", self._cancel, methods=["DELETE"]),
            Route("/v1/tasks/{id}/file", self._file, methods=["GET"]),
        ]
        with serving(Starlette(routes=routes)) as url:
            self.url = url
            yield self

    async def _create(self, request: Request) -> Response:
        fault = self.on_create.popleft() if self.on_create else ""
        if request.headers.get("authorization") != f"Bearer {KEY}" or fault == "wrong_key":
            return JSONResponse({"error": "invalid api key"}, 401)
        if fault == "429":
            return JSONResponse({"error": "too many tasks"}, 429, headers={"retry-after": "0.05"})
        if fault == "500":
            return JSONResponse({"error": "internal"}, 500)
        if fault == "refuse":
            return JSONResponse({"error": "the prompt breaks our rules"}, 400)
        body = await request.json()
        task = Task(f"task-{len(self.tasks) + 1}", body["prompt"], "fail" if fault == "fail" else "done")
        self.tasks[task.id] = task
        if fault == "made_then_500":
            return JSONResponse({"error": "internal"}, 500)
        if fault == "made_then_hang":
            await asyncio.sleep(self.hang_seconds)
        return JSONResponse({"id": task.id}, 201)

    async def _show(self, request: Request) -> Response:
        fault = self.on_poll.popleft() if self.on_poll else ""
        if fault == "500":
            return JSONResponse({"error": "internal"}, 500)
        if fault == "hang":
            await asyncio.sleep(self.hang_seconds)
        task = self.tasks.get(request.path_params["id"])
        if task is None:
            return JSONResponse({"error": "no such task"}, 404)
        task.polls += 1
        status, progress = "RUNNING", min(0.9, task.polls / (self.polls_needed + 1))
        if task.cancelled:
            status = "CANCELLED"
        elif task.polls > self.polls_needed:
            status, progress = ("SUCCEEDED", 1.0) if task.outcome == "done" else ("FAILED", progress)
        error = "the model gave up" if status == "FAILED" else None
        price = PRICE if status == "SUCCEEDED" else 0
        return JSONResponse({"id": task.id, "status": status, "progress": progress, "error": error, "credits": price})

    async def _file(self, request: Request) -> Response:
        fault = self.on_file.popleft() if self.on_file else ""
        if request.path_params["id"] not in self.tasks:
            return JSONResponse({"error": "no such task"}, 404)
        if fault == "500":
            return JSONResponse({"error": "internal"}, 500)
        if fault == "page":
            return Response("<html>sign in</html>", media_type="text/html")
        if fault == "cut":
            data = self.video.read_bytes()
            return Response(data[: len(data) // 2], media_type="video/mp4")
        return FileResponse(self.video, media_type="video/mp4")

    async def _cancel(self, request: Request) -> Response:
        task = self.tasks.get(request.path_params["id"])
        if task is not None:
            task.cancelled = True
        return Response(status_code=204)
