"""The form of a master follows the footage, unless another was asked for."""

import pytest

from mediaposter.media.facts import MediaFacts, VideoFacts
from mediaposter.media.stitch import StitchTarget
from mediaposter.pipeline.stages.stitch import target_of
from tests.pipeline.driving import asked

pytestmark = pytest.mark.feature("ARCH-002")


def part(width: int, height: int, fps: float = 30.0) -> MediaFacts:
    picture = VideoFacts.model_construct(width=width, height=height, fps=fps)
    return MediaFacts.model_construct(video=picture)


def target(*parts: MediaFacts, **asked_for: object) -> StitchTarget:
    return target_of(parts, asked(prompts=["x"], **asked_for))


def test_footage_that_agrees_keeps_its_size_and_rate() -> None:
    made = target(part(3840, 2160, 59.94), part(3840, 2160, 59.94))
    assert (made.size, made.fps) == ((3840, 2160), 59.94)


def test_footage_of_several_sizes_becomes_the_first_ones_aspect() -> None:
    assert target(part(1280, 720), part(1080, 1920)).size == (1920, 1080)


def test_an_aspect_that_was_asked_for_wins() -> None:
    assert target(part(1280, 720), part(1280, 720), aspect="9:16").size == (1080, 1920)


def test_an_asked_aspect_that_the_footage_has_keeps_its_size() -> None:
    assert target(part(720, 1280), part(720, 1280), aspect="9:16").size == (720, 1280)


def test_rates_that_differ_become_thirty_a_second() -> None:
    assert target(part(720, 1280, 25), part(720, 1280, 60)).fps == 30


def test_a_rate_that_no_platform_takes_becomes_thirty_a_second() -> None:
    assert target(part(720, 1280, 240), part(720, 1280, 240)).fps == 30
