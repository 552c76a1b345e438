"""The local voice: what it says, when, how it sounds, and what it cannot read."""

import asyncio
import re
import wave
from pathlib import Path

import numpy as np
import pytest

from mediaposter.core.errors import InvalidInputError, NotConfiguredError
from mediaposter.core.settings import Settings
from mediaposter.models.speech import SAMPLE_RATE, Speech, VoiceError
from mediaposter.models.transcription import transcriber
from mediaposter.models.voice import voice

pytestmark = pytest.mark.feature("ARCH-002", "GAP-010")
TEXT = "Most people water too much. In 2026, 40% of the plants drown: so, check the soil first!"


@pytest.fixture(scope="module")
def spoken_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Speech, Path]:
    folder = tmp_path_factory.mktemp("voice")
    settings = Settings(home=folder)
    return asyncio.run(voice(settings).speak(TEXT, folder / "speech.wav")), folder / "speech.wav"


@pytest.fixture(scope="module")
def samples(spoken_file: tuple[Speech, Path]) -> np.ndarray:
    with wave.open(str(spoken_file[1]), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, SAMPLE_RATE)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32) / 32768


def test_there_is_one_time_for_each_word_of_the_text(spoken_file: tuple[Speech, Path]) -> None:
    assert [word.text for word in spoken_file[0].words] == TEXT.split()


def test_words_follow_one_another_within_the_sound(spoken_file: tuple[Speech, Path]) -> None:
    speech = spoken_file[0]
    times = [moment for word in speech.words for moment in (word.start, word.end)]
    assert times == sorted(times)
    assert times[-1] <= speech.duration


def test_the_duration_is_that_of_the_file(spoken_file: tuple[Speech, Path], samples: np.ndarray) -> None:
    assert spoken_file[0].duration == pytest.approx(len(samples) / SAMPLE_RATE, abs=0.001)


def test_silence_at_both_ends_is_trimmed(samples: np.ndarray) -> None:
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    assert loud[0] < 0.15 * SAMPLE_RATE
    assert len(samples) - loud[-1] < 0.3 * SAMPLE_RATE


def test_a_word_after_a_pause_begins_where_the_sound_begins(
    spoken_file: tuple[Speech, Path], samples: np.ndarray
) -> None:
    """The sound itself is the judge: after the silence between two sentences it sets in at the next word's start."""
    size = SAMPLE_RATE // 100
    energy = np.sqrt((samples[: len(samples) // size * size].reshape(-1, size) ** 2).mean(axis=1))
    word = next(word for word in spoken_file[0].words if word.text == "In")
    around = range(round(word.start * 100) - 25, round(word.start * 100) + 25)
    onset = next(n for n in around if energy[n] > 0.01 and (energy[n - 12 : n] < 0.01).all())
    assert word.start == pytest.approx(onset / 100, abs=0.06)


async def test_a_transcriber_hears_the_words_at_their_times(
    spoken_file: tuple[Speech, Path], whisper_home: Path
) -> None:
    """Whisper puts words about a tenth of a second early; the rest of the difference is what captions would be off."""
    heard = (await transcriber(Settings(home=whisper_home)).transcribe(spoken_file[1])).words
    bare = [re.sub(r"\W", "", word.text.lower()) for word in heard]
    differences = [
        word.start - heard[bare.index(name)].start
        for word in spoken_file[0].words
        if bare.count(name := re.sub(r"\W", "", word.text.lower())) == 1
    ]
    assert len(differences) >= 8
    assert np.abs(np.array(differences) - np.median(differences)).mean() < 0.09


async def test_it_can_speak_faster(spoken_file: tuple[Speech, Path], settings: Settings, tmp_path: Path) -> None:
    fast = await voice(settings).speak(TEXT, tmp_path / "fast.wav", speed=1.3)
    assert fast.duration < spoken_file[0].duration * 0.9


@pytest.mark.parametrize("text", ["", "... !!! —", "🌱"])
async def test_a_text_without_words_is_refused(text: str, settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError):
        await voice(settings).speak(text, tmp_path / "x.wav")


async def test_letters_it_cannot_read_are_named(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await voice(settings).speak("Hello мир", tmp_path / "x.wav")
    assert "м" in caught.value.detail
    assert caught.value.fix


def test_a_voice_that_is_not_there_names_the_setting(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NotConfiguredError) as caught:
        voice(settings.model_copy(update={"voice_model": tmp_path / "none.onnx"}))
    assert "MEDIAPOSTER_VOICE_MODEL" in caught.value.fix


async def test_a_broken_voice_says_that_it_failed_and_leaves_nothing(settings: Settings, tmp_path: Path) -> None:
    model = tmp_path / "broken.onnx"
    model.write_bytes(b"not a model")
    model.with_name("broken.onnx.json").write_text('{"espeak": {"voice": "en-us"}}')
    with pytest.raises(VoiceError):
        await voice(settings.model_copy(update={"voice_model": model})).speak("Hello", tmp_path / "out.wav")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.onnx", "broken.onnx.json"]
