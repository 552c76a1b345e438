"""A story out of one idea, by a language model."""

import pytest

from mediaposter.core.settings import Settings
from mediaposter.generation.prompts import Film, write_film, write_story
from mediaposter.generation.providers.runway import MODELS
from mediaposter.generation.providers.vendor import prompt_of
from mediaposter.generation.schemas import ClipRequest
from tests.models.conftest import model_at
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.feature("ARCH-002")


async def test_a_language_model_writes_the_three_parts(settings: Settings) -> None:
    told = {"hook": "Plants drown.", "tension": "You water too much.", "resolution": "Check the soil first."}
    with OpenAIServer().running() as server:
        server.plays(told)
        parts = (await write_story("plants and water", model_at(server, "openai", settings))).value.parts
    assert parts == list(told.values())


FILM = {
    "style": "Morning light, a greenhouse, slow camera.",
    "characters": "A woman of sixty in a blue apron.",
    "hook": "She finds a brown fern.",
    "tension": "Water runs over the pot.",
    "resolution": "New fronds uncurl.",
}


async def test_a_film_has_what_its_parts_share_once_and_leads_to_the_call(settings: Settings) -> None:
    with OpenAIServer().running() as server:
        server.plays(FILM)
        model = model_at(server, "openai", settings)
        made = await write_film("plants and water", model, learned="Questions pull.", cta="Get the kit")
        asked = str(server.requests[0])
    assert made.value.parts == [FILM["hook"], FILM["tension"], FILM["resolution"]]
    assert made.value.notes == f"Style: {FILM['style']}\nCharacters: {FILM['characters']}"
    assert "Get the kit" in asked
    assert "Questions pull." in asked


def test_the_longest_film_that_a_model_may_write_fits_the_shortest_prompt() -> None:
    longest = Film(style="s" * 250, characters="c" * 300, hook="h" * 420, tension="t" * 420, resolution="r" * 420)
    request = ClipRequest(prompt=longest.hook, notes=longest.notes)
    assert len(prompt_of(MODELS["gen4.5"], request)) <= 1000
