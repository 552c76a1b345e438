"""Files within limits: the file itself where it fits, else a rendition made by the plan of `fitting`."""

import asyncio
import contextlib
import functools
import os
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from weakref import WeakKeyDictionary

from mediaposter.core.context import Context
from mediaposter.media import ffmpeg, service
from mediaposter.media.canvas import Canvas, Style
from mediaposter.media.errors import FfmpegError, MediaError
from mediaposter.media.facts import MediaFacts, VideoFacts
from mediaposter.media.filters import SDR, resize, tone_map
from mediaposter.media.fitting import Drawing, FileLimits, Fit, What, plan_fit
from mediaposter.media.models import Asset
from mediaposter.media.renditions import Recipe, rendition

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
_TRIES = 4
_FADE = 0.5  # seconds at the end of what is cut
_STILL_SECONDS = 60.0
_BLUR_SHARE = 8
_SEE_THROUGH = {"rgba", "bgra", "argb", "abgr", "ya8", "pal8", "rgba64be", "ya16be"}
_ON_WHITE = "format=rgba,split[over][under];[under]drawbox=t=fill:c=white:replace=1[white];[white][over]overlay"
_SUFFIXES = {"mjpeg": ".jpg", "png": ".png", "webp": ".webp"}
# Quality and scale, best first; the first that is small enough is taken. mjpeg: 2 best to 31; webp: 100 best.
_LADDERS = {
    "mjpeg": ((2, 1.0), (3, 1.0), (5, 1.0), (8, 1.0), (5, 0.8), (5, 0.65), (5, 0.5), (5, 0.4), (8, 0.3), (8, 0.2)),
    "webp": ((95, 1.0), (85, 1.0), (75, 1.0), (60, 1.0), (75, 0.8), (75, 0.6), (75, 0.45), (60, 0.3), (60, 0.2)),
    "png": ((0, 1.0), (0, 0.85), (0, 0.7), (0, 0.55), (0, 0.42), (0, 0.3), (0, 0.2)),
}


async def fitted(ctx: Context, asset: Asset, limits: FileLimits, *, style: Style = "blur", cut: bool = True) -> Asset:
    """Return `asset` if it is within `limits`, else its rendition that is, made when it is not there yet.

    Streams that are within the limits are copied. What was made is probed and planned again: only what needs no change
    any more is returned. Raises MediaError naming what cannot be mended, FfmpegError, DiskFullError.
    """
    plan = functools.partial(plan_fit, limits=limits, style=style, cut=cut)
    fit = plan(asset.media_facts)
    left: Sequence[str] = [f"{one.what} {one.limit}, found {one.found}" for one in fit.obstacles]
    if left:
        raise MediaError(asset.source_uri, f"it cannot be made to fit: {'; '.join(left)}", fix=fit.obstacles[0].fix)
    if fit.fits:
        return asset
    for attempt in range(_TRIES):
        made = await _made(ctx, asset, plan(asset.media_facts, attempt=attempt))
        again = plan(made.media_facts)
        if again.fits:
            return made
        left = [f"{one.what} {one.limit}, made {one.found}" for one in (*again.changes, *again.obstacles)]
        if all(one.what is not What.SIZE for one in (*again.changes, *again.obstacles)):
            break
    fix = "Convert it by hand, or give another file."
    raise MediaError(asset.source_uri, f"it could not be made to fit: {'; '.join(left)}", fix=fix)


async def _made(ctx: Context, asset: Asset, fit: Fit) -> Asset:
    params = {name: value for name, value in asdict(fit).items() if name not in ("changes", "obstacles")}
    recipe = Recipe("fitted", 1, params, suffix=_SUFFIXES.get(fit.container, f".{fit.container}"))
    facts = asset.media_facts

    async def make(into: Path) -> None:
        source = await service.local_path(asset, storage=ctx.storage)
        if facts.kind == "image":
            assert fit.drawing is not None
            await _draw_still(source, facts, fit.drawing, into)
        else:
            async with _turn() if fit.drawing is not None else contextlib.nullcontext():
                await _write_film(source, facts, fit, into, threads=ctx.settings.ffmpeg_threads)

    return await rendition(ctx, recipe, [asset], make)


def _turn() -> asyncio.Semaphore:
    """Return what encodes wait for: one keeps two or three processors busy, and holds much memory."""
    most = max(1, (os.cpu_count() or 1) // 2)
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(most))


async def _write_film(source: Path, facts: MediaFacts, fit: Fit, into: Path, *, threads: int) -> None:
    assert facts.video is not None
    # Where and by whom it was filmed is nobody's business.
    kept = ["-map", "0:v:0", "-map", "0:a:0?", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1"]
    length = fit.seconds or facts.duration
    if fit.drawing is None:
        pictures = ["-c:v", "copy", *(("-tag:v", "hvc1") if facts.video.codec == "hevc" else ())]
    else:
        pictures = _pictures(facts.video, fit.drawing, fit.seconds)
    sound = ["-c:a", "copy"]
    if fit.new_sound:
        fade = ["-af", f"afade={_fade(fit.seconds)}"] if fit.seconds is not None else []
        sound = ["-c:a", "aac", "-b:a", "128k", "-ac", "2", "-ar", "48000", *fade]
    end = ["-t", f"{fit.seconds:.3f}"] if fit.seconds is not None else []
    form = ["-movflags", "+faststart", "-f", fit.container, f"file:{into}"]
    args = [*ffmpeg.input_args(source), *kept, *pictures, *sound, *end, *form]
    await ffmpeg.run(args, duration=length, threads=threads if fit.drawing else 0)


def _pictures(video: VideoFacts, drawing: Drawing, seconds: float | None) -> list[str]:
    canvas = drawing.canvas
    rate = float(Fraction(drawing.fps)) if drawing.fps else video.fps or 30.0
    steps = [
        *((f"fps={drawing.fps}",) if drawing.fps else ()),
        *resize(video, f"{canvas.inner_width}:{canvas.inner_height}", SDR.matrix(canvas.width, canvas.height)),
        *_on_canvas(canvas, drawing.style),
        *((f"fade={_fade(seconds)}",) if seconds is not None else ()),
        "setsar=1",
        SDR.tags,
    ]
    return [
        *("-vf", ",".join(steps)),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-profile:v", "high", "-pix_fmt", "yuv420p"),
        *("-maxrate", str(drawing.bits), "-bufsize", str(drawing.bits)),
        *("-g", str(round(rate * 2)), "-flags", "+cgop"),
    ]


def _fade(seconds: float) -> str:
    length = min(_FADE, seconds / 4)
    return f"t=out:st={seconds - length:.3f}:d={length:.3f}"


def _on_canvas(canvas: Canvas, style: Style) -> list[str]:
    """Return the filters that put the inner picture, which is drawn already, in the middle of the canvas."""
    width, height = canvas.width, canvas.height
    if (canvas.inner_width, canvas.inner_height) == (width, height):
        return []
    if style == "crop":
        return [f"crop={width}:{height}"]
    if style == "black":
        return [f"pad={width}:{height}:(ow-iw)/2:(oh-ih)/2:color=black"]
    # Blurred small and blown up: the eye sees no difference, and it costs a tenth.
    small = f"{max(2, width // _BLUR_SHARE // 2 * 2)}:{max(2, height // _BLUR_SHARE // 2 * 2)}"
    back = f"scale={small}:force_original_aspect_ratio=increase,crop={small},gblur=sigma=4,eq=brightness=-0.08"
    front = f"overlay={(width - canvas.inner_width) // 4 * 2}:{(height - canvas.inner_height) // 4 * 2}:format=auto"
    return [f"split[front][rest];[rest]{back},scale={width}:{height}:flags=bicubic[back];[back][front]{front}"]


async def _draw_still(source: Path, facts: MediaFacts, drawing: Drawing, into: Path) -> None:
    """Write the best still that is small enough: the quality falls first, then the size."""
    ladder = _LADDERS[drawing.codec]
    drawn = await _still(source, facts, drawing, ladder[0])
    if drawing.size_max is not None and len(drawn) > drawing.size_max:
        low, high = 1, len(ladder) - 1  # rungs that may be the first to fit; the last one has to do
        while low < high:
            middle = (low + high) // 2
            one = await _still(source, facts, drawing, ladder[middle])
            if len(one) <= drawing.size_max:
                drawn, high = one, middle
            else:
                low = middle + 1
        if len(drawn) > drawing.size_max:
            drawn = await _still(source, facts, drawing, ladder[low])
    into.write_bytes(drawn)


async def _still(source: Path, facts: MediaFacts, drawing: Drawing, rung: tuple[int, float]) -> bytes:
    assert facts.video is not None
    quality, share = rung
    canvas = _scaled(drawing.canvas, share)
    steps = [
        *(tone_map(facts.video) if facts.video.hdr else ()),
        *((_ON_WHITE,) if _is_see_through(facts.video) else ()),
        f"scale={canvas.inner_width}:{canvas.inner_height}:flags=lanczos",
        "format=gbrp",
        *_on_canvas(canvas, drawing.style),
        "setsar=1",
    ]
    match drawing.codec:
        case "mjpeg":
            output = ["-c:v", "mjpeg", "-q:v", str(quality)]
            steps += ["scale=out_range=pc", "format=yuvj420p"]
        case "webp":
            output = ["-c:v", "libwebp", "-quality", str(quality)]
            steps.append("format=yuv420p")
        case _:
            output = ["-c:v", "png"]
            steps.append("format=rgb24")
    args = ["-map", "0:v:0", "-vf", ",".join(steps), "-map_metadata", "-1", "-frames:v", "1", *output]
    made = await ffmpeg.capture([*ffmpeg.input_args(source), *args, "-f", "image2pipe", "-"], timeout=_STILL_SECONDS)
    if not made.stdout:
        raise FfmpegError("ffmpeg wrote no picture.", stderr=made.stderr)
    return made.stdout


def _scaled(canvas: Canvas, share: float) -> Canvas:
    if share == 1:
        return canvas
    sides = (canvas.width, canvas.height, canvas.inner_width, canvas.inner_height)
    return Canvas(*(max(1, round(side * share)) for side in sides))


def _is_see_through(video: VideoFacts) -> bool:
    return video.pix_fmt in _SEE_THROUGH or video.pix_fmt.startswith(("yuva", "gbrap"))
