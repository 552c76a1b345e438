"""Vendors' voices: what is said, when, what it costs, that it is bought once, and every way in which they refuse."""

import subprocess
import wave
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from mediaposter.core.context import Context
from mediaposter.core.errors import InvalidInputError, NotConfiguredError
from mediaposter.core.settings import Settings
from mediaposter.media import ffmpeg
from mediaposter.models import errors, whisper_weights
from mediaposter.models.models import Purchase, PurchaseState
from mediaposter.models.speech import SAMPLE_RATE, Speech, Timing, Voice
from mediaposter.models.voice import voice
from mediaposter.models.word_times import by_ear, by_letters, by_pauses
from mediaposter.models.words import TimedWord
from tests.models.speech import SENTENCES
from tests.servers.elevenlabs_server import VOICE, ElevenLabsServer
from tests.servers.media_vendor import KEY, MediaVendor
from tests.servers.openai_media_server import OpenAIMediaServer

pytestmark = pytest.mark.feature("ARCH-002")
TEXT = " ".join(SENTENCES)
SPECS = {"openai": "openai:gpt-4o-mini-tts/coral", "elevenlabs": f"elevenlabs:eleven_multilingual_v2/{VOICE}"}


@pytest.fixture(scope="session")
def sounds(spoken: Path) -> tuple[bytes, bytes, float]:
    """Two spoken sentences as WAV and as MP3, and how long they take."""
    into = spoken.with_suffix(".mp3")
    command = [str(ffmpeg.executable()), "-loglevel", "error", "-y", "-i", str(spoken), "-b:a", "128k", str(into)]
    subprocess.run(command, check=True)
    with wave.open(str(spoken), "rb") as file:
        seconds = file.getnframes() / file.getframerate()
    return spoken.read_bytes(), into.read_bytes(), seconds


@pytest.fixture(params=list(SPECS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(name: str, sounds: tuple[bytes, bytes, float]) -> Iterator[MediaVendor]:
    wav, mp3, seconds = sounds
    made = ElevenLabsServer(sound=mp3, seconds=seconds) if name == "elevenlabs" else OpenAIMediaServer(sound=wav)
    with made.running():
        yield made


@pytest.fixture
def speaker(server: MediaVendor, name: str, ctx: Context, monkeypatch: pytest.MonkeyPatch) -> Voice:
    """The voice, asked at the server. Its words are placed by the pauses: no model is loaded for it."""
    monkeypatch.setattr(whisper_weights, "PACKAGES", ("no_such_package",))
    return voice(at(ctx.settings, server), SPECS[name])


def at(settings: Settings, server: MediaVendor, **changes: object) -> Settings:
    url = f"{server.url}/v1" if isinstance(server, OpenAIMediaServer) else server.url
    values = {"voice_base_url": url, "openai_api_key": KEY, "elevenlabs_api_key": KEY, **changes}
    return Settings(**{**settings.model_dump(), **values})  # type: ignore[arg-type]


async def purchases(ctx: Context) -> list[Purchase]:
    async with ctx.database.session() as session:
        return list(await session.scalars(select(Purchase)))


async def test_a_vendor_speaks_each_word_at_a_time_within_the_sound(speaker: Voice, name: str, tmp_path: Path) -> None:
    speech = await speaker.speak(TEXT, tmp_path / "out.wav")
    assert [word.text for word in speech.words] == TEXT.split()
    times = [moment for word in speech.words for moment in (word.start, word.end)]
    assert times == sorted(times)
    assert times[-1] <= speech.duration
    assert speech.model == SPECS[name]
    assert speech.timing == (Timing.TOLD if name == "elevenlabs" else Timing.SPREAD)
    with wave.open(str(tmp_path / "out.wav"), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, SAMPLE_RATE)


async def test_the_same_words_are_bought_once_at_whatever_pace(
    speaker: Voice, server: MediaVendor, ctx: Context, tmp_path: Path
) -> None:
    slow = await speaker.speak(TEXT, tmp_path / "slow.wav")
    fast = await speaker.speak(TEXT, tmp_path / "fast.wav", speed=1.25)
    assert server.made == 1
    assert fast.duration == pytest.approx(slow.duration / 1.25, abs=0.2)
    assert fast.cost_micros == 0
    (row,) = await purchases(ctx)
    assert (row.state, row.model, row.cost_micros) == (PurchaseState.BOUGHT, speaker.name, slow.cost_micros)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fast.wav", "slow.wav"]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("unauthorised", errors.ModelKeyRefusedError),
        ("quota", errors.ModelQuotaError),
        ("moderation", errors.ModelRefusedError),
        ("unknown_model", errors.ModelNotKnownError),
        ("web_page", errors.ModelAnswerError),
    ],
)
async def test_a_refusal_is_told_for_what_it_is_and_costs_one_request(
    fault: str, kind: type[errors.ModelError], speaker: Voice, server: MediaVendor, ctx: Context, tmp_path: Path
) -> None:
    server.plays(fault)
    with pytest.raises(kind) as caught:
        await speaker.speak(TEXT, tmp_path / "out.wav")
    assert speaker.name in caught.value.detail
    assert KEY not in caught.value.detail
    assert caught.value.fix
    assert len(server.requests) == 1
    assert [row.state for row in await purchases(ctx)] == [PurchaseState.REFUSED]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fault", ["rate_limit", "broken", "drop"])
async def test_a_busy_or_broken_vendor_is_asked_again(
    fault: str, speaker: Voice, server: MediaVendor, ctx: Context, tmp_path: Path
) -> None:
    server.plays(fault)
    assert (await speaker.speak(TEXT, tmp_path / "out.wav")).words
    assert len(server.requests) == 2
    (row,) = await purchases(ctx)
    assert [attempt["state"] for attempt in row.attempts][-1] == PurchaseState.BOUGHT


async def test_a_wait_that_is_too_long_is_an_error_with_its_time(
    speaker: Voice, server: MediaVendor, tmp_path: Path
) -> None:
    server.retry_after = "120"
    server.plays("rate_limit")
    with pytest.raises(errors.ModelBusyError) as caught:
        await speaker.speak(TEXT, tmp_path / "out.wav")
    assert caught.value.retry_after == 120
    assert len(server.requests) == 1


async def test_a_vendor_without_a_time_to_wait_is_asked_three_times(
    speaker: Voice, server: MediaVendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mediaposter.models.patience._FIRST_WAIT", 0.01)
    server.retry_after = None
    server.plays("rate_limit", "rate_limit", "rate_limit")
    with pytest.raises(errors.ModelBusyError):
        await speaker.speak(TEXT, tmp_path / "out.wav")
    assert len(server.requests) == 3


async def test_a_slow_vendor_is_left_at_the_time_limit(
    server: MediaVendor, name: str, ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mediaposter.models.patience._ATTEMPTS", 1)
    server.slow_seconds = 3
    server.plays("slow")
    slow = voice(at(ctx.settings, server, media_model_timeout_seconds=0.3), SPECS[name])
    with pytest.raises(errors.ModelUnreachableError, match=r"0\.3 seconds"):
        await slow.speak(TEXT, tmp_path / "out.wav")


async def test_a_vendor_that_is_not_there_says_so(
    name: str, ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mediaposter.models.patience._FIRST_WAIT", 0.01)
    settings = Settings(
        **{
            **ctx.settings.model_dump(),
            "voice_base_url": "http://127.0.0.1:9/v1",
            "openai_api_key": KEY,
            "elevenlabs_api_key": KEY,
        }
    )
    with pytest.raises(errors.ModelUnreachableError) as caught:
        await voice(settings, SPECS[name]).speak(TEXT, tmp_path / "out.wav")
    assert not caught.value.asked


async def test_elevenlabs_is_asked_by_the_model_and_the_voice_of_the_setting(
    ctx: Context, sounds: tuple[bytes, bytes, float], tmp_path: Path
) -> None:
    with ElevenLabsServer(sound=sounds[1], seconds=sounds[2]).running() as server:
        settings = at(ctx.settings, server, voice=f"elevenlabs:eleven_flash_v2_5/{VOICE}")
        await voice(settings).speak("Hello", tmp_path / "out.wav")
        assert server.requests[0] | {"text": "Hello"} == {
            "text": "Hello",
            "model_id": "eleven_flash_v2_5",
            "voice": VOICE,
            "output_format": "mp3_44100_128",
        }
        with pytest.raises(errors.ModelNotKnownError, match="voice with this id"):
            await voice(settings, "elevenlabs:eleven_flash_v2_5/nobody").speak("Hello", tmp_path / "out.wav")


async def test_where_a_voice_tells_no_times_they_are_heard(
    ctx: Context, sounds: tuple[bytes, bytes, float], whisper_home: Path, tmp_path: Path
) -> None:
    """The local Whisper listens to the finished sound; the estimate by pauses is near it."""
    with OpenAIMediaServer(sound=sounds[0], compatible=True).running() as server:
        settings = at(ctx.settings, server, openai_api_key=None, home=whisper_home)
        speech: Speech = await voice(settings, SPECS["openai"]).speak(TEXT, tmp_path / "out.wav")
    assert speech.timing is Timing.HEARD
    assert [word.text for word in speech.words] == TEXT.split()
    first = next(word for word in speech.words if word.text == "first")
    assert 0.3 < first.start / speech.duration < 0.6
    assert (speech.cost_micros, server.requests[0]["voice"]) == (0, "coral")  # a server of one's own is free


def test_a_voice_without_its_key_names_the_setting(settings: Settings) -> None:
    for spec, key in ((SPECS["openai"], "OPENAI_API_KEY"), (SPECS["elevenlabs"], "ELEVENLABS_API_KEY")):
        with pytest.raises(NotConfiguredError) as caught:
            voice(settings, spec)
        assert caught.value.setting == key


@pytest.mark.parametrize("spec", ["amazon:polly/joanna", "openai:gpt-4o-mini-tts", "openai:/coral", "loud"])
def test_what_is_no_voice_is_told_with_the_forms_there_are(spec: str, settings: Settings) -> None:
    with pytest.raises(errors.ModelIdError) as caught:
        voice(settings, spec)
    assert "openai:gpt-4o-mini-tts/coral" in caught.value.fix


def test_a_voice_that_the_vendor_switched_off_is_refused_from_that_day(settings: Settings) -> None:
    keyed = Settings(**{**settings.model_dump(), "openai_api_key": KEY})
    assert voice(keyed, SPECS["openai"], clock=lambda: datetime(2027, 1, 5, tzinfo=UTC))
    with pytest.raises(errors.ModelRetiredError, match="2027-01-06") as caught:
        voice(keyed, SPECS["openai"], clock=lambda: datetime(2027, 1, 6, tzinfo=UTC))
    assert "local" in caught.value.fix
    own = Settings(**{**keyed.model_dump(), "voice_base_url": "http://127.0.0.1:9/v1"})
    assert voice(own, SPECS["openai"], clock=lambda: datetime(2027, 1, 6, tzinfo=UTC))


async def test_a_text_that_is_too_long_is_not_sent(speaker: Voice, server: MediaVendor, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError):
        await speaker.speak("word " * 1100, tmp_path / "out.wav")
    assert server.requests == []


def test_letters_that_the_vendor_left_out_do_not_move_the_others() -> None:
    letters = list("Hi there")
    starts = [n / 10 for n in range(len(letters))]
    words = by_letters("Hi, there!", letters, starts, [start + 0.1 for start in starts])
    assert [(word.text, word.start, word.end) for word in words] == [("Hi,", 0.0, 0.2), ("there!", 0.3, 0.8)]


def test_words_that_were_misheard_stand_where_they_were_said() -> None:
    heard = [TimedWord(text=text, start=n, end=n + 0.9) for n, text in enumerate(["In", "twenty", "six", "it", "grew"])]
    words = by_ear("In 2026 it really grew.", heard, 5.0)
    assert [word.text for word in words] == ["In", "2026", "it", "really", "grew."]
    # Whisper hears a tenth of a second early, which is put right.
    assert (words[1].start, words[1].end) == (1.1, 3.0)
    assert words[3].start >= words[2].end
    assert words[4].start == 4.1


def test_the_marks_of_a_text_fall_on_the_pauses_of_its_sound() -> None:
    rate = 8000
    loud, quiet = np.full(rate, 9000, np.int16), np.zeros(rate // 2, np.int16)
    words = by_pauses("One two three. Four five six.", np.concatenate([loud, quiet, loud]), rate)
    assert words[2].end == pytest.approx(1.0, abs=0.05)
    assert words[3].start == pytest.approx(1.5, abs=0.05)
    assert words[-1].end == pytest.approx(2.5, abs=0.05)
