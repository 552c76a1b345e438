"""What the site serves of a master: a video that every browser plays, and its poster."""

from pathlib import Path

from mediaposter.core.context import Context
from mediaposter.media import ffmpeg, service, thumbnails
from mediaposter.media.facts import MediaFacts
from mediaposter.media.filters import fit
from mediaposter.media.models import Asset
from mediaposter.media.renditions import Recipe, rendition
from mediaposter.publishing.site.service import POSTER_WIDTH, MadeMedia

_LONGEST_SIDE = 1920  # pixels, of what has to be encoded anyway


async def make_media(ctx: Context, master: Asset, *, thumbnail_at: float | None) -> MadeMedia:
    """Return the video and the poster of a master, made if they are not there yet. Raises MediaError.

    A master that a browser plays as it is, and that lies in our own storage, is served itself.
    """
    video = await _video(ctx, master)
    path = await service.local_path(video, storage=ctx.storage)
    facts = video.media_facts

    async def draw(into: Path) -> None:
        if thumbnail_at is None:
            await thumbnails.best_frame(path, into, width=POSTER_WIDTH, facts=facts)
        else:
            await thumbnails.frame_at(path, thumbnail_at, into, width=POSTER_WIDTH, facts=facts)

    recipe = Recipe("site.poster", 1, {"at": thumbnail_at, "width": POSTER_WIDTH}, suffix=".jpg")
    poster = await rendition(ctx, recipe, [video], draw)
    picture = facts.video
    assert picture is not None
    return MadeMedia(video.id, poster.id, video.size_bytes, facts.duration, picture.width, picture.height)


async def _video(ctx: Context, master: Asset) -> Asset:
    facts = master.media_facts
    if master.storage_key is not None and _plays(facts) and facts.moov_first and not facts.fragmented:
        return master
    source = await service.local_path(master, storage=ctx.storage)

    async def make(into: Path) -> None:
        streams = ["-map", "0:v:0", "-map", "0:a:0?", "-map_metadata", "-1", "-movflags", "+faststart"]
        codecs = ["-c", "copy"] if _plays(facts) else _encoding(facts)
        args = [*ffmpeg.input_args(source), *streams, *codecs, "-f", "mp4", f"file:{into}"]
        await ffmpeg.run(args, duration=facts.duration, threads=ctx.settings.ffmpeg_threads)

    return await rendition(ctx, Recipe("site.video", 1), [master], make)


def _plays(facts: MediaFacts) -> bool:
    """Say whether every browser plays these streams as they are."""
    video = facts.video
    if video is None or video.codec != "h264" or video.pix_fmt not in ("yuv420p", "yuvj420p") or video.rotation:
        return False
    return "mp4" in facts.container.split(",") and (facts.audio is None or facts.audio.codec == "aac")


def _encoding(facts: MediaFacts) -> list[str]:
    video = facts.video
    assert video is not None
    share = min(1.0, _LONGEST_SIDE / max(video.width, video.height))
    width, height = (max(2, round(side * share / 2) * 2) for side in (video.width, video.height))
    picture = ["-vf", ",".join(fit(video, width, height)), "-c:v", "libx264", "-preset", "medium", "-crf", "20"]
    return [*picture, "-profile:v", "high", "-c:a", "aac", "-b:a", "160k", "-ac", "2", "-ar", "48000"]
