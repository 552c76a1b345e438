"""OpenAI's speech, transcriptions, images and list of models as documented at developers.openai.com/api/reference.

Limits are kept: 4,096 characters of speech, 25 MB of sound, times of words only from whisper-1, pictures in sizes of
16 pixels. `sound` is what every text sounds like; `heard` what is heard in every file; `picture` what is drawn.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.forms import SentFile, read_fields
from tests.servers.media_vendor import KEY, Fault, MediaVendor

VOICES = {"alloy", "ash", "ballad", "coral", "echo", "fable", "onyx", "nova", "sage", "shimmer", "verse", "marin"}
TIMED = {"whisper-1"}
_25_MB = 25 * 1024 * 1024


def _error(status: int, message: str, kind: str, code: str | None) -> Fault:
    return status, {"error": {"message": message, "type": kind, "param": None, "code": code}}


@dataclass
class OpenAIMediaServer(MediaVendor):
    ERRORS: ClassVar[dict[str, Fault]] = {
        "unauthorised": _error(
            401, "Incorrect API key provided: test-***.", "invalid_request_error", "invalid_api_key"
        ),
        "bad_request": _error(400, "Invalid value.", "invalid_request_error", "invalid_value"),
        "moderation": _error(
            400, "Your request was rejected by the safety system.", "image_generation_user_error", "moderation_blocked"
        ),
        "unknown_model": _error(404, "The model does not exist.", "invalid_request_error", "model_not_found"),
        "rate_limit": _error(429, "Rate limit reached.", "requests", "rate_limit_exceeded"),
        "quota": _error(429, "You exceeded your current quota.", "insufficient_quota", "insufficient_quota"),
        "broken": _error(500, "The server had an error while processing your request.", "server_error", None),
    }

    sound: bytes = b""
    heard: list[tuple[str, float, float]] = field(default_factory=list)  # words with start and end, in each file
    draw: Callable[[int, int], bytes] = lambda width, height: b""
    tokens: int = 947
    models: dict[str, str | None] = field(default_factory=dict)  # listed ids and the day each is switched off
    compatible: bool = False
    uploads: list[bytes] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    def routes(self) -> list[Route]:
        return [
            Route("/v1/audio/speech", self._speech, methods=["POST"]),
            Route("/v1/audio/transcriptions", self._transcription, methods=["POST"]),
            Route("/v1/images/generations", self._image, methods=["POST"]),
            Route("/v1/models", self._models, methods=["GET"]),
        ]

    def authorised(self, request: Request) -> bool:
        return self.compatible or request.headers.get("authorization") == f"Bearer {KEY}"

    def worded(self, body: Any, message: str) -> Any:
        return {"error": {**body["error"], "message": message}}

    async def _speech(self, request: Request) -> Response:
        body = await request.json()
        if (fault := await self.fault(request, body)) is not None:
            return fault
        if len(body["input"]) > 4096 or body["voice"] not in VOICES or body["response_format"] not in {"wav", "mp3"}:
            return self.error("bad_request", "Invalid input, voice or response_format.")
        self.made += 1
        return Response(self.sound, media_type="audio/wav")

    async def _transcription(self, request: Request) -> Response:
        fields = await read_fields(request)
        form = dict(fields)
        upload = form["file"]
        assert isinstance(upload, SentFile)
        asked = {
            "model": form["model"],
            "response_format": form.get("response_format", "json"),
            "timestamp_granularities": [value for name, value in fields if name == "timestamp_granularities[]"],
            "file": upload.filename,
            "bytes": len(upload.content),
        }
        if (fault := await self.fault(request, asked)) is not None:
            return fault
        if len(upload.content) > _25_MB or not upload.filename.endswith(
            (".ogg", ".mp3", ".wav", ".m4a", ".webm", ".flac")
        ):
            return self.error("bad_request", "Invalid file format or maximum content size limit (26214400) exceeded.")
        self.made += 1
        self.uploads.append(upload.content)
        text = " ".join(word for word, _, _ in self.heard)
        if asked["response_format"] == "json":
            return JSONResponse({"text": text, "usage": {"type": "duration", "seconds": 9}})
        if asked["model"] not in TIMED and not self.compatible:
            return self.error("bad_request", f"response_format 'verbose_json' is not compatible with {form['model']}.")
        end = self.heard[-1][2] if self.heard else 0.0
        answer: dict[str, Any] = {"task": "transcribe", "language": "english", "duration": end, "text": text}
        answer["segments"] = [{"id": 0, "seek": 0, "start": 0.0, "end": end, "text": f" {text}"}] if text else []
        if "word" in asked["timestamp_granularities"]:
            answer["words"] = [{"word": word, "start": start, "end": stop} for word, start, stop in self.heard]
        return JSONResponse(answer)

    async def _image(self, request: Request) -> Response:
        body = await request.json()
        if (fault := await self.fault(request, body)) is not None:
            return fault
        width, height = (int(side) for side in body["size"].split("x"))
        if width % 16 or height % 16 or not 655_360 <= width * height <= 8_294_400 or not 1 / 3 <= width / height <= 3:
            return self.error("bad_request", f"Invalid size '{body['size']}'.")
        self.made += 1
        usage = {
            "input_tokens": 12,
            "input_tokens_details": {"text_tokens": 12, "image_tokens": 0},
            "output_tokens": self.tokens,
            "total_tokens": self.tokens + 12,
        }
        picture = base64.b64encode(self.draw(width, height)).decode()
        return JSONResponse({"created": 1795400000, "data": [{"b64_json": picture}], "usage": usage})

    async def _models(self, request: Request) -> Response:
        if not self.authorised(request):
            return self.error("unauthorised")
        listed = [
            {"id": name, "object": "model", "created": 1, "owned_by": "openai", "shutdown_date": day}
            for name, day in self.models.items()
        ]
        return JSONResponse({"object": "list", "data": listed})
