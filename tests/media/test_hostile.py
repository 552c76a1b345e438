"""Files that are broken, strange or meant to harm: each gives the right facts or a clear error; none opens another."""

import contextlib
import itertools
import os
import random
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from mediaposter.media import ffmpeg, thumbnails
from mediaposter.media.errors import FfmpegError, MediaError, MediaLimitError, MediaMissingError
from mediaposter.media.facts import MediaFacts, VideoFacts
from mediaposter.media.limits import MediaLimits
from mediaposter.media.probe import probe
from mediaposter.media.stitch import StitchTarget, stitch
from tests.media.conftest import Bait, Clip, run_ffmpeg
from tests.media.look import colour_at, decodes_cleanly, name_of, picture_times

pytestmark = pytest.mark.feature("ARCH-002")
TARGET = StitchTarget(180, 320, 30, loudness=None)


def facts_of(path: Path) -> MediaFacts:
    return probe(path, MediaLimits())


def picture_of(path: Path) -> VideoFacts:
    video = facts_of(path).video
    assert video is not None
    return video


def with_bytes(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


# Broken


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"empty\.mp4: the file is empty"):
        facts_of(with_bytes(tmp_path / "empty.mp4", b""))


def test_a_missing_file_is_told() -> None:
    with pytest.raises(MediaMissingError, match=r"nowhere\.mp4"):
        facts_of(Path("nowhere.mp4"))


def test_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(MediaMissingError, match="folder"):
        facts_of(tmp_path)


def test_what_is_no_regular_file_is_told(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    for endless in (pipe, Path("/dev/zero")):
        with pytest.raises(MediaMissingError, match="not a regular file"):
            facts_of(endless)


@contextlib.contextmanager
def not_as_root() -> Iterator[None]:
    """Root may read everything, so it becomes somebody else for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_may_not_be_read_is_told(clip: Clip, home: Path) -> None:
    path = Path(shutil.copy(clip(), home / "closed.mp4"))
    facts_of(path)
    path.chmod(0)
    with not_as_root(), pytest.raises(MediaMissingError, match=r"closed\.mp4"):
        facts_of(path)


def truncated(name: str, share: float, clip: Clip, tmp_path: Path) -> Path:
    """Return the first `share` of a file of three seconds."""
    vp8 = ("-c:v", "libvpx", "-deadline", "realtime")
    movflags = {"fast.mp4": "+faststart", "fragmented.mp4": "+frag_keyframe+empty_moov"}.get(name)
    whole = clip(
        name,
        seconds=3,
        **({"codec": vp8, "audio": ("-c:a", "libopus")} if name.endswith("webm") else {}),
        extra=("-movflags", movflags) if movflags else (),
    )
    data = whole.read_bytes()
    return with_bytes(tmp_path / name, data[: int(len(data) * share)])


STREAMED = ["cut.mkv", "cut.webm"]  # these can be read from the front, as far as they go
INDEXED = ["late-index.mp4", "fast.mp4", "fragmented.mp4", "cut.avi"]


@pytest.mark.parametrize(
    ("name", "share"),
    [*itertools.product([*STREAMED, *INDEXED], [0.05, 0.5]), *((name, 0.99) for name in INDEXED)],
)
def test_a_truncated_file_is_told(name: str, share: float, clip: Clip, tmp_path: Path) -> None:
    cut = truncated(name, share, clip, tmp_path)

    with pytest.raises(MediaError, match=name) as caught:
        facts_of(cut)

    assert caught.value.fix


@pytest.mark.parametrize("name", STREAMED)
def test_a_file_that_lacks_less_than_a_second_plays(name: str, clip: Clip, tmp_path: Path) -> None:
    assert facts_of(truncated(name, 0.99, clip, tmp_path)).duration == pytest.approx(3, abs=0.2)


@pytest.mark.parametrize("seed", range(12))
def test_garbled_files_give_facts_or_a_media_error(seed: int, clip: Clip, tmp_path: Path) -> None:
    dice = random.Random(seed)
    data = bytearray(clip(["plain.mp4", "cut.mkv", "cut.avi"][seed % 3], seconds=1).read_bytes())
    for _ in range(60):
        data[dice.randrange(len(data) if seed % 2 else 2000)] = dice.randrange(256)
    path = with_bytes(tmp_path / "garbled.bin", bytes(data))

    with contextlib.suppress(MediaError):
        assert facts_of(path).duration >= 0


def test_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="a text file"):
        facts_of(with_bytes(tmp_path / "notes.mp4", b"Dear diary,\nno video today.\n"))


def test_unknown_bytes_are_told(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no media format"):
        facts_of(with_bytes(tmp_path / "noise.mp4", bytes(range(256)) * 20))


async def test_a_broken_part_is_named(clip: Clip, tmp_path: Path) -> None:
    whole = clip()
    broken = with_bytes(tmp_path / "second.mp4", whole.read_bytes()[:5000])

    with pytest.raises(MediaError, match=r"second\.mp4.*cut off"):
        await stitch([whole, broken], tmp_path / "out.mp4", target=TARGET)

    assert not (tmp_path / "out.mp4").exists()


# Strange


@pytest.mark.parametrize("name", ["video.txt", "video.jpg", "video.m3u8", "video"])
def test_a_wrong_extension_does_not_matter(name: str, clip: Clip, tmp_path: Path) -> None:
    assert facts_of(Path(shutil.copy(clip(), tmp_path / name))).kind == "video"


def claiming(source: Path, into: Path, seconds: int) -> Path:
    """A copy of an MP4 whose headers claim another duration."""
    data = bytearray(source.read_bytes())
    for kind, scale_at, length_at in ((b"mvhd", 16, 20), (b"mdhd", 16, 20)):
        place = data.find(kind)
        while place >= 0:
            (scale,) = struct.unpack_from(">I", data, place + scale_at)
            struct.pack_into(">I", data, place + length_at, min(scale * seconds, 0xFFFFFFFF))
            place = data.find(kind, place + 4)
    place = data.find(b"elst")
    while place >= 0:
        struct.pack_into(">I", data, place + 12, seconds * 1000)
        place = data.find(b"elst", place + 4)
    return with_bytes(into, bytes(data))


def test_ten_hours_are_over_the_limit(media_folder: Path) -> None:
    path = media_folder / "ten-hours.mp4"
    still = ("-c:v", "libx264", "-preset", "ultrafast", "-tune", "stillimage", "-g", "9999")
    run_ffmpeg("-f", "lavfi", "-i", "color=c=black:s=16x16:r=1/60:d=36000", *still, path)

    with pytest.raises(MediaLimitError, match="10:00:00 long") as caught:
        facts_of(path)

    assert "MEDIAPOSTER_MEDIA_MAX_SECONDS" in caught.value.fix


def test_a_header_that_claims_ten_hours_is_not_believed(clip: Clip, tmp_path: Path) -> None:
    claims = claiming(clip(), tmp_path / "claims.mp4", 36000)

    assert facts_of(claims).duration == pytest.approx(1.0, abs=0.05)


def test_pictures_stretched_over_ten_hours_are_over_the_limit(clip: Clip, tmp_path: Path) -> None:
    data = bytearray(clip("mute.mp4", color="green", sound=False).read_bytes())
    place = data.index(b"stts")
    struct.pack_into(">I", data, place + 16, struct.unpack_from(">I", data, place + 16)[0] * 36000)

    with pytest.raises(MediaLimitError, match=r"stretched\.mp4.*10:00:00 long"):
        facts_of(claiming(with_bytes(tmp_path / "draft.mp4", bytes(data)), tmp_path / "stretched.mp4", 36000))


def test_eight_k_gives_its_facts(media_folder: Path) -> None:
    path = media_folder / "8k.mp4"
    run_ffmpeg("-f", "lavfi", "-i", "color=c=red:s=7680x4320:r=1:d=1", "-c:v", "libx264", "-preset", "ultrafast", path)

    assert (picture_of(path).width, picture_of(path).height) == (7680, 4320)


def test_more_pixels_than_the_limit_are_refused(clip: Clip) -> None:
    with pytest.raises(MediaLimitError, match="180x320"):
        probe(clip(), MediaLimits(max_pixels=180 * 319))


async def test_a_variable_frame_rate_becomes_constant(media_folder: Path, tmp_path: Path) -> None:
    path = media_folder / "variable.mp4"
    times = "setpts='if(lt(N,15),N/30,0.5+(N-15)/10)/TB'"
    run_ffmpeg("-f", "lavfi", "-i", f"testsrc2=s=180x320:r=30:d=1,{times}", "-fps_mode", "vfr", "-c:v", "libx264", path)

    assert picture_of(path).variable_frame_rate

    result = await stitch([path], tmp_path / "out.mp4", target=TARGET)

    assert result.encoded == [0]
    assert picture_times(tmp_path / "out.mp4") == pytest.approx(
        [place / 30 for place in range(round(facts_of(path).duration * 30))], abs=0.001
    )


@pytest.mark.parametrize("name", ["plain.mp4", "cut.mkv", "cut.avi", "rate.webm"])
def test_a_constant_frame_rate_is_told_as_such(name: str, clip: Clip) -> None:
    vp8 = {"codec": ("-c:v", "libvpx", "-deadline", "realtime"), "audio": ("-c:a", "libopus")}
    video = picture_of(clip(name, seconds=1 if name == "plain.mp4" else 3, **(vp8 if name == "rate.webm" else {})))

    assert (video.variable_frame_rate, round(video.fps, 2)) == (False, 30.0)


def test_no_audio_is_told(clip: Clip) -> None:
    facts = facts_of(clip("mute.mp4", color="green", sound=False))

    assert (facts.kind, facts.audio) == ("video", None)


@pytest.mark.parametrize("name", ["song.m4a", "song.mp3", "song.wav", "song.flac", "song.ogg", "song.aac"])
def test_audio_only_is_told(name: str, media_folder: Path) -> None:
    run_ffmpeg("-f", "lavfi", "-i", "sine=r=44100:d=1", media_folder / name)

    facts = facts_of(media_folder / name)

    assert (facts.kind, facts.video, round(facts.duration)) == ("audio", None, 1)
    assert facts.audio is not None
    assert facts.audio.sample_rate == 44100


def test_sound_with_a_cover_picture_is_sound(media_folder: Path) -> None:
    path = media_folder / "cover.mp3"
    cover = ["-f", "lavfi", "-i", "color=c=red:s=64x64:d=1", "-map", "0:a", "-map", "1:v", "-frames:v", "1"]
    run_ffmpeg("-f", "lavfi", "-i", "sine=d=1", *cover, "-c:v", "mjpeg", "-disposition:v", "attached_pic", path)

    assert facts_of(path).kind == "audio"


@pytest.mark.parametrize("name", ["still.png", "still.jpg", "still.webp", "still.gif", "still.bmp", "still.tiff"])
def test_a_still_picture_is_an_image(name: str, media_folder: Path) -> None:
    run_ffmpeg("-f", "lavfi", "-i", "color=c=red:s=64x48:d=1", "-frames:v", "1", media_folder / name)

    facts = facts_of(media_folder / name)

    assert (facts.kind, facts.duration, facts.video and facts.video.width) == ("image", 0.0, 64)


@pytest.fixture
def rotated(clip: Clip, media_folder: Path) -> Path:
    path = media_folder / "rotated.mp4"
    wide = clip("wide-halves.mp4", size="320x180", color="red", picture="drawbox=w=160:h=180:color=blue:t=fill")
    run_ffmpeg("-display_rotation", "-90", "-i", wide, "-c", "copy", path)
    return path


def test_rotation_is_applied_to_the_size(rotated: Path) -> None:
    video = picture_of(rotated)

    assert (video.width, video.height, video.coded_width, video.rotation) == (180, 320, 320, 90)


async def test_a_rotated_part_stands_upright(rotated: Path, clip: Clip, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    result = await stitch([rotated, clip("green.mp4", color="green")], out, target=TARGET)

    # The blue left half of the coded picture is on top once it is turned clockwise.
    run_ffmpeg("-i", out, "-vf", "crop=180:160:0:0", "-frames:v", "1", tmp_path / "top.png")
    assert (result.encoded, name_of(colour_at(tmp_path / "top.png", 0))) == ([0], "blue")
    assert result.facts.video is not None
    assert result.facts.video.rotation == 0


@pytest.fixture
def hdr(media_folder: Path) -> Path:
    path = media_folder / "hdr.mp4"
    if not path.exists():
        tags = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
        source = f"color=c=0xBBBBBB:s=180x320:r=30:d=1,format=yuv420p10le,{tags}"
        run_ffmpeg(
            "-f", "lavfi", "-i", source, "-c:v", "libx265", "-x265-params", "log-level=0", "-tag:v", "hvc1", path
        )
    return path


def test_hdr_is_told(hdr: Path) -> None:
    video = picture_of(hdr)

    assert (video.hdr, video.pix_fmt, video.color_transfer) == (True, "yuv420p10le", "smpte2084")


async def test_hdr_becomes_sdr(hdr: Path, tmp_path: Path) -> None:
    result = await stitch([hdr], tmp_path / "out.mp4", target=TARGET)

    video = result.facts.video
    assert video is not None
    assert (video.hdr, video.pix_fmt, video.color_transfer, video.color_space) == (False, "yuv420p", "bt709", "bt709")


async def test_odd_sides_become_even(clip: Clip, tmp_path: Path) -> None:
    odd = clip("odd-odd-sides.mp4", size="179x319", color="white", codec=("-c:v", "libx264", "-pix_fmt", "yuv444p"))

    result = await stitch([odd], tmp_path / "out.mp4", target=StitchTarget(179, 319, 30, loudness=None))

    assert result.facts.video is not None
    assert (result.facts.video.width, result.facts.video.height) == (178, 318)


def test_a_name_that_looks_like_an_option_is_a_name(clip: Clip, tmp_path: Path) -> None:
    assert facts_of(Path(shutil.copy(clip(), tmp_path / "-i http:x %03d.mp4"))).kind == "video"


# Meant to harm: files that make a careless player open other files or addresses


def traps(secret: Path, url: str) -> dict[str, bytes]:
    """Files that name `secret` or `url` as their media."""
    return {
        "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n#EXTINF:1,\n{url}\n".encode(),
        "bom.m3u8": f"\ufeff#EXTM3U\n#EXTINF:1,\n{url}\n".encode(),
        "list.ffconcat": f"ffconcat version 1.0\nfile '{secret}'\n".encode(),
        "bare.ffconcat": f"file '{secret}'\nfile '{url}'\n".encode(),
        "session.sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
        "manifest.mpd": (
            '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><BaseURL>'
            f"{url}</BaseURL><Period><AdaptationSet><Representation/></AdaptationSet></Period></MPD>"
        ).encode(),
        "list.pls": f"[playlist]\nFile1={url}\n".encode(),
        "list.asx": f'<asx version="3.0"><entry><ref href="{url}"/></entry></asx>'.encode(),
        "drawing.svg": f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}"/></svg>'.encode(),
        "list.txt": f"{secret}\n{url}\n".encode(),
    }


@pytest.mark.parametrize("renamed", [False, True], ids=["own name", "renamed to mp4"])
@pytest.mark.parametrize("name", sorted(traps(Path("x"), "y")))
async def test_a_file_that_names_others_is_refused(
    name: str, renamed: bool, clip: Clip, tmp_path: Path, bait: Bait
) -> None:
    trap = tmp_path / (f"{name}.mp4" if renamed else name)
    trap.write_bytes(traps(bait.file, f"{bait.url}/secret.mp4")[name])

    with pytest.raises(MediaError, match=trap.name):
        facts_of(trap)
    with pytest.raises(MediaError, match=trap.name):
        await ffmpeg.run(["-i", str(trap), str(tmp_path / "out.mp4")])
    with pytest.raises(MediaError, match=trap.name):
        await thumbnails.frame_at(trap, 0, tmp_path / "out.jpg")

    assert bait.touched == []
    assert not (tmp_path / "out.mp4").exists()


def with_external_media(source: Path, into: Path, url: str) -> Path:
    """A copy of an MP4 whose tracks say that their media lie at `url`."""
    data = source.read_bytes()
    moov = data.index(b"moov") - 4
    assert data.find(b"mdat") < moov, "the index must come last, so that no offset changes"
    entry = b"url " + b"\x00\x00\x00\x00" + url.encode() + b"\x00"
    entry = struct.pack(">I", len(entry) + 4) + entry
    whole = b"\x00\x00\x00\x0curl \x00\x00\x00\x01"

    def rewritten(box: bytes) -> bytes:
        inside, place = b"", 8
        while place < len(box):
            (length,) = struct.unpack_from(">I", box, place)
            child = box[place : place + length]
            if child[4:8] in {b"trak", b"mdia", b"minf", b"dinf"}:
                child = rewritten(child)
            elif child[4:8] == b"dref":
                child = child.replace(whole, entry)
                child = struct.pack(">I", len(child)) + child[4:]
            inside += child
            place += length
        return struct.pack(">I", len(inside) + 8) + box[4:8] + inside

    return with_bytes(into, data[:moov] + rewritten(data[moov:]))


@pytest.mark.parametrize("scheme", ["file", "http"])
def test_an_mp4_whose_media_lie_elsewhere_is_refused(scheme: str, clip: Clip, tmp_path: Path, bait: Bait) -> None:
    url = bait.file.as_uri() if scheme == "file" else f"{bait.url}/secret.mp4"

    with pytest.raises(MediaError, match=r"outside\.mp4: its picture or sound lies in another file"):
        facts_of(with_external_media(clip(), tmp_path / "outside.mp4", url))

    assert bait.touched == []


def test_a_bait_notices_who_touches_it(bait: Bait) -> None:
    bait.file.read_bytes()

    assert bait.touched == ["file"]


async def test_ffmpeg_is_not_let_out_to_the_network(tmp_path: Path, bait: Bait) -> None:
    with pytest.raises(FfmpegError, match="not on whitelist"):
        await ffmpeg.run(["-i", f"{bait.url}/a.mp4", str(tmp_path / "out.mp4")])

    assert bait.touched == []


async def test_a_lavfi_source_beside_a_file_is_still_allowed(clip: Clip, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    await ffmpeg.run(["-i", str(clip()), *ffmpeg.generated_args("sine=d=1"), "-map", "0:v", "-map", "1:a", str(out)])

    assert decodes_cleanly(out) == ""
