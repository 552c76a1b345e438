"""The four vendors of generated video, from their documentation: Runway, OpenAI's Videos API, Google's Veo, and fal.

Each keeps its jobs, counts them, checks what it is sent, and plays faults once each, in order:

create: rate_limit (429 with Retry-After), rate_limit_bare (without), spent, wrong_key, refuse (by moderation),
    bad_request, broken (500), unavailable (503), made_then_broken, made_then_hang, made_then_drop, lose (made, and
    forgotten later),
    fail and refuse_late (the job ends so)
poll: broken, hang, drop
file: broken, cut, page (HTML instead of a video), expired (403)
"""

import asyncio
import json
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.servers.forms import read_form
from tests.servers.loopback import serving
from tests.servers.vendor import KEY

CENTS = {"runway": 48, "sora": 40, "veo": 160, "fal": 35}  # what the shortest clip of each default model costs
_BEFORE = {
    "rate_limit": 429,
    "rate_limit_bare": 429,
    "wrong_key": 401,
    "spent": 402,
    "refuse": 400,
    "bad_request": 400,
    "broken": 500,
    "unavailable": 503,
}


@dataclass
class Film:
    """A job. `outcome`: done, fail, refuse_late."""

    id: str
    prompt: str
    wanted: dict[str, Any]
    outcome: str = "done"
    polls: int = 0
    cancelled: bool = False
    lost: bool = False


class Drop(Response):
    """Closes the connection without an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise ConnectionAbortedError("dropped on purpose")


@dataclass
class FilmVendor:
    """What the four have in common. `video` is what they all film."""

    name: ClassVar[str]
    prefix: ClassVar[str] = ""
    video: Path
    polls_needed: int = 1
    on_create: deque[str] = field(default_factory=deque)
    on_poll: deque[str] = field(default_factory=deque)
    on_file: deque[str] = field(default_factory=deque)
    jobs: dict[str, Film] = field(default_factory=dict)
    retry_after: str = "0.05"
    hang_seconds: float = 30.0
    url: str = ""

    @contextmanager
    def running(self) -> Generator["FilmVendor"]:
        with serving(Starlette(routes=self.routes())) as url:
            self.url = url
            yield self

    def env(self) -> dict[str, str]:
        """The settings that lead to this server."""
        raise NotImplementedError

    def routes(self) -> list[Route]:
        raise NotImplementedError

    def authorised(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {KEY}"

    def problem(self, body: dict[str, Any]) -> str | None:
        """What the vendor rejects in a request, in words."""
        raise NotImplementedError

    def error(self, status: int, fault: str, message: str) -> Response:
        raise NotImplementedError

    def created(self, film: Film) -> dict[str, Any]:
        raise NotImplementedError

    def account(self, request: Request) -> dict[str, Any] | None:
        """What a call that only asks for the account, the model or the list is answered; None: there is none."""
        raise NotImplementedError

    async def _account(self, request: Request) -> Response:
        if not self.authorised(request):
            return self.error(401, "wrong_key", "The key is not valid.")
        told = self.account(request)
        return self.error(404, "", "There is none.") if told is None else JSONResponse(told)

    async def create(self, request: Request, body: dict[str, Any]) -> Response:
        fault = self.on_create.popleft() if self.on_create else ""
        if not self.authorised(request) or fault == "wrong_key":
            return self.error(401, "wrong_key", "The key is not valid.")
        if fault in _BEFORE:
            answer = self.error(_BEFORE[fault], fault, f"{fault}: nothing was made")
            if fault == "rate_limit":
                answer.headers["retry-after"] = self.retry_after
            return answer
        if (wrong := self.problem(body)) is not None:
            return self.error(400, "bad_request", wrong)
        film = Film(f"{self.prefix}{uuid4().hex}", self.prompt_of(body), body)
        film.outcome = fault if fault in ("fail", "refuse_late") else "done"
        film.lost = fault == "lose"
        self.jobs[film.id] = film
        if fault == "made_then_hang":
            await asyncio.sleep(self.hang_seconds)
        if fault == "made_then_drop":
            return Drop()
        if fault == "made_then_broken":
            return self.error(500, "broken", "internal")
        return JSONResponse(self.created(film))

    def prompt_of(self, body: dict[str, Any]) -> str:
        return str(body["prompt"])

    async def looked(self, request: Request, id_: str) -> tuple[Film | None, Response | None]:
        """The job that is asked about, or the answer that stands for it."""
        if not self.authorised(request):
            return None, self.error(401, "wrong_key", "The key is not valid.")
        fault = self.on_poll.popleft() if self.on_poll else ""
        if fault == "hang":
            await asyncio.sleep(self.hang_seconds)
        if fault == "drop":
            return None, Drop()
        if fault == "broken":
            return None, self.error(500, "broken", "internal")
        film = self.jobs.get(id_)
        if film is None or film.lost:
            return None, self.error(404, "not_found", "There is no such job.")
        film.polls += 1
        return film, None

    def state_of(self, film: Film) -> str:
        """running, done, fail, refuse_late or cancelled."""
        if film.cancelled:
            return "cancelled"
        return film.outcome if film.polls > self.polls_needed else "running"

    async def file(self, request: Request) -> Response:
        fault = self.on_file.popleft() if self.on_file else ""
        if fault == "broken":
            return self.error(500, "broken", "internal")
        if fault == "expired":
            return Response("<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>", 403)
        if fault == "page":
            return Response("<html>sign in</html>", media_type="text/html")
        if fault == "cut":
            data = self.video.read_bytes()
            return Response(data[: len(data) // 2], media_type="video/mp4")
        return FileResponse(self.video, media_type="video/mp4")


@dataclass
class RunwayServer(FilmVendor):
    """https://docs.dev.runwayml.com/api: tasks, states, failure codes, credits."""

    name: ClassVar[str] = "runway"

    def env(self) -> dict[str, str]:
        return {"RUNWAYML_API_SECRET": KEY, "RUNWAYML_BASE_URL": self.url, "MEDIAPOSTER_ALLOW_PRIVATE_URLS": "true"}

    def routes(self) -> list[Route]:
        return [
            Route("/v1/text_to_video", self._create, methods=["POST"]),
            Route("/v1/organization", self._account, methods=["GET"]),
            Route("/v1/tasks/{id}", self._show, methods=["GET"]),
            Route("/v1/tasks/{id}", self._cancel, methods=["DELETE"]),
            Route("/files/{id}", self.file, methods=["GET"]),
        ]

    def account(self, request: Request) -> dict[str, Any] | None:
        tier = {"maxMonthlyCreditSpend": 10_000, "models": {}}
        return {"creditBalance": 1234, "tier": tier, "usage": {"models": {}}}

    def problem(self, body: dict[str, Any]) -> str | None:
        if body.get("model") != "gen4.5":
            return "Validation of body failed: model"
        if body.get("ratio") not in ("1280:720", "720:1280") or body.get("duration") not in range(2, 11):
            return "Validation of body failed: ratio or duration"
        return None if 0 < len(body.get("promptText", "")) <= 1000 else "Validation of body failed: promptText"

    def prompt_of(self, body: dict[str, Any]) -> str:
        return str(body["promptText"])

    def error(self, status: int, fault: str, message: str) -> Response:
        if fault == "refuse":  # Runway moderates only within the task
            return JSONResponse({"error": message, "code": "content_moderation"}, 400)
        return JSONResponse({"error": message, "docUrl": "https://docs.dev.runwayml.com/errors/errors"}, status)

    def created(self, film: Film) -> dict[str, Any]:
        return {"id": film.id, "estimatedCost": {"credits": self._credits(film)}}

    def _credits(self, film: Film) -> int:
        return 12 * int(film.wanted["duration"])

    async def _create(self, request: Request) -> Response:
        assert request.headers.get("x-runway-version") == "2024-11-06"
        return await self.create(request, json.loads(await request.body()))

    async def _show(self, request: Request) -> Response:
        film, answer = await self.looked(request, request.path_params["id"])
        if film is None:
            assert answer is not None
            return answer
        told: dict[str, Any] = {"id": film.id, "createdAt": "2026-11-23T10:00:00Z"}
        state, charged = self.state_of(film), self._credits(film)
        if state == "running":
            running = film.polls > 1 or self.polls_needed == 1
            told |= {"status": "RUNNING" if running else "THROTTLED", "estimatedCost": {"credits": charged}}
            told |= {"progress": min(0.9, film.polls / 10)} if running else {}
        elif state == "done":
            told |= {
                "status": "SUCCEEDED",
                "cost": {"credits": charged},
                "output": [f"{self.url}/files/{film.id}?_jwt=x"],
            }
        elif state == "cancelled":
            told |= {"status": "CANCELLED", "cost": {"credits": 0}}
        elif state == "refuse_late":  # moderated generations cost as much as others
            told |= {
                "status": "FAILED",
                "failure": "moderated",
                "failureCode": "SAFETY.INPUT.TEXT",
                "cost": {"credits": charged},
            }
        else:
            told |= {
                "status": "FAILED",
                "failure": "bad output",
                "failureCode": "INTERNAL.BAD_OUTPUT.CODE01",
                "cost": {"credits": 0},
            }
        return JSONResponse(told)

    async def _cancel(self, request: Request) -> Response:
        if (film := self.jobs.get(request.path_params["id"])) is not None:
            film.cancelled = True
        return Response(status_code=204)


@dataclass
class SoraServer(FilmVendor):
    """https://developers.openai.com/api/docs/guides/video-generation, as gateways still serve it."""

    name: ClassVar[str] = "sora"
    prefix: ClassVar[str] = "video_"

    def env(self) -> dict[str, str]:
        return {"MEDIAPOSTER_SORA_BASE_URL": f"{self.url}/v1", "MEDIAPOSTER_SORA_API_KEY": KEY}

    def routes(self) -> list[Route]:
        return [
            Route("/v1/videos", self._create, methods=["POST"]),
            Route("/v1/videos", self._account, methods=["GET"]),
            Route("/v1/videos/{id}", self._show, methods=["GET"]),
            Route("/v1/videos/{id}", self._delete, methods=["DELETE"]),
            Route("/v1/videos/{id}/remix", self._remix, methods=["POST"]),
            Route("/v1/videos/{id}/content", self.file, methods=["GET"]),
        ]

    def account(self, request: Request) -> dict[str, Any] | None:
        films = [self._video(film) for film in self.jobs.values()]
        return {"object": "list", "data": films, "has_more": False, "first_id": None, "last_id": None}

    def problem(self, body: dict[str, Any]) -> str | None:
        if "remix" in body:
            return None if body["remix"] in self.jobs else "There is no such video."
        if body.get("model") not in ("sora-2", "sora-2-pro"):
            return f"Invalid model {body.get('model')}"
        if body.get("seconds") not in ("4", "8", "12") or body.get("size") not in ("720x1280", "1280x720"):
            return "Invalid value for seconds or size"
        return None if body.get("prompt") else "Missing required parameter: 'prompt'."

    def error(self, status: int, fault: str, message: str) -> Response:
        codes = {"refuse": "moderation_blocked", "spent": "insufficient_quota", "rate_limit": "rate_limit_exceeded"}
        status = 429 if fault == "spent" else status  # as OpenAI does
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": codes.get(fault)}
        return JSONResponse({"error": error}, status)

    def created(self, film: Film) -> dict[str, Any]:
        return self._video(film)

    def _video(self, film: Film) -> dict[str, Any]:
        state = self.state_of(film)
        errors = {
            "fail": ("internal_error", "Something went wrong."),
            "refuse_late": ("moderation_blocked", "Blocked."),
        }
        code, message = errors.get(state, ("", ""))
        told = {"running": "in_progress" if film.polls else "queued", "done": "completed", "cancelled": "failed"}
        return {
            "id": film.id,
            "object": "video",
            "created_at": 1_790_000_000,
            "model": "sora-2",
            "prompt": film.prompt,
            "progress": 100 if state == "done" else min(90, 20 * film.polls),
            "seconds": film.wanted.get("seconds", "4"),
            "size": "720x1280",
            "status": told.get(state, "failed"),
            "error": {"code": code, "message": message} if code else None,
        }

    async def _create(self, request: Request) -> Response:
        form = request.headers.get("content-type", "").startswith("multipart/")
        raw = dict(await read_form(request)) if form else json.loads(await request.body())
        return await self.create(request, raw)

    async def _remix(self, request: Request) -> Response:
        body = json.loads(await request.body()) | {"remix": request.path_params["id"]}
        return await self.create(request, body)

    async def _show(self, request: Request) -> Response:
        film, answer = await self.looked(request, request.path_params["id"])
        if film is None:
            assert answer is not None
            return answer
        return JSONResponse(self._video(film))

    async def _delete(self, request: Request) -> Response:
        if (film := self.jobs.get(request.path_params["id"])) is not None:
            film.cancelled = True
        return JSONResponse({"id": request.path_params["id"], "object": "video.deleted", "deleted": True})


@dataclass
class VeoServer(FilmVendor):
    """https://ai.google.dev/gemini-api/docs/video: predictLongRunning, operations, files."""

    name: ClassVar[str] = "veo"

    def env(self) -> dict[str, str]:
        return {"GOOGLE_API_KEY": KEY, "MEDIAPOSTER_GOOGLE_BASE_URL": self.url}

    def routes(self) -> list[Route]:
        return [
            Route("/v1beta/models/{model}:predictLongRunning", self._create, methods=["POST"]),
            Route("/v1beta/models/{model}", self._account, methods=["GET"]),
            Route("/v1beta/models/{model}/operations/{id}", self._show, methods=["GET"]),
            Route("/v1beta/files/{id}:download", self._file, methods=["GET"]),
        ]

    def authorised(self, request: Request) -> bool:
        return request.headers.get("x-goog-api-key") == KEY

    def account(self, request: Request) -> dict[str, Any] | None:
        name = request.path_params["model"]
        return {"name": f"models/{name}", "version": "001"} if name.startswith("veo-3.1") else None

    def problem(self, body: dict[str, Any]) -> str | None:
        wanted = body.get("parameters", {})
        if wanted.get("durationSeconds") not in (4, 6, 8) or wanted.get("aspectRatio") not in ("9:16", "16:9"):
            return "durationSeconds or aspectRatio is out of bound"
        return None if body["instances"][0].get("prompt") else "prompt is required"

    def prompt_of(self, body: dict[str, Any]) -> str:
        return str(body["instances"][0]["prompt"])

    def error(self, status: int, fault: str, message: str) -> Response:
        states = {
            400: "INVALID_ARGUMENT",
            401: "UNAUTHENTICATED",
            402: "RESOURCE_EXHAUSTED",
            404: "NOT_FOUND",
            429: "RESOURCE_EXHAUSTED",
            500: "INTERNAL",
            503: "UNAVAILABLE",
        }
        state = "PROHIBITED_CONTENT" if fault == "refuse" else states[status]
        return JSONResponse({"error": {"code": status, "message": message, "status": state}}, status)

    def created(self, film: Film) -> dict[str, Any]:
        return {"name": f"models/veo-3.1-generate-preview/operations/{film.id}"}

    async def _create(self, request: Request) -> Response:
        return await self.create(request, json.loads(await request.body()))

    async def _show(self, request: Request) -> Response:
        film, answer = await self.looked(request, request.path_params["id"])
        if film is None:
            assert answer is not None
            return answer
        state = self.state_of(film)
        told = self.created(film)
        if state == "running":
            return JSONResponse(told)
        if state == "fail":
            return JSONResponse(told | {"done": True, "error": {"code": 13, "message": "Video generation failed."}})
        made: dict[str, Any] = {
            "generatedSamples": [{"video": {"uri": f"{self.url}/v1beta/files/{film.id}:download?alt=media"}}]
        }
        if state == "refuse_late":
            made = {
                "raiMediaFilteredCount": 1,
                "raiMediaFilteredReasons": ["The prompt violates the usage guidelines."],
            }
        return JSONResponse(told | {"done": True, "response": {"generateVideoResponse": made}})

    async def _file(self, request: Request) -> Response:
        return await self.file(request) if self.authorised(request) else self.error(401, "wrong_key", "no key")


@dataclass
class FalServer(FilmVendor):
    """https://fal.ai/docs/api-reference/inference-api: the queue."""

    name: ClassVar[str] = "fal"

    def env(self) -> dict[str, str]:
        return {"FAL_KEY": KEY, "MEDIAPOSTER_FAL_BASE_URL": self.url, "MEDIAPOSTER_ALLOW_PRIVATE_URLS": "true"}

    def routes(self) -> list[Route]:
        return [
            Route("/fal-ai/kling-video/requests/{id}/status", self._status, methods=["GET"]),
            Route("/fal-ai/kling-video/requests/{id}/cancel", self._cancel, methods=["PUT"]),
            Route("/fal-ai/kling-video/requests/{id}", self._result, methods=["GET"]),
            Route("/files/{id}.mp4", self.file, methods=["GET"]),
            Route("/{model:path}", self._create, methods=["POST"]),
        ]

    def authorised(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Key {KEY}"

    def problem(self, body: dict[str, Any]) -> str | None:
        if body.get("duration") not in ("5", "10") or body.get("aspect_ratio") not in ("16:9", "9:16", "1:1"):
            return "duration or aspect_ratio"
        return None if body.get("prompt") else "prompt"

    def error(self, status: int, fault: str, message: str) -> Response:
        if fault in ("refuse", "bad_request"):
            kind = "content_policy_violation" if fault == "refuse" else "value_error"
            return JSONResponse({"detail": [{"loc": ["body", "prompt"], "msg": message, "type": kind}]}, 422)
        if fault == "spent":
            return JSONResponse(
                {"detail": "User is locked. Reason: Exhausted balance.", "error_type": "exhausted_balance"}, 403
            )
        return JSONResponse({"detail": message}, status)

    def created(self, film: Film) -> dict[str, Any]:
        place = f"{self.url}/fal-ai/kling-video/requests/{film.id}"
        return {
            "status": "IN_QUEUE",
            "request_id": film.id,
            "response_url": place,
            "status_url": f"{place}/status",
            "cancel_url": f"{place}/cancel",
            "queue_position": 0,
        }

    async def _create(self, request: Request) -> Response:
        return await self.create(request, json.loads(await request.body()))

    async def _status(self, request: Request) -> Response:
        film, answer = await self.looked(request, request.path_params["id"])
        if film is None:
            assert answer is not None
            return answer
        if self.state_of(film) == "running":
            queued = film.polls == 1 and self.polls_needed > 1
            told = {"status": "IN_QUEUE", "queue_position": 2} if queued else {"status": "IN_PROGRESS", "logs": None}
            return JSONResponse(told, 202)
        return JSONResponse({"status": "COMPLETED", "metrics": {"inference_time": 3.7}})

    async def _result(self, request: Request) -> Response:
        film = self.jobs.get(request.path_params["id"])
        if film is None or not self.authorised(request):
            return self.error(404, "not_found", "There is no such request.")
        state = self.state_of(film)
        if state == "refuse_late":
            return self.error(422, "refuse", "The content was flagged by a content checker.")
        if state == "fail":
            return self.error(422, "bad_request", "The model could not make it.")
        url = f"{self.url}/files/{film.id}.mp4"
        return JSONResponse({"video": {"url": url, "content_type": "video/mp4", "file_name": "output.mp4"}})

    async def _cancel(self, request: Request) -> Response:
        film = self.jobs.get(request.path_params["id"])
        if film is None:
            return JSONResponse({"status": "NOT_FOUND"}, 404)
        film.cancelled = True
        return JSONResponse({"status": "CANCELLATION_REQUESTED"}, 202)


VENDORS: dict[str, type[FilmVendor]] = {one.name: one for one in (RunwayServer, SoraServer, VeoServer, FalServer)}
