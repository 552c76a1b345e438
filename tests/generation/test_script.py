"""From prompts to beats: nothing invented, nothing lost, instructions taken away."""

import pytest

from mediaposter.core.errors import InvalidInputError
from mediaposter.generation.prompts import split_story
from mediaposter.generation.schemas import ClipRequest
from mediaposter.generation.script import SCENE_WORDS, Beat, BeatKind, spoken_text, write_script

pytestmark = pytest.mark.feature("ARCH-002")
LONG = (
    "Every spring I forget the same thing, because the days get longer and I think that all will grow by itself, but "
    "the soil is still cold, so the seeds rot before they wake, and then I buy new ones which cost twice as much as "
    "the first ones did in February when the shop was empty and nobody stood in line for anything at all."
)


def beats(prompt: str, **changes: object) -> tuple[Beat, ...]:
    return write_script(ClipRequest.parse({"prompt": prompt} | changes))


def kinds(prompt: str, **changes: object) -> list[BeatKind]:
    return [beat.kind for beat in beats(prompt, **changes)]


def test_a_label_is_not_part_of_the_words() -> None:
    assert [beat.text for beat in beats("Hook: why your houseplants die while you travel")] == [
        "Why your houseplants die while you travel"
    ]


@pytest.mark.parametrize(
    "prompt",
    [
        "Make a short video about how to brew better coffee",
        "create a TikTok explaining how to brew better coffee",
        "Please write me a funny 10-second reel about how to brew better coffee",
        "Part 1: how to brew better coffee",
        "Scene 2/3 - how to brew better coffee",
    ],
)
def test_an_instruction_is_not_part_of_the_words(prompt: str) -> None:
    assert beats(prompt)[0].text == "How to brew better coffee"


def test_a_script_is_taken_as_it_is() -> None:
    assert beats("x", script="Make a video about plants.")[0].text == "Make a video about plants."


def test_the_first_sentence_is_the_hook_and_the_rest_are_statements() -> None:
    assert kinds("Stop doing this. It costs you sleep. Try reading.") == ["hook", "statement", "statement"]


@pytest.mark.parametrize(
    "prompt",
    [
        "Three ways to sleep: read, walk, and breathe slowly.",
        "Three ways to sleep:\n- read\n- walk\n- breathe slowly",
        "Three ways to sleep: 1. read 2. walk 3. breathe slowly",
        "Three ways to sleep\n1) read\n2) walk\n3) breathe slowly",
    ],
)
def test_a_list_becomes_numbered_steps(prompt: str) -> None:
    steps = [beat for beat in beats(prompt) if beat.kind is BeatKind.STEP]
    assert [(step.number, step.text) for step in steps] == [(1, "Read"), (2, "Walk"), (3, "Breathe slowly")]


def test_a_figure_gets_a_scene_of_its_own_kind() -> None:
    assert kinds("Look at this. 73% of people quit in a week.") == ["hook", "number"]


def test_a_quotation_is_known() -> None:
    assert kinds("Listen. “Nobody came on day one.”") == ["hook", "quote"]


def test_only_the_last_part_carries_the_call_to_action() -> None:
    assert [kinds("Grow.", cta="Get it", part=part, parts=3)[-1] for part in (1, 2, 3)] == ["hook", "hook", "cta"]


def test_a_call_to_action_in_the_prompt_is_one_wherever_it_stands() -> None:
    assert beats("Grow more. CTA: Get the guide", part=1, parts=2)[-1].text == "Get the guide"


def test_a_long_sentence_is_cut_and_every_word_kept_in_order() -> None:
    made = beats(LONG)
    assert " ".join(beat.text for beat in made) == LONG
    assert all(len(beat.tokens) <= SCENE_WORDS + 1 for beat in made)


def test_an_abbreviation_does_not_end_a_sentence() -> None:
    assert len(beats("Dr. Smith agrees with Mrs. Jones.")) == 1


def test_emoji_are_left_out_and_figures_stay() -> None:
    assert beats("Grow 🌱 it 👩🏽‍🌾 in 3 days 🇩🇪 #garden ©")[0].text == "Grow it in 3 days #garden ©"


@pytest.mark.parametrize("prompt", ["🌱🌱🌱", "!!! ... ???", "-- \u200b"])
def test_a_prompt_without_words_is_refused_with_a_mend(prompt: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        beats(prompt)
    assert caught.value.fix


def test_the_voice_reads_no_code_and_no_address() -> None:
    said = spoken_text(beats("Look at {\\b1}this https://x.example/a?b=c & that [[h ə l oʊ]]"))
    assert not set(said) & set("{}\\[]/")
    assert "the link" in said


def test_every_beat_has_a_strong_word_and_a_starred_one_wins() -> None:
    (beat,) = beats("You only need *one* good tomatoplant")
    assert [token.shown for token in beat.tokens if token.strong] == ["one"]


def test_an_idea_is_split_into_three_prompts_of_its_own_words() -> None:
    parts = split_story("Your plants die while you travel. Most people water too much. Water once. Move the pots.")
    assert parts == [
        "Your plants die while you travel.",
        "Most people water too much.",
        "Water once. Move the pots.",
    ]


def test_an_idea_too_short_for_three_parts_is_not_padded() -> None:
    with pytest.raises(InvalidInputError):
        split_story("Water plants")
