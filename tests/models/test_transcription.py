"""Local speech to text on real speech."""

import asyncio
import shutil
import wave
from pathlib import Path

import psutil
import pytest

from mediaposter.core.errors import NotConfiguredError
from mediaposter.core.settings import Settings
from mediaposter.models import whisper_weights
from mediaposter.models.errors import TranscriptionError
from mediaposter.models.transcription import LocalWhisper, Transcript, transcriber

pytestmark = pytest.mark.feature("ARCH-003", "GAP-010")


@pytest.fixture(scope="module")
def heard(spoken: Path, whisper_home: Path) -> tuple[Transcript, list[float]]:
    seen: list[float] = []
    return asyncio.run(LocalWhisper(whisper_home).transcribe(spoken, on_progress=seen.append)), seen


def test_hears_what_was_said(heard: tuple[Transcript, list[float]]) -> None:
    assert {"robot", "waters", "house", "pump", "weak"} <= {word.strip(".,").lower() for word in heard[0].text.split()}


def test_names_the_language(heard: tuple[Transcript, list[float]]) -> None:
    assert heard[0].language == "en"


def test_words_come_with_times_that_only_go_forward(heard: tuple[Transcript, list[float]]) -> None:
    times = [time for word in heard[0].words for time in (word.start, word.end)]
    assert len(times) > 30
    assert times == sorted(times)


def test_progress_only_rises_to_one(heard: tuple[Transcript, list[float]]) -> None:
    assert heard[1] == sorted(heard[1])
    assert heard[1][-1] == 1.0


async def test_silence_is_no_speech(whisper_home: Path, tmp_path: Path) -> None:
    silent = tmp_path / "silent.wav"
    with wave.open(str(silent), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 16000 * 2))
    assert (await LocalWhisper(whisper_home).transcribe(silent)).segments == ()


async def test_what_is_not_media_is_an_error_with_the_name_of_the_file(whisper_home: Path, tmp_path: Path) -> None:
    file = tmp_path / "notes.mp4"
    file.write_text("not a film")
    with pytest.raises(TranscriptionError, match=r"notes\.mp4"):
        await LocalWhisper(whisper_home).transcribe(file)


async def test_cancelling_ends_the_process(spoken: Path, whisper_home: Path) -> None:
    task = asyncio.create_task(LocalWhisper(whisper_home).transcribe(spoken))
    me = psutil.Process()
    while not (workers := [child for child in me.children() if "whisper_worker" in " ".join(child.cmdline())]):
        assert not task.done()
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not any(worker.is_running() for worker in workers)


def test_a_damaged_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    halves = []
    for name in whisper_weights.PACKAGES:
        folder = tmp_path / name / "data"
        folder.mkdir(parents=True)
        (folder.parent / "__init__.py").touch()
        halves.append(folder)
    for number, half in enumerate(halves, start=1):
        (half / f"model.bin.part{number}").write_bytes(b"not the weights")
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (halves[0] / name).write_text("{}")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(NotConfiguredError, match="not the one that was reviewed"):
        whisper_weights.whisper_folder(tmp_path / "home")
    assert list((tmp_path / "home" / "cache").iterdir()) == []


def test_the_model_is_joined_once(whisper_home: Path) -> None:
    folder = whisper_weights.whisper_folder(whisper_home)
    made = (folder / "model.bin").stat().st_mtime_ns
    assert (whisper_weights.whisper_folder(whisper_home) / "model.bin").stat().st_mtime_ns == made


def test_switched_off_says_how_to_switch_it_on(settings: Settings) -> None:
    off = settings.model_copy(update={"transcription": "none"})
    with pytest.raises(NotConfiguredError, match="MEDIAPOSTER_TRANSCRIPTION"):
        transcriber(off)


async def test_works_on_a_name_with_odd_characters(spoken: Path, whisper_home: Path, tmp_path: Path) -> None:
    odd = tmp_path / "50% off: it's “new” #1?.wav"
    shutil.copyfile(spoken, odd)
    assert "robot" in (await LocalWhisper(whisper_home).transcribe(odd)).text
