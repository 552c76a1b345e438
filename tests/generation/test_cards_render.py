"""Finished cards: the length asked for, one encoding for all, sound at its level, nothing under the apps' buttons."""

import asyncio
import subprocess
from pathlib import Path

import numpy as np
import pytest

from mediaposter.core.context import Context
from mediaposter.core.errors import InvalidInputError, NotConfiguredError
from mediaposter.core.settings import Settings
from mediaposter.core.storage import load_storage
from mediaposter.generation.errors import RequestUnsuitableError
from mediaposter.generation.provider import JobStatus, load_provider
from mediaposter.generation.providers.cards.maker import chosen_images
from mediaposter.generation.providers.cards.render import draft, render
from mediaposter.generation.schemas import ClipRequest
from mediaposter.media import ffmpeg
from mediaposter.media.facts import MediaFacts
from mediaposter.media.limits import MediaLimits
from mediaposter.media.loudness import measure
from mediaposter.media.probe import probe
from tests.generation.conftest import card

pytestmark = pytest.mark.feature("ARCH-002")
STORY = (
    "Why your plants die",
    "73% of them drown. Three steps: check the soil, move the pots, and wait.",
    "“Come home to green leaves.”",
)


async def rendered(
    request: ClipRequest, into: Path, *, settings: Settings, images: tuple[Path, ...] = (), logo: Path | None = None
) -> MediaFacts:
    folder = into.with_suffix(".work")
    folder.mkdir()
    await render(
        draft(request), into, settings=settings, folder=folder, images=images, logo=logo, report=lambda *_: None
    )
    return probe(into, MediaLimits())


def grey(path: Path, at: float) -> np.ndarray:
    command = [str(ffmpeg.executable()), "-loglevel", "error", "-ss", f"{at:.2f}", "-i", str(path), "-frames:v", "1"]
    facts = probe(path, MediaLimits()).video
    assert facts is not None
    raw = subprocess.run([*command, "-f", "rawvideo", "-pix_fmt", "gray", "-"], check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(facts.height, facts.width)


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card that speaks."""
    folder = tmp_path_factory.mktemp("spoken")
    request = card("Most people water too much.", voice="local", seconds=None, cta="Get the guide")
    asyncio.run(rendered(request, folder / "spoken.mp4", settings=Settings(home=folder)))
    return folder / "spoken.mp4"


@pytest.mark.parametrize(("aspect", "size"), [("9:16", (180, 320)), ("1:1", (200, 200)), ("16:9", (320, 180))])
async def test_a_card_has_the_size_and_length_asked_for(
    aspect: str, size: tuple[int, int], settings: Settings, tmp_path: Path
) -> None:
    facts = await rendered(
        card(STORY[1], aspect=aspect, width=size[0], height=size[1], seconds=1.5),
        tmp_path / "card.mp4",
        settings=settings,
    )
    assert facts.video is not None
    assert (facts.video.width, facts.video.height, facts.video.pix_fmt) == (*size, "yuv420p")
    assert facts.duration == pytest.approx(1.5, abs=0.09)


async def test_all_parts_of_a_story_have_one_encoding(
    settings: Settings, tmp_path: Path, tiny_picture: Path, spoken: Path
) -> None:
    made = [
        await rendered(card(text, part=n, parts=3), tmp_path / f"{n}.mp4", settings=settings)
        for n, text in enumerate(STORY, start=1)
    ]
    made.append(await rendered(card(STORY[0]), tmp_path / "p.mp4", settings=settings, images=(tiny_picture,)))
    made.append(probe(spoken, MediaLimits()))
    keys = set()
    for facts in made:
        assert facts.video is not None
        assert facts.audio is not None
        video, audio = facts.video, facts.audio
        of_video = (video.codec, video.profile, video.fps, video.time_base, video.extradata_sha256)
        keys.add((*of_video, audio.codec, audio.sample_rate, audio.channels, audio.extradata_sha256))
    assert len(keys) == 1


def test_speech_is_levelled_and_its_peaks_are_held(spoken: Path) -> None:
    loudness = measure([spoken])
    assert loudness.integrated == pytest.approx(-14, abs=1.0)
    assert loudness.true_peak < -1.0


def test_sound_and_picture_of_a_spoken_card_are_equally_long(spoken: Path) -> None:
    facts = probe(spoken, MediaLimits())
    assert facts.audio is not None
    assert 1.5 < facts.duration < 8


async def test_pictures_and_a_logo_are_taken(settings: Settings, tmp_path: Path, tiny_picture: Path) -> None:
    request = card("Look. It moves slowly.", brand={"handle": "@us", "logo": str(tiny_picture)})
    facts = await rendered(
        request, tmp_path / "card.mp4", settings=settings, images=(tiny_picture, tiny_picture), logo=tiny_picture
    )
    assert facts.duration == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(
    "prompt",
    [
        "w" * 300 + " end.",
        "Unbelievablylongwordsthatneverend everywhere. " * 3,
        "{\\pos(1000,1900)\\fs400}HERE \\N\\N\\N{\\an3}",
        "73% of incomprehensibilities. 1. One 2. Two 3. Three. " + "Many more words follow now. " * 12,
    ],
)
async def test_no_text_lies_under_the_buttons_of_the_apps(prompt: str, settings: Settings, tmp_path: Path) -> None:
    """On one flat colour whatever differs from it is type; the right 12 % and the bottom 18 % must be free of edges."""
    request = card(prompt[:500], seconds=3, cta="Get the very long guide to everything there is", fps=12)
    await rendered(request, tmp_path / "card.mp4", settings=settings)
    for at in (0.3, 1.2, 2.8):
        seen = grey(tmp_path / "card.mp4", at).astype(int)
        # Type has edges of more than a hundred levels; rings, dots and lights have not.
        edges = np.abs(np.diff(seen, axis=1)) > 90
        assert not edges[round(320 * 0.17) :, round(180 * 0.885) :].any()
        assert not edges[round(320 * 0.83) :, :].any()


async def test_speech_that_does_not_fit_is_said_with_the_seconds_it_needs(settings: Settings, tmp_path: Path) -> None:
    request = card("This sentence is far too long to be spoken within a single second.", voice="local", seconds=1)
    with pytest.raises(RequestUnsuitableError) as caught:
        await rendered(request, tmp_path / "card.mp4", settings=settings)
    assert "seconds" in caught.value.fix


async def test_a_clip_is_never_silent_by_surprise(ctx: Context, tmp_path: Path) -> None:
    cards = load_provider("cards", ctx.settings.model_copy(update={"voice_model": tmp_path / "none.onnx"}), ctx.storage)
    spoken = card(voice="local")
    assert cards.missing() is None
    assert isinstance(cards.missing(spoken), NotConfiguredError)
    with pytest.raises(NotConfiguredError):
        await cards.submit(spoken, "clip-1")


async def test_letters_that_no_font_has_stop_the_job_before_it_begins(ctx: Context) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await load_provider("cards", ctx.settings, ctx.storage).submit(card("植物は水が必要です"), "clip-1")
    assert "植" in caught.value.detail


async def test_a_cancel_kills_ffmpeg_and_leaves_nothing(settings: Settings) -> None:
    storage = load_storage(settings)
    cards = load_provider("cards", settings, storage)
    job = await cards.submit(card(seconds=60, width=1080, height=1920, fps=30), "clip-1")
    while (await cards.poll(job)).progress < 0.26:
        await asyncio.sleep(0.01)
    await cards.cancel(job)
    assert (await cards.poll(job)).status is JobStatus.CANCELLED
    assert list((storage.folder / "scratch").iterdir()) == []


async def test_progress_only_rises_and_says_what_happens(settings: Settings, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    folder = tmp_path / "work"
    folder.mkdir()
    await render(
        draft(card()),
        tmp_path / "card.mp4",
        settings=settings,
        folder=folder,
        images=(),
        logo=None,
        report=lambda share, message: told.append((share, message)),
    )
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert told[-1][1] == "Rendering"


def test_pictures_are_dealt_out_over_the_parts() -> None:
    dealt = [chosen_images(card(images=("a", "b", "c", "d"), part=part, parts=3)) for part in (1, 2, 3)]
    assert dealt == [["a", "d"], ["b"], ["c"]]
    assert chosen_images(card(images=("a",), part=2, parts=3)) == ["a"]
