"""Files made to fit: what is planned, and what ffmpeg makes of it."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from mediaposter.core.context import Context
from mediaposter.media import service
from mediaposter.media.canvas import Bounds, NoCanvasError, canvas_of
from mediaposter.media.errors import MediaError
from mediaposter.media.facts import MediaFacts
from mediaposter.media.fitted import fitted
from mediaposter.media.fitting import FileLimits, What, plan_fit
from mediaposter.media.limits import MediaLimits
from mediaposter.media.models import Asset
from mediaposter.media.probe import probe
from tests.media.conftest import Clip, run_ffmpeg
from tests.media.look import colour_at, decodes_cleanly, levels_at, name_of

pytestmark = pytest.mark.feature("BLOT-001")
USUAL = FileLimits(codecs=("h264",), containers=("mp4",), audio_codecs=("aac",), moov_first=True)
FAST = ("-movflags", "+faststart")


def facts_of(path: Path) -> MediaFacts:
    return probe(path, MediaLimits())


@pytest.fixture
async def asset(ctx: Context, clip: Clip) -> Asset:
    """One second of 180x320 that plays everywhere."""
    return await known(ctx, clip("fits.mp4", extra=FAST))


async def known(ctx: Context, path: Path) -> Asset:
    async with ctx.database.session() as session:
        return await service.register(session, str(path), storage=ctx.storage)


async def made(ctx: Context, asset: Asset, limits: FileLimits, **how: object) -> tuple[Path, MediaFacts]:
    """What `fitted` gives: it was made anew, and is within the limits."""
    result = await fitted(ctx, asset, limits, **how)  # type: ignore[arg-type]
    assert result.id != asset.id
    path = await service.local_path(result, storage=ctx.storage)
    facts = facts_of(path)
    assert plan_fit(facts, limits).fits
    assert facts.kind == "image" or decodes_cleanly(path) == ""
    return path, facts


@pytest.mark.parametrize("size", [(1080, 1920), (1920, 1080), (720, 721), (333, 777)])
@pytest.mark.parametrize("style", ["blur", "black", "crop"])
def test_a_canvas_is_within_its_bounds_and_never_larger_than_the_picture(size: tuple[int, int], style: str) -> None:
    for low, high, wide in itertools.product((None, 0.5625, 0.8, 1.0), (1.0, 1.91, None), (None, 640)):
        bounds = Bounds(width_max=wide, ratio_min=low, ratio_max=high)
        canvas = canvas_of(*size, bounds, style)  # type: ignore[arg-type]
        assert bounds.take(canvas.width, canvas.height)
        assert canvas.width % 2 == canvas.height % 2 == 0
        assert canvas.width * canvas.height <= size[0] * size[1] * 1.02


def test_bars_keep_the_whole_picture_and_its_shape() -> None:
    canvas = canvas_of(1920, 1080, Bounds(ratio_min=9 / 16, ratio_max=9 / 16), "blur")
    assert (canvas.width, canvas.height, canvas.inner_width, canvas.inner_height) == (1080, 1920, 1080, 608)


def test_a_crop_fills_the_canvas() -> None:
    canvas = canvas_of(1920, 1080, Bounds(ratio_max=1.0), "crop")
    assert (canvas.width, canvas.height, canvas.inner_height) == (1080, 1080, 1080)


def test_a_little_blowing_up_is_done_and_much_is_not() -> None:
    assert canvas_of(200, 400, Bounds(width_min=320), "blur").width == 320
    with pytest.raises(NoCanvasError):
        canvas_of(100, 200, Bounds(width_min=320), "blur")


def test_limits_that_do_not_bind_lead_to_the_same_file(clip: Clip) -> None:
    facts = facts_of(clip("fits.mp4", extra=FAST))
    shape = replace(USUAL, bounds=Bounds(ratio_min=1.0))
    one, other = (
        plan_fit(facts, replace(shape, size_max=size, bit_rate_max=bits, duration_max=seconds))
        for size, bits, seconds in ((100_000_000, 30_000_000, 60), (4_000_000_000, None, 900))
    )
    assert one == other


@pytest.mark.parametrize(
    ("fps", "least", "most", "becomes"),
    [(60, 0, 30, "30"), (15, 23, 60, "30"), (50, 20, 30, "25"), (30.02, 0, 30, None)],
)
def test_a_rate_changes_by_even_steps(clip: Clip, fps: float, least: float, most: float, becomes: str | None) -> None:
    facts = facts_of(clip("fits.mp4", extra=FAST))
    assert facts.video is not None
    facts = facts.model_copy(update={"video": facts.video.model_copy(update={"fps": fps})})
    fit = plan_fit(facts, replace(USUAL, fps_min=least, fps_max=most))
    assert (fit.drawing.fps if fit.drawing else None) == becomes


async def test_a_file_that_fits_is_given_as_it_is(ctx: Context, asset: Asset) -> None:
    assert (await fitted(ctx, asset, USUAL)).id == asset.id
    assert not (ctx.storage.folder / "renditions").exists()


async def test_an_index_at_the_end_moves_and_nothing_is_encoded(ctx: Context, clip: Clip) -> None:
    source = await known(ctx, clip())
    _, facts = await made(ctx, source, USUAL)
    assert facts.moov_first
    assert facts.video == source.media_facts.video


async def test_a_matroska_becomes_an_mp4_by_copying(ctx: Context, clip: Clip) -> None:
    source = await known(ctx, clip("same.mkv"))
    fit = plan_fit(source.media_facts, USUAL)
    assert (fit.drawing, fit.new_sound) == (None, False)
    _, facts = await made(ctx, source, USUAL)
    assert "mp4" in facts.container


async def test_sound_alone_is_encoded_where_only_it_is_wrong(ctx: Context, clip: Clip) -> None:
    source = await known(ctx, clip("pcm.mov", audio=("-c:a", "pcm_s16le", "-ar", "48000", "-ac", "1")))
    assert plan_fit(source.media_facts, USUAL).drawing is None
    path, facts = await made(ctx, source, USUAL)
    assert facts.audio
    assert facts.audio.codec == "aac"
    assert levels_at(path, 0.2, 0.8) > 0.05


async def test_another_codec_and_ten_bits_become_plain_h264(ctx: Context, clip: Clip) -> None:
    codec = ("-c:v", "libx265", "-x265-params", "log-level=error", "-pix_fmt", "yuv420p10le", "-preset", "ultrafast")
    _, facts = await made(ctx, await known(ctx, clip("ten.mp4", codec=codec)), USUAL)
    assert facts.video
    assert (facts.video.codec, facts.video.pix_fmt, facts.video.profile) == ("h264", "yuv420p", "High")


async def test_hdr_becomes_sdr_of_the_same_colour(ctx: Context, clip: Clip) -> None:
    colours = "hdr-opt=1:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:log-level=error"
    codec = ("-c:v", "libx265", "-x265-params", colours, "-pix_fmt", "yuv420p10le", "-preset", "ultrafast")
    source = await known(ctx, clip("hdr.mp4", color="green", codec=codec))
    path, facts = await made(ctx, source, USUAL)
    assert facts.video
    assert (facts.video.hdr, facts.video.color_transfer) == (False, "bt709")
    assert name_of(colour_at(path, 0.5)) == "green"


async def test_a_turned_video_is_turned_in_the_file(ctx: Context, clip: Clip, tmp_path: Path) -> None:
    turned = tmp_path / "turned.mp4"
    run_ffmpeg("-display_rotation", "90", "-i", clip("fits.mp4", extra=FAST), "-c", "copy", turned)
    source = await known(ctx, turned)
    _, facts = await made(ctx, source, USUAL)
    assert facts.video
    assert (facts.video.rotation, facts.video.coded_width, facts.video.coded_height) == (0, 320, 180)


@pytest.mark.parametrize(("style", "edge"), [("black", "black"), ("blur", "green")])
async def test_bars_are_black_or_the_picture_itself(ctx: Context, clip: Clip, style: str, edge: str) -> None:
    source = await known(ctx, clip("green.mp4", color="green", extra=FAST))
    path, facts = await made(ctx, source, replace(USUAL, bounds=Bounds(ratio_min=1.0)), style=style)
    assert facts.video
    assert facts.video.width == facts.video.height
    side = path.with_name("side.mp4")
    run_ffmpeg("-i", path, "-vf", "crop=20:ih:4:0", side)
    assert name_of(colour_at(side, 0.5)) == edge
    assert name_of(colour_at(path, 0.5)) == "green"


async def test_a_long_video_ends_at_the_limit_with_a_fade(ctx: Context, clip: Clip) -> None:
    source = await known(ctx, clip("white.mp4", color="white", seconds=2.0, extra=FAST))
    path, facts = await made(ctx, source, replace(USUAL, duration_max=1.0))
    assert 0.8 < facts.duration <= 1.0
    assert [name_of(colour_at(path, at)) for at in (0.3, 0.86)] == ["white", "black"]
    assert levels_at(path, 0.85, 0.95) < levels_at(path, 0.2, 0.5) / 3


async def test_a_cap_of_bytes_is_kept(ctx: Context, clip: Clip) -> None:
    noisy = clip("noise.mp4", picture="noise=alls=80:allf=t", size="360x640", seconds=2.0, extra=FAST)
    source = await known(ctx, noisy)
    _, facts = await made(ctx, source, replace(USUAL, size_max=200_000))
    assert 100_000 < facts.size_bytes <= 200_000


async def test_a_cap_that_leaves_nothing_to_see_is_refused_with_a_length(ctx: Context, clip: Clip) -> None:
    source = await known(ctx, clip("fits.mp4", extra=FAST))
    with pytest.raises(MediaError) as refusal:
        await fitted(ctx, source, replace(USUAL, size_max=5000))
    assert "Cut it to" in refusal.value.fix


async def test_places_and_names_that_a_camera_wrote_do_not_go_out(ctx: Context, clip: Clip) -> None:
    source = await known(ctx, clip("told.mp4", extra=("-metadata", "location=+52.5+013.4/", "-metadata", "artist=Ann")))
    path, _ = await made(ctx, source, USUAL)
    assert b"+52.5" not in path.read_bytes()


async def test_what_was_made_once_is_found_again(ctx: Context, asset: Asset) -> None:
    shape = replace(USUAL, bounds=Bounds(ratio_min=1.0))
    first = await fitted(ctx, asset, shape)
    assert (await fitted(ctx, asset, replace(shape, size_max=1_000_000_000))).id == first.id


@pytest.fixture
def drawing(tmp_path: Path) -> Path:
    """A picture of noise, 400x600, which no codec makes small."""
    path = tmp_path / "noise.png"
    run_ffmpeg("-f", "lavfi", "-i", "color=c=green:s=400x600,noise=alls=60", "-frames:v", "1", path)
    return path


async def test_a_picture_gets_the_best_quality_that_is_small_enough(ctx: Context, drawing: Path) -> None:
    source = await known(ctx, drawing)
    _, free = await made(ctx, source, FileLimits(codecs=("mjpeg",)))
    limits = FileLimits(codecs=("mjpeg", "png"), size_max=free.size_bytes // 2)
    _, facts = await made(ctx, source, limits)
    assert facts.video
    assert free.size_bytes // 5 < facts.size_bytes <= free.size_bytes // 2
    assert (facts.video.codec, facts.video.width) == ("mjpeg", 400)


async def test_a_picture_that_quality_alone_cannot_mend_is_scaled(ctx: Context, drawing: Path) -> None:
    _, facts = await made(ctx, await known(ctx, drawing), FileLimits(codecs=("mjpeg",), size_max=12_000))
    assert facts.video
    assert facts.video.width < 400


async def test_a_see_through_picture_stands_on_white(ctx: Context, tmp_path: Path) -> None:
    clear = tmp_path / "clear.png"
    run_ffmpeg("-f", "lavfi", "-i", "color=c=black@0.0:s=64x64,format=rgba", "-frames:v", "1", clear)
    path, _ = await made(ctx, await known(ctx, clear), FileLimits(codecs=("mjpeg",)))
    assert name_of(colour_at(path, 0)) == "white"


async def test_a_picture_of_the_wrong_shape_gets_bars(ctx: Context, drawing: Path) -> None:
    limits = FileLimits(codecs=("png",), bounds=Bounds(ratio_min=1.0, ratio_max=1.91))
    path, facts = await made(ctx, await known(ctx, drawing), limits)
    assert facts.video
    assert facts.video.width == facts.video.height
    assert name_of(colour_at(path, 0)) == "green"


def test_what_cannot_be_made_is_said(clip: Clip) -> None:
    facts = facts_of(clip("fits.mp4", extra=FAST))
    fit = plan_fit(facts, FileLimits(codecs=("vp9",), containers=("webm",)))
    assert {one.what for one in fit.obstacles} == {What.VIDEO_CODEC, What.CONTAINER}
