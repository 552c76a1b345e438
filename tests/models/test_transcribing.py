"""Speech to text by a vendor: what it hears and when, what is sent, and what is said of models that tell no times."""

import math
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mediaposter.core.errors import NotConfiguredError
from mediaposter.core.settings import Settings
from mediaposter.media import ffmpeg
from mediaposter.models import errors
from mediaposter.models.access import ADDRESSES
from mediaposter.models.listening import cut_points, pieces, silences, whole_sound
from mediaposter.models.transcription import transcriber
from tests.models.speech import SENTENCES
from tests.servers.media_vendor import KEY
from tests.servers.openai_media_server import OpenAIMediaServer

pytestmark = pytest.mark.feature("ARCH-003")
WORDS = " ".join(SENTENCES).split()
HEARD = [(word, n * 0.3, n * 0.3 + 0.25) for n, word in enumerate(WORDS)]


@pytest.fixture
def server() -> Iterator[OpenAIMediaServer]:
    with OpenAIMediaServer(heard=HEARD).running() as server:
        yield server


@pytest.fixture(scope="session")
def film(spoken: Path) -> Path:
    """A second of silence in the picture alone, then speech: its sound begins late."""
    path = spoken.with_name("film.mp4")
    picture = ["-f", "lavfi", "-i", "color=s=64x64:r=12:d=10"]
    command = [str(ffmpeg.executable()), "-loglevel", "error", "-y", *picture, "-itsoffset", "1", "-i", str(spoken)]
    subprocess.run([*command, "-c:v", "libx264", "-c:a", "aac", "-map", "0:v", "-map", "1:a", str(path)], check=True)
    return path


def at(settings: Settings, server: OpenAIMediaServer, spec: str, **changes: object) -> Settings:
    values = {"transcription": spec, "openai_base_url": server.base_url, "openai_api_key": KEY, **changes}
    return Settings(**{**settings.model_dump(), **values})  # type: ignore[arg-type]


@pytest.fixture
def vendor(server: OpenAIMediaServer, monkeypatch: pytest.MonkeyPatch) -> OpenAIMediaServer:
    """The server in the place of OpenAI's own: its prices and what its models cannot do count."""
    monkeypatch.setitem(ADDRESSES, "openai", server.base_url)
    return server


async def test_words_come_with_their_times(settings: Settings, server: OpenAIMediaServer, spoken: Path) -> None:
    seen: list[float] = []
    server.compatible = True
    asked = transcriber(at(settings, server, "openai:Systran/faster-whisper-small", openai_api_key=None))
    transcript = await asked.transcribe(spoken, on_progress=seen.append)
    assert [word.text for word in transcript.timed_words()] == WORDS
    assert [word.start for word in transcript.words] == sorted(word.start for word in transcript.words)
    assert (transcript.language, transcript.model) == ("en", "openai:Systran/faster-whisper-small")
    assert transcript.text == " ".join(WORDS)
    assert seen == [1.0]
    assert server.requests[0]["timestamp_granularities"] == ["word", "segment"]
    assert transcript.cost_micros == 0


async def test_a_model_without_times_says_so_and_names_those_that_have_them(
    settings: Settings, vendor: OpenAIMediaServer, spoken: Path
) -> None:
    transcript = await transcriber(at(settings, vendor, "openai:gpt-transcribe")).transcribe(spoken)
    assert (transcript.timed, transcript.words) == (False, ())
    assert transcript.text == " ".join(WORDS)
    assert vendor.requests[0]["response_format"] == "json"
    with pytest.raises(NotConfiguredError, match="openai:gpt-transcribe") as caught:
        transcript.timed_words()
    assert caught.value.setting == "MEDIAPOSTER_TRANSCRIPTION"
    assert "local" in caught.value.fix


async def test_the_cost_is_that_of_the_minutes(settings: Settings, vendor: OpenAIMediaServer, spoken: Path) -> None:
    transcript = await transcriber(at(settings, vendor, "openai:whisper-1")).transcribe(spoken)
    assert transcript.timed
    assert 600 < transcript.cost_micros < 1200  # six to twelve seconds at 0.006 USD a minute


async def test_what_is_sent_is_small_and_is_the_sound_alone(
    settings: Settings, server: OpenAIMediaServer, film: Path, tmp_path: Path
) -> None:
    server.compatible = True
    await transcriber(at(settings, server, "openai:whisper-1")).transcribe(film)
    assert server.requests[0]["bytes"] < 80_000
    sent = tmp_path / "sent.ogg"
    sent.write_bytes(server.uploads[0])
    quiet = await silences(sent)
    assert quiet[0] == pytest.approx((0.0, 1.0), abs=0.25)  # its moments are those of the film


async def test_a_film_without_sound_is_not_sent(settings: Settings, server: OpenAIMediaServer, tmp_path: Path) -> None:
    mute = tmp_path / "mute.mp4"
    command = [str(ffmpeg.executable()), "-loglevel", "error", "-f", "lavfi", "-i", "color=s=64x64:d=1", str(mute)]
    subprocess.run(command, check=True)
    transcript = await transcriber(at(settings, server, "openai:whisper-1")).transcribe(mute)
    assert (transcript.segments, server.requests) == ((), [])


async def test_what_is_no_media_is_an_error_with_the_name_of_the_file(
    settings: Settings, server: OpenAIMediaServer, tmp_path: Path
) -> None:
    file = tmp_path / "notes.mp4"
    file.write_text("not a film")
    with pytest.raises(errors.TranscriptionError, match=r"notes\.mp4"):
        await transcriber(at(settings, server, "openai:whisper-1")).transcribe(file)


async def test_a_long_sound_goes_in_pieces_and_each_word_keeps_its_moment(
    settings: Settings, server: OpenAIMediaServer, spoken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mediaposter.models.listening.LONGEST", 5.0)
    server.compatible = True
    server.heard = [("Hello", 0.5, 1.0)]
    transcript = await transcriber(at(settings, server, "openai:whisper-1")).transcribe(spoken)
    assert len(server.requests) == len(transcript.words) > 1
    gaps = [later.start - word.start for word, later in zip(transcript.words, transcript.words[1:], strict=False)]
    assert all(0.5 < gap <= 5.0 for gap in gaps)


async def test_pieces_end_in_silences_and_make_the_whole(spoken: Path, tmp_path: Path) -> None:
    loop = tmp_path / "loop.wav"
    pause = ["-f", "lavfi", "-t", "1", "-i", "anullsrc=r=22050:cl=mono"]
    command = [str(ffmpeg.executable()), "-loglevel", "error", "-y", "-i", str(spoken), *pause, "-i", str(spoken)]
    subprocess.run([*command, "-filter_complex", "[0][1][2]concat=n=3:v=0:a=1", str(loop)], check=True)
    sound = tmp_path / "sound.wav"
    seconds = await whole_sound(loop, sound)
    quiet = await silences(sound)
    found = [(piece.start, piece.seconds) async for piece in pieces(sound, seconds, tmp_path, longest=seconds - 3)]
    assert math.isclose(sum(length for _, length in found), seconds, abs_tol=0.01)
    assert any(start < found[1][0] < end for start, end in quiet)
    assert list(tmp_path.glob("*.ogg")) == []


def test_without_a_silence_a_piece_is_cut_at_its_longest() -> None:
    assert cut_points([], 50.0, 20.0) == [0.0, 20.0, 40.0, 50.0]
    assert cut_points([(14.0, 16.0), (18.0, 19.0)], 30.0, 20.0) == [0.0, 18.5, 30.0]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("unauthorised", errors.ModelKeyRefusedError),
        ("quota", errors.ModelQuotaError),
        ("unknown_model", errors.ModelNotKnownError),
        ("bad_request", errors.ModelError),
        ("web_page", errors.ModelAnswerError),
    ],
)
async def test_a_refusal_is_told_for_what_it_is(
    fault: str, kind: type[errors.ModelError], settings: Settings, server: OpenAIMediaServer, spoken: Path
) -> None:
    server.plays(fault)
    with pytest.raises(kind) as caught:
        await transcriber(at(settings, server, "openai:whisper-1")).transcribe(spoken)
    assert "openai:whisper-1" in caught.value.detail
    assert caught.value.fix
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", ["rate_limit", "broken", "drop"])
async def test_a_busy_or_broken_vendor_is_asked_again(
    fault: str, settings: Settings, server: OpenAIMediaServer, spoken: Path
) -> None:
    server.plays(fault)
    assert (await transcriber(at(settings, server, "openai:whisper-1")).transcribe(spoken)).words
    assert len(server.requests) == 2


def test_a_vendor_without_its_key_names_the_setting(settings: Settings) -> None:
    with pytest.raises(NotConfiguredError) as caught:
        transcriber(settings.model_copy(update={"transcription": "openai:gpt-transcribe"}))
    assert caught.value.setting == "OPENAI_API_KEY"


def test_what_is_no_transcriber_is_told_with_the_forms_there_are(settings: Settings) -> None:
    with pytest.raises(errors.ModelIdError) as caught:
        transcriber(settings.model_copy(update={"transcription": "whisper"}))
    assert "openai:gpt-transcribe" in caught.value.fix


def test_a_model_that_is_switched_off_is_refused_from_that_day_with_its_successor(settings: Settings) -> None:
    chosen = Settings(**{**settings.model_dump(), "openai_api_key": KEY, "transcription": "openai:whisper-1"})
    assert transcriber(chosen, clock=lambda: datetime(2027, 2, 25, tzinfo=UTC))
    with pytest.raises(errors.ModelRetiredError, match="2027-02-26") as caught:
        transcriber(chosen, clock=lambda: datetime(2027, 2, 26, tzinfo=UTC))
    assert "openai:gpt-transcribe" in caught.value.fix
