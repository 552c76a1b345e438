"""Stitching: what matches is copied, what does not is encoded, and the result is what it should be."""

import asyncio
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest

from mediaposter.core.errors import InvalidInputError
from mediaposter.media import check, loudness
from mediaposter.media.errors import DiskFullError, MediaError, MediaMissingError, StitchError
from mediaposter.media.facts import MediaFacts
from mediaposter.media.limits import MediaLimits
from mediaposter.media.probe import probe
from mediaposter.media.stitch import StitchResult, StitchTarget, stitch
from tests.media.conftest import Clip, run_ffmpeg
from tests.media.look import colour_at, decodes_cleanly, levels_at, name_of, picture_times

pytestmark = pytest.mark.feature("ARCH-002")

TARGET = StitchTarget(180, 320, 30.0, loudness=None)
HIGH = ("-c:v", "libx264", "-preset", "veryfast", "-g", "30", "-pix_fmt", "yuv420p")


async def join(parts: list[Path], into: Path, target: StitchTarget = TARGET) -> StitchResult:
    return await stitch(parts, into, target=target)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "out" / "master.mp4"


@pytest.fixture
def colours(clip: Clip) -> list[Path]:
    """Three matching parts of one second: red, green, blue."""
    return [clip(f"{name}.mp4", color=name, tone=300 * place) for place, name in enumerate(("red", "green", "blue"), 1)]


@pytest.fixture
def high_colours(clip: Clip) -> list[Path]:
    """The same, with B-frames."""
    return [clip(f"high-{name}.mp4", color=name, codec=HIGH) for name in ("red", "green", "blue")]


async def test_matching_parts_are_copied(colours: list[Path], into: Path) -> None:
    result = await join(colours, into)

    assert (result.copied, result.encoded, result.sound_copied) == ([0, 1, 2], [], True)


async def test_parts_keep_their_order(colours: list[Path], into: Path) -> None:
    await join([colours[2], colours[0], colours[1]], into)

    assert [name_of(colour_at(into, second + 0.5)) for second in range(3)] == ["blue", "red", "green"]


async def test_the_cut_falls_on_the_exact_frame(colours: list[Path], into: Path) -> None:
    await join(colours, into)

    frame = 1 / 30
    assert [name_of(colour_at(into, at)) for at in (1 - frame, 1, 2 - frame, 2)] == ["red", "green", "green", "blue"]


async def test_a_joined_file_decodes_without_complaint(high_colours: list[Path], into: Path) -> None:
    await join(high_colours, into)

    assert decodes_cleanly(into) == ""


async def test_pictures_with_b_frames_are_shown_at_even_times(high_colours: list[Path], into: Path) -> None:
    await join(high_colours, into)

    assert picture_times(into) == pytest.approx([place / 30 for place in range(90)], abs=0.001)


async def test_the_result_lasts_as_long_as_its_parts(colours: list[Path], into: Path) -> None:
    result = await join(colours, into)

    assert result.facts.duration == pytest.approx(3.0, abs=1 / 30)


async def test_the_result_can_be_played_while_it_comes(colours: list[Path], into: Path) -> None:
    assert (await join(colours, into)).facts.moov_first is True


async def test_one_part_alone_is_copied(colours: list[Path], into: Path) -> None:
    result = await join(colours[:1], into)

    assert (result.copied, result.facts.duration) == ([0], pytest.approx(1.0, abs=1 / 30))


async def test_the_same_file_may_come_twice(colours: list[Path], into: Path) -> None:
    result = await join([colours[0], colours[0]], into)

    assert result.facts.duration == pytest.approx(2.0, abs=1 / 30)


ODD: dict[str, dict[str, object]] = {
    "smaller": {"size": "90x160"},
    "wider": {"size": "320x180"},
    "odd sides": {"size": "179x319", "codec": ("-c:v", "libx264", "-pix_fmt", "yuv444p")},
    "slower": {"fps": "24"},
    "ntsc": {"fps": "30000/1001"},
    "faster": {"fps": "60"},
    "other profile": {"codec": HIGH},
    "other codec": {"codec": ("-c:v", "libx265", "-x265-params", "log-level=0", "-pix_fmt", "yuv420p")},
    "ten bits": {"codec": ("-c:v", "libx264", "-pix_fmt", "yuv420p10le")},
    "wide pixels": {"picture": "setsar=2/1"},
    "full range": {"codec": ("-c:v", "libx264", "-pix_fmt", "yuvj420p")},
}


@pytest.mark.parametrize("name", ODD)
async def test_an_odd_part_is_encoded_and_the_others_copied(
    name: str, colours: list[Path], clip: Clip, into: Path
) -> None:
    odd = clip(f"odd-{name.replace(' ', '-')}.mp4", color="white", **ODD[name])

    result = await join([colours[0], odd, colours[2]], into)

    assert (result.copied, result.encoded) == ([0, 2], [1])
    assert [name_of(colour_at(into, second + 0.5)) for second in range(3)] == ["red", "white", "blue"]
    assert decodes_cleanly(into) == ""


async def test_an_odd_part_among_b_frames_keeps_every_picture_in_time(
    high_colours: list[Path], clip: Clip, into: Path
) -> None:
    odd = clip("odd-slower.mp4", color="white", fps="24")

    await join([high_colours[0], odd, high_colours[2]], into)

    assert picture_times(into) == pytest.approx([place / 30 for place in range(90)], abs=0.001)


async def test_an_odd_part_may_come_first(colours: list[Path], clip: Clip, into: Path) -> None:
    odd = clip("odd-smaller.mp4", color="white", size="90x160")

    result = await join([odd, *colours[1:]], into)

    assert (result.copied, name_of(colour_at(into, 0.5)), name_of(colour_at(into, 1.5))) == ([1, 2], "white", "green")


async def test_the_majority_that_fits_is_the_reference(
    colours: list[Path], high_colours: list[Path], into: Path
) -> None:
    result = await join([high_colours[0], colours[1], colours[2]], into)

    assert result.copied == [1, 2]


async def test_parts_that_match_each_other_but_not_the_target_are_all_encoded(clip: Clip, into: Path) -> None:
    small = [clip(f"small-{name}.mp4", color=name, size="90x160") for name in ("red", "blue")]

    result = await join(small, into)

    assert (result.encoded, result.facts.video and result.facts.video.height) == ([0, 1], 320)


async def test_bars_keep_the_proportions(colours: list[Path], clip: Clip, into: Path) -> None:
    wide = clip("odd-wider.mp4", color="white", size="320x180")
    await join([colours[0], wide, colours[2]], into)

    with av.open(str(into)) as container:
        frame = next(frame for frame in container.decode(video=0) if frame.time and frame.time >= 1.5)
        column = frame.to_ndarray(format="gray")[:, 90]
    lit = int((column > 128).sum())
    assert lit == pytest.approx(180 * 180 / 320, abs=4)


async def test_a_part_without_sound_gets_silence_and_keeps_its_pictures(
    colours: list[Path], clip: Clip, into: Path
) -> None:
    mute = clip("mute.mp4", color="green", sound=False)

    result = await join([colours[0], mute, colours[2]], into)

    assert (result.copied, result.sound_copied) == ([0, 1, 2], False)
    assert levels_at(into, 1.2, 1.8) < 0.001 < levels_at(into, 0.2, 0.8)


async def test_parts_without_any_sound_get_a_silent_track(clip: Clip, into: Path) -> None:
    mute = [clip(f"mute-{name}.mp4", color=name, sound=False) for name in ("red", "blue")]

    result = await join(mute, into, StitchTarget(180, 320, 30))

    assert result.facts.audio is not None
    assert "silent" in result.notes[0]


@pytest.mark.parametrize(
    "audio",
    [
        ("-c:a", "aac", "-ar", "44100"),
        ("-c:a", "aac", "-ac", "1"),
        ("-c:a", "libmp3lame", "-ar", "48000"),
        ("-c:a", "aac", "-ac", "6"),
    ],
    ids=["44.1 kHz", "mono", "mp3", "5.1"],
)
async def test_other_sound_is_encoded_and_all_pictures_copied(
    audio: tuple[str, ...], colours: list[Path], clip: Clip, into: Path
) -> None:
    other = clip(f"sound-{'-'.join(audio).replace(':', '')}.mp4", color="green", audio=audio)

    result = await join([colours[0], other, colours[2]], into)

    assert (result.copied, result.sound_copied) == ([0, 1, 2], False)
    assert levels_at(into, 1.2, 1.8) > 0.01


async def test_mono_becomes_stereo(clip: Clip, into: Path) -> None:
    mono = clip("sound--c:a-aac--ac-1.mp4".replace(":", ""), color="green", audio=("-c:a", "aac", "-ac", "1"))

    result = await join([mono, mono], into)

    assert result.facts.audio is not None
    assert (result.facts.audio.channels, result.copied) == (2, [0, 1])


async def test_sound_longer_than_its_pictures_holds_the_last_picture(
    clip: Clip, colours: list[Path], into: Path
) -> None:
    long = colours[0].with_name("long-sound.mp4")
    tone = ["-f", "lavfi", "-i", "sine=f=500:r=48000:d=1.5"]
    run_ffmpeg("-i", colours[0], *tone, "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", "-ac", "2", long)

    result = await join([long, colours[1]], into)

    assert result.facts.duration == pytest.approx(2.5, abs=1 / 30)
    assert name_of(colour_at(into, 1.4)) == "red"


async def test_other_containers_are_taken(clip: Clip, colours: list[Path], into: Path) -> None:
    webm = clip(
        "part.webm", color="white", codec=("-c:v", "libvpx-vp9", "-deadline", "realtime"), audio=("-c:a", "libopus")
    )
    moving = clip("part.mov", color="green")

    result = await join([colours[0], webm, moving], into)

    assert [name_of(colour_at(into, second + 0.5)) for second in range(3)] == ["red", "white", "green"]
    assert result.encoded == [1]


async def test_a_crossfade_mixes_the_pictures(colours: list[Path], into: Path) -> None:
    result = await join(colours, into, StitchTarget(180, 320, 30, crossfade=0.4, loudness=None))

    red, green, _ = colour_at(into, 0.8)
    assert 60 < red < 200
    assert 30 < green < 100
    assert result.facts.duration == pytest.approx(3 - 2 * 0.4, abs=1 / 30)


async def test_a_crossfade_longer_than_a_part_names_the_part(colours: list[Path], into: Path) -> None:
    with pytest.raises(MediaError, match=r"green\.mp4"):
        await join(colours, into, StitchTarget(180, 320, 30, crossfade=0.7))


@pytest.mark.parametrize("volume", [0.02, 0.5])
async def test_sound_is_levelled(volume: float, clip: Clip, into: Path) -> None:
    parts = [clip(f"vol{volume}-{name}.mp4", color=name, volume=volume, seconds=2) for name in ("red", "blue")]

    result = await join(parts, into, StitchTarget(180, 320, 30))

    found = loudness.measure([into])
    assert found.integrated == pytest.approx(-14.0, abs=0.5)
    assert result.copied == [0, 1]


async def test_sound_at_the_target_already_is_copied(clip: Clip, into: Path) -> None:
    parts = [clip(f"vol0.02-{name}.mp4", color=name, volume=0.02, seconds=2) for name in ("red", "blue")]
    found = loudness.measure(parts)
    assert found.integrated is not None

    result = await join(parts, into, StitchTarget(180, 320, 30, loudness=found.integrated + 0.3))

    assert (result.sound_copied, result.gain_db) == (True, 0.0)


async def test_peaks_stay_under_the_limit(media_folder: Path, into: Path) -> None:
    drums = media_folder / "drums.mp4"
    clicks = (
        "aevalsrc='0.02*sin(2*PI*300*t)+0.9*lt(mod(t,0.5),0.004)*sin(2*PI*4000*t)':s=48000:d=2,pan=stereo|c0=c0|c1=c0"
    )
    run_ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=s=180x320:r=30:d=2", "-f", "lavfi", "-i", clicks),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", drums),
    )

    result = await join([drums], into, StitchTarget(180, 320, 30))

    assert result.limited
    assert loudness.measure([into]).true_peak <= -1.0


async def test_a_part_that_is_not_there_is_named(colours: list[Path], into: Path) -> None:
    with pytest.raises(MediaMissingError, match=r"nowhere\.mp4"):
        await join([colours[0], Path("nowhere.mp4")], into)


async def test_a_part_that_is_sound_only_is_named(colours: list[Path], clip: Clip, into: Path, tmp_path: Path) -> None:
    song = tmp_path / "song.m4a"
    run_ffmpeg("-f", "lavfi", "-i", "sine=d=1", song)

    with pytest.raises(MediaError, match=r"song\.m4a.*sound"):
        await join([colours[0], song], into)


async def test_a_part_that_disappears_midway_is_named_and_nothing_left(
    colours: list[Path], clip: Clip, tmp_path: Path, into: Path
) -> None:
    odd = clip("odd-smaller.mp4", color="white", size="90x160")
    last = Path(shutil.copy(colours[2], tmp_path / "last.mp4"))

    def on_progress(_: float) -> None:
        last.unlink(missing_ok=True)

    with pytest.raises(MediaMissingError, match=r"last\.mp4"):
        await stitch([colours[0], odd, last], into, target=TARGET, on_progress=on_progress)

    assert list(into.parent.iterdir()) == []


async def test_progress_rises_to_one(colours: list[Path], clip: Clip, into: Path) -> None:
    odd = clip("odd-smaller.mp4", color="white", size="90x160")
    seen: list[float] = []

    await stitch([colours[0], odd], into, target=StitchTarget(180, 320, 30), on_progress=seen.append)
    await asyncio.sleep(0)

    assert seen == sorted(seen)
    assert seen[-1] == 1.0


async def test_a_cancelled_stitch_leaves_no_file_and_no_process(media_folder: Path, clip: Clip, into: Path) -> None:
    long = clip("long.mp4", size="640x360", seconds=20, codec=("-c:v", "libx264", "-preset", "ultrafast"))
    began = asyncio.Event()
    task = asyncio.create_task(
        stitch([long], into, target=StitchTarget(1080, 1920, 60), on_progress=lambda _: began.set())
    )
    await asyncio.wait_for(began.wait(), 60)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task

    assert list(into.parent.iterdir()) == []
    assert ffmpegs_reading(long) == []


def ffmpegs_reading(path: Path) -> list[str]:
    """Command lines of processes of ours that name `path`."""
    found: list[str] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if "ffmpeg" in line and str(path) in line:
            found.append(line)
    return found


@pytest.mark.parametrize("kind", ["copied", "encoded", "crossfaded"])
async def test_a_full_disk_is_told_and_nothing_left(
    kind: str, colours: list[Path], clip: Clip, into: Path, no_large_files: Callable[[int], None]
) -> None:
    parts = {
        "copied": colours,
        "encoded": [colours[0], clip("odd-smaller.mp4", color="white", size="90x160")],
        "crossfaded": colours,
    }[kind]
    target = StitchTarget(180, 320, 30, crossfade=0.2 if kind == "crossfaded" else 0)
    into.parent.mkdir()
    no_large_files(6000)

    with pytest.raises(DiskFullError, match=str(into.parent)):
        await stitch(parts, into, target=target)

    assert list(into.parent.iterdir()) == []


@pytest.fixture
def no_large_files() -> Iterator[Callable[[int], None]]:
    """Let no file of this process, or of those it starts, grow over a number of bytes: EFBIG stands for ENOSPC."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def limit(size: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_the_check_catches_a_missing_part(colours: list[Path]) -> None:
    with pytest.raises(StitchError, match=r"lasts 1\.0 s instead of 3\.000 s"):
        check.check(colours[0], seconds=3.0, width=180, height=320, fps=30)


def faulty(facts: MediaFacts, **changes: object) -> MediaFacts:
    assert facts.video is not None
    assert facts.audio is not None
    video = facts.video.model_copy(update=changes.get("video"))  # type: ignore[arg-type]
    audio = facts.audio.model_copy(update=changes.get("audio"))  # type: ignore[arg-type]
    return facts.model_copy(update={"video": video, "audio": audio, "moov_first": changes.get("moov_first", True)})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"audio": {"duration": 0.9}}, "100 ms apart"),
        ({"audio": {"start": 0.05, "duration": 0.95}}, "50 ms apart"),
        ({"video": {"pix_fmt": "yuv422p"}}, "pixel format"),
        ({"video": {"codec": "hevc"}}, "codec"),
        ({"audio": {"codec": "mp3"}}, "sound codec"),
        ({"video": {"width": 90}}, "size"),
        ({"moov_first": False}, "index at the front"),
    ],
)
def test_the_check_names_what_is_wrong(changes: dict[str, object], told: str, colours: list[Path]) -> None:
    facts = faulty(probe(colours[0], MediaLimits()), **changes)

    assert any(told in line for line in check.problems(facts, seconds=1.0, width=180, height=320, fps=30))


async def test_what_a_killed_stitch_left_is_removed_by_the_next(colours: list[Path], into: Path) -> None:
    left = into.with_name(f".{into.name}.parts") / "part0.mp4"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")

    await join(colours, into)

    assert list(into.parent.iterdir()) == [into]


async def test_nothing_to_stitch_is_told(into: Path) -> None:
    with pytest.raises(InvalidInputError, match="nothing to stitch"):
        await join([], into)
