"""A story out of one idea, by a language model."""

import pytest

from mediaposter.core.settings import Settings
from mediaposter.generation.prompts import write_story
from tests.models.conftest import model_at
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.feature("ARCH-002")


async def test_a_language_model_writes_the_three_parts(settings: Settings) -> None:
    told = {"hook": "Plants drown.", "tension": "You water too much.", "resolution": "Check the soil first."}
    with OpenAIServer().running() as server:
        server.plays(told)
        parts = (await write_story("plants and water", model_at(server, "openai", settings))).value.parts
    assert parts == list(told.values())
