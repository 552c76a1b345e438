"""ElevenLabs' speech with timing, voices and models as documented at elevenlabs.io/docs/api-reference.

`sound` is what every text sounds like, as MP3 of `seconds`; the letters share it evenly.
"""

import base64
from dataclasses import dataclass
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.media_vendor import KEY, Fault, MediaVendor

VOICE = "JBFqnCBsd6RMkjVDRZzb"
MODELS = {"eleven_multilingual_v2": True, "eleven_flash_v2_5": True, "eleven_english_sts_v2": False}


def _error(status: int, code: str, message: str) -> Fault:
    return status, {"detail": {"status": code, "message": message}}


@dataclass
class ElevenLabsServer(MediaVendor):
    ERRORS: ClassVar[dict[str, Fault]] = {
        "unauthorised": _error(401, "invalid_api_key", "Invalid API key"),
        "quota": _error(401, "quota_exceeded", "You have 12 credits remaining, while 143 are required."),
        "unknown_voice": _error(404, "voice_not_found", "A voice with this id was not found."),
        "unknown_model": _error(400, "model_does_not_exist", "The model does not exist."),
        "moderation": _error(400, "content_against_policy", "The text is against our policies."),
        "too_long": _error(400, "max_character_limit_exceeded", "This request's text exceeds the character limit."),
        "rate_limit": _error(429, "too_many_concurrent_requests", "Too many concurrent requests."),
        "system_busy": _error(429, "system_busy", "The system is experiencing heavy traffic, please try again."),
        "broken": (500, "Internal Server Error"),
    }

    sound: bytes = b""
    seconds: float = 0.0

    def routes(self) -> list[Route]:
        return [
            Route("/v1/text-to-speech/{voice}/with-timestamps", self._speech, methods=["POST"]),
            Route("/v1/voices/{voice}", self._voice, methods=["GET"]),
            Route("/v1/models", self._models, methods=["GET"]),
        ]

    def authorised(self, request: Request) -> bool:
        return request.headers.get("xi-api-key") == KEY

    async def _speech(self, request: Request) -> Response:
        body = await request.json()
        asked = {**body, "voice": request.path_params["voice"], **request.query_params}
        if (fault := await self.fault(request, asked)) is not None:
            return fault
        if asked["voice"] != VOICE:
            return self.error("unknown_voice")
        if not MODELS.get(body["model_id"]):
            return self.error("unknown_model")
        if len(body["text"]) > 10_000:
            return self.error("too_long")
        self.made += 1
        letters = list(body["text"])
        share = self.seconds / len(letters)
        alignment: dict[str, Any] = {
            "characters": letters,
            "character_start_times_seconds": [round(n * share, 3) for n in range(len(letters))],
            "character_end_times_seconds": [round((n + 1) * share, 3) for n in range(len(letters))],
        }
        sound = base64.b64encode(self.sound).decode()
        return JSONResponse({"audio_base64": sound, "alignment": alignment, "normalized_alignment": alignment})

    async def _voice(self, request: Request) -> Response:
        if not self.authorised(request):
            return self.error("unauthorised")
        if request.path_params["voice"] != VOICE:
            return self.error("unknown_voice")
        return JSONResponse({"voice_id": VOICE, "name": "George"})

    async def _models(self, request: Request) -> Response:
        if not self.authorised(request):
            return self.error("unauthorised")
        return JSONResponse([{"model_id": name, "can_do_text_to_speech": speaks} for name, speaks in MODELS.items()])
