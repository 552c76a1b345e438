"""The typed client of the API, for Python programs: every operation, with the schemas that the server itself uses.

    from mediaposter.client import Client, pipeline
    from mediaposter.pipeline.schemas import PipelineConfig

    with Client("http://127.0.0.1:5555", token="mp_...") as api:
        run = api.send(pipeline.start(PipelineConfig(prompts=["A fern unrolls"]), idempotency_key="fern-1"))
        for event in api.events(subject=run.id):
            print(event.topic, event.data)

`mediaposter.client.pipeline` and its neighbours hold one function per operation; each builds a `Call`, which `Client`
sends and `AsyncClient` awaits. They are written from the routes by `make docs`, so they cannot say anything else.
"""

from mediaposter.client.calls import Call
from mediaposter.client.clients import AsyncClient, Client
from mediaposter.client.errors import ApiError, Unreachable
from mediaposter.client.operations import (
    analysis,
    campaigns,
    connecting,
    events,
    generation,
    health,
    images,
    learning,
    media,
    metrics,
    offers,
    overview,
    pipeline,
    publishing,
    settings,
    sleep,
    webhooks,
)
from mediaposter.client.streams import Happened

__all__ = [
    "ApiError",
    "AsyncClient",
    "Call",
    "Client",
    "Happened",
    "Unreachable",
    "analysis",
    "campaigns",
    "connecting",
    "events",
    "generation",
    "health",
    "images",
    "learning",
    "media",
    "metrics",
    "offers",
    "overview",
    "pipeline",
    "publishing",
    "settings",
    "sleep",
    "webhooks",
]
