"""The facts of a master, measured on real films whose facts are known."""

import asyncio
from pathlib import Path

import psutil
import pytest

from mediaposter.analysis.picture import filter_value
from mediaposter.analysis.schemas import Analysis
from mediaposter.analysis.service import analyze
from mediaposter.core.errors import MediaPosterError
from mediaposter.models.transcription import LocalWhisper, Segment, Transcript
from mediaposter.models.words import HeardWord
from tests.analysis.conftest import facts_of, ffmpeg
from tests.models.speech import SENTENCES, speak

pytestmark = pytest.mark.feature("ARCH-003")


@pytest.fixture(scope="module")
def known(film: Path) -> tuple[Analysis, list[float]]:
    seen: list[float] = []
    return asyncio.run(analyze(film, facts_of(film), speech_note="none here", on_progress=seen.append)), seen


def test_finds_every_scene(known: tuple[Analysis, list[float]]) -> None:
    assert len(known[0].scenes) == 3


def test_places_a_cut_between_key_frames_to_the_frame(known: tuple[Analysis, list[float]]) -> None:
    assert known[0].scenes[2].start == pytest.approx(4.4, abs=0.021)
    assert known[0].scenes[2].exact


def test_scenes_follow_each_other_without_a_gap(known: tuple[Analysis, list[float]]) -> None:
    scenes = known[0].scenes
    assert scenes[0].start == 0
    assert [scene.end for scene in scenes[:-1]] == [scene.start for scene in scenes[1:]]
    assert scenes[-1].end == pytest.approx(6.0, abs=0.1)


async def test_finds_cuts_of_a_long_film_between_and_behind_its_key_frames(long_film: Path) -> None:
    scenes = (await analyze(long_film, facts_of(long_film))).scenes
    assert [scene.start for scene in scenes] == pytest.approx([0, 9.4, 22.6], abs=0.021)
    assert all(scene.exact for scene in scenes)


def test_the_busiest_frame_is_the_thumbnail(known: tuple[Analysis, list[float]]) -> None:
    assert known[0].best_frame is not None
    assert 2.0 <= known[0].best_frame < 4.4


async def test_colours_come_with_their_shares(long_film: Path) -> None:
    colour = (await analyze(long_film, facts_of(long_film))).colours[0]
    assert colour.hex[1:3] > "e0"
    assert colour.hex[3:] < "1010"
    assert colour.share == pytest.approx(5 / 12, abs=0.1)


async def test_measures_the_loudness_of_a_tone(tone: Path) -> None:
    # A stereo sine at -23 dBFS reads -23 LUFS (EBU Tech 3341, case 1); ffmpeg's is mono at -18.06 dBFS, so -21.1.
    loudness = (await analyze(tone, facts_of(tone))).loudness
    assert loudness is not None
    assert loudness.integrated == pytest.approx(-21.1, abs=0.2)
    assert loudness.true_peak == pytest.approx(-18.1, abs=0.2)


def test_finds_the_silence(known: tuple[Analysis, list[float]]) -> None:
    (silence,) = known[0].silences
    assert (silence.start, silence.end) == pytest.approx((3, 5), abs=0.1)


def test_says_why_there_is_no_transcript(known: tuple[Analysis, list[float]]) -> None:
    assert known[0].transcript is None
    assert known[0].speech_note == "none here"


def test_reads_the_opening(known: tuple[Analysis, list[float]]) -> None:
    hook = known[0].hook
    assert hook is not None
    assert hook.seconds == 3.0
    assert hook.cuts == 1
    assert hook.motion is not None


def test_progress_only_rises_to_one(known: tuple[Analysis, list[float]]) -> None:
    assert known[1] == sorted(known[1])
    assert known[1][-1] == 1.0


def test_comes_back_from_json_as_it_was(known: tuple[Analysis, list[float]]) -> None:
    assert Analysis.model_validate_json(known[0].model_dump_json()) == known[0]


async def test_a_film_without_sound_says_so(mute_film: Path) -> None:
    analysis = await analyze(mute_film, facts_of(mute_film))
    assert analysis.loudness is None
    assert analysis.speech_note == "The file has no sound."


async def test_a_still_picture_over_its_length_reads_as_still(mute_film: Path) -> None:
    analysis = await analyze(mute_film, facts_of(mute_film))
    assert analysis.hook is not None
    assert "The picture stands almost still." in analysis.hook.reasons


async def test_one_colour_is_the_only_colour(mute_film: Path) -> None:
    analysis = await analyze(mute_film, facts_of(mute_film))
    assert [colour.share for colour in analysis.colours] == [1.0]


async def test_sound_alone_has_no_scenes(tone: Path) -> None:
    analysis = await analyze(tone, facts_of(tone))
    assert analysis.scenes == ()
    assert analysis.loudness is not None
    assert analysis.loudness.integrated is not None


async def test_a_camera_that_pans_is_no_cut(films: Path) -> None:
    file = films / "pan.mp4"
    pan = "testsrc2=s=640x320:r=25:d=4,crop=180:320:x='t*110':y=0,format=yuv420p"
    ffmpeg("-f", "lavfi", "-i", pan, "-c:v", "libx264", "-preset", "ultrafast", "-g", "50", str(file))
    assert len((await analyze(file, facts_of(file))).scenes) == 1


class Deaf:
    """A transcriber that hears nothing, and one that never ends, as a real one may."""

    name = "deaf"

    def __init__(self, seconds: float = 0) -> None:
        self.seconds = seconds

    async def transcribe(self, path: Path, *, on_progress: object = None) -> Transcript:
        await asyncio.sleep(self.seconds)
        return Transcript(language="")


async def test_a_film_in_which_nobody_speaks_says_so(film: Path) -> None:
    analysis = await analyze(film, facts_of(film), transcriber=Deaf())
    assert analysis.transcript is None
    assert analysis.speech_note == "Nobody speaks in it."


async def test_cancelling_leaves_no_process(film: Path) -> None:
    before = set(psutil.Process().children(recursive=True))
    task = asyncio.create_task(analyze(film, facts_of(film), transcriber=Deaf(60)))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    left = [p for p in psutil.Process().children(recursive=True) if p not in before and "ffmpeg-" in p.name()]
    assert left == []


async def test_a_failing_part_is_the_error_itself(film: Path) -> None:
    class Broken(Deaf):
        async def transcribe(self, path: Path, *, on_progress: object = None) -> Transcript:
            raise MediaPosterError("the speech model broke")

    with pytest.raises(MediaPosterError, match="the speech model broke"):
        await analyze(film, facts_of(film), transcriber=Broken())


async def test_a_file_cut_short_is_an_error_with_a_fix(film: Path, tmp_path: Path) -> None:
    facts = facts_of(film)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(film.read_bytes()[: film.stat().st_size // 3])
    with pytest.raises(MediaPosterError) as caught:
        await analyze(broken, facts)
    assert caught.value.fix


async def test_works_in_a_folder_with_an_odd_name(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = tmp_path / "it's [odd], 50%: a;b\\c"
    odd.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(odd))
    assert len((await analyze(film, facts_of(film))).scenes) == 3
    assert list(odd.iterdir()) == []


def test_a_path_is_quoted_twice_for_a_filter_graph() -> None:
    assert filter_value(Path("/a'b:c,d")) == "/a\\\\\\'b\\\\:c\\,d"


@pytest.mark.feature("GAP-010")
async def test_hears_a_spoken_film(films: Path, film: Path, tmp_path: Path) -> None:
    spoken = speak(SENTENCES[0], tmp_path / "spoken.wav")
    file = films / "spoken.mp4"
    ffmpeg("-i", str(film), "-i", str(spoken), "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-shortest", str(file))
    analysis = await analyze(file, facts_of(file), transcriber=LocalWhisper(tmp_path))
    assert analysis.transcript is not None
    assert "robot" in " ".join(analysis.topics)
    assert analysis.hook is not None
    assert analysis.hook.words.startswith("Today we are")


def test_a_transcript_knows_its_text() -> None:
    word = HeardWord(text="Hi", start=0, end=1, probability=1)
    said = Transcript(
        language="en",
        segments=(Segment(text="Hi", start=0, end=1), Segment(text="there.", start=1, end=2)),
        words=(word,),
    )
    assert said.text == "Hi there."
