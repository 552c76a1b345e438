"""One clip from its request: words, voice, timeline, scenes, and one pass of ffmpeg."""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mediaposter.core.settings import Settings
from mediaposter.generation.errors import RequestUnsuitableError
from mediaposter.generation.providers.cards import ass, background, sound
from mediaposter.generation.providers.cards.layouts import paint_scene
from mediaposter.generation.providers.cards.lettering import Fonts, fonts_of
from mediaposter.generation.providers.cards.scenes import (
    LEAD,
    Cue,
    Scene,
    needed_seconds,
    plan,
    reading_cues,
    speech_cues,
)
from mediaposter.generation.providers.cards.stage import LOGO, build_stage, loud_spans, set_stage
from mediaposter.generation.providers.cards.theme import Theme, theme_of
from mediaposter.generation.schemas import CONFIGURED, SILENT, ClipRequest
from mediaposter.generation.script import Beat, spoken_text, write_script
from mediaposter.media import ffmpeg
from mediaposter.models.speech import Speech, Voice
from mediaposter.models.voice import voice

_FASTEST = 1.35  # how much faster the voice may speak to keep to the seconds asked for
_SLACK = 0.03  # seconds
_LIGHTS = "lights.rgb"
Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Draft:
    """What is known of a clip before any picture is made."""

    request: ClipRequest
    beats: tuple[Beat, ...]
    fonts: Fonts
    theme: Theme


def draft(request: ClipRequest) -> Draft:
    """Check everything of a request that can be checked at once. Raises InvalidInputError with the mend."""
    fonts = fonts_of(request.brand.font)
    beats = write_script(request)
    for beat in beats:
        fonts.check(beat.text)
    fonts.check(request.brand.handle or request.brand.name)
    return Draft(request, beats, fonts, theme_of(request.brand, seed=request.seed))


async def render(
    work: Draft,
    into: Path,
    *,
    settings: Settings,
    folder: Path,
    images: Sequence[Path],
    logo: Path | None,
    report: Report,
    on_speech: Callable[[Speech], None] = lambda _: None,
) -> None:
    """Make the clip `into`. `folder` takes scratch files and is the caller's to remove.

    `on_speech` gets each speech as soon as it is there, with its cost.
    """
    request = work.request
    spoken = request.voice != SILENT
    track = folder / "voice.wav"
    report(0.02, "Speaking" if spoken else "Setting the type")
    rows = await _speak(work, track, settings, on_speech) if spoken else _read(work)
    scenes = plan(work.beats, rows, seconds=request.seconds, fps=request.fps, part=request.part, pictures=bool(images))
    total = scenes[-1].end
    await asyncio.to_thread(_write_type, work, scenes, folder)
    if not images:
        await asyncio.to_thread(background.write_lights, request, work.theme, total, folder / _LIGHTS)
    levelled = folder / "sound.wav"
    if spoken:
        report(0.2, "Levelling the sound")
        await sound.level(track, levelled, lead=LEAD, seconds=total)
    report(0.25, "Rendering")
    await ffmpeg.run(
        arguments(work, scenes, into, folder=folder, track=levelled if spoken else None, images=images, logo=logo),
        duration=total,
        on_progress=lambda share: report(0.25 + 0.74 * share, "Rendering"),
        threads=settings.ffmpeg_threads,
    )


def arguments(
    work: Draft,
    scenes: Sequence[Scene],
    into: Path,
    *,
    folder: Path,
    track: Path | None,
    images: Sequence[Path],
    logo: Path | None,
) -> list[str]:
    """Return ffmpeg's arguments. All clips of one size and rate get the same encoding, so they join without another."""
    request = work.request
    total = scenes[-1].end
    ground = (
        background.pictures(request, work.theme, images, scenes, total)
        if images
        else background.lights(request, folder / _LIGHTS)
    )
    ground = background.with_panels(ground, request, work.theme, loud_spans(scenes, total))
    inputs = list(ground.inputs)
    count = inputs.count("-i")
    graph = [ground.graph]
    subtitles, fonts = (ffmpeg.filter_value(str(folder / name)) for name in ("type.ass", "fonts"))
    graph.append(f"[ground]ass=filename={subtitles}:fontsdir={fonts},format=yuv420p[typed]")
    picture = "typed"
    if logo is not None:
        inputs += ffmpeg.input_args(logo)
        scale = request.size[0] / build_stage(request, work.theme, work.fonts, total).canvas.width
        box = LOGO[request.aspect]
        side = max(2, round(box.width * scale / 2) * 2)
        graph.append(
            f"[{count}:v]scale={side}:{side}:force_original_aspect_ratio=decrease,format=rgba,"
            f"pad={side}:{side}:-1:-1:color=black@0[logo]"
        )
        place = f"x={round(box.x * scale)}:y={round(box.y * scale)}"
        graph.append(f"[typed][logo]overlay={place}:eof_action=repeat,format=yuv420p[marked]")
        picture, count = "marked", count + 1
    inputs += ffmpeg.input_args(track) if track else ffmpeg.generated_args(f"anullsrc=r={sound.RATE}:cl=stereo")
    return [
        *inputs,
        "-filter_complex",
        ";".join(graph),
        "-map",
        f"[{picture}]",
        "-map",
        f"{count}:a",
        "-t",
        f"{total:.4f}",
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "19", "-profile:v", "high", "-pix_fmt", "yuv420p"),
        *("-r", str(request.fps), "-g", str(request.fps * 2), "-keyint_min", str(request.fps)),
        *("-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"),
        *("-c:a", "aac", "-b:a", "160k", "-ar", str(sound.RATE), "-ac", "2"),
        *("-video_track_timescale", "90000", "-movflags", "+faststart", "-map_metadata", "-1"),
        *("-fflags", "+bitexact", "-f", "mp4", str(into)),
    ]


async def _speak(
    work: Draft, track: Path, settings: Settings, on_speech: Callable[[Speech], None]
) -> list[tuple[Cue, ...]]:
    """Speak the words, faster when the seconds asked for are few. Raises RequestUnsuitableError when too few."""
    reader = speaker(settings, work.request)
    text = spoken_text(work.beats)
    speech = await reader.speak(text, track)
    on_speech(speech)
    rows = speech_cues(work.beats, speech.words)
    wanted = work.request.seconds
    if wanted is None or needed_seconds(rows, least=True) <= wanted + _SLACK:
        return rows
    needed = needed_seconds(rows, least=True)
    pace = needed / wanted * 1.03
    if pace <= _FASTEST:
        speech = await reader.speak(text, track, speed=pace)
        on_speech(speech)
        rows = speech_cues(work.beats, speech.words)
        if needed_seconds(rows, least=True) <= wanted + 0.2:
            return rows
    raise RequestUnsuitableError(
        f"The words take {needed:.1f} seconds to speak, and the clip is to last {wanted:g}.",
        fix=f"Ask for {needed + 0.5:.0f} seconds, shorten the text, or leave seconds out.",
    )


def speaker(settings: Settings, request: ClipRequest) -> Voice:
    """Return who speaks `request`. Raises NotConfiguredError, ModelIdError and ModelRetiredError."""
    return voice(settings, "" if request.voice == CONFIGURED else request.voice)


def _read(work: Draft) -> list[tuple[Cue, ...]]:
    return reading_cues(work.beats, work.request.seconds)


def _write_type(work: Draft, scenes: Sequence[Scene], folder: Path) -> None:
    stage = build_stage(work.request, work.theme, work.fonts, scenes[-1].end)
    set_stage(stage, scenes)
    for scene in scenes:
        paint_scene(stage, scene)
    (folder / "type.ass").write_text(stage.canvas.document(), encoding="utf-8")
    ass.copy_fonts(work.fonts.files(), folder / "fonts")


def clear(folder: Path) -> None:
    """Take a scratch folder away."""
    shutil.rmtree(folder, ignore_errors=True)
