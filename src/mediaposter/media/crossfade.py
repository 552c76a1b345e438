"""Parts that flow into each other: every picture is encoded anew."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from mediaposter.media import ffmpeg
from mediaposter.media.conform import Encoding, picture_chain
from mediaposter.media.errors import MediaError
from mediaposter.media.ffmpeg import Progress
from mediaposter.media.plan import Part


def overlap(parts: Sequence[Part], seconds: float, rate: Fraction) -> Fraction:
    """Return the crossfade of `seconds` as whole frames. Raises MediaError naming a part too short for it."""
    exact = max(1, round(seconds * rate)) / rate
    for place, part in enumerate(parts):
        sides = (place > 0) + (place < len(parts) - 1)
        if part.seconds < sides * exact + 1 / rate:
            raise MediaError(
                part.path,
                f"it lasts {float(part.seconds):.2f} s, too short for crossfades of {seconds:g} s",
                fix="Use a shorter crossfade, or none.",
            )
    return exact


async def render(
    parts: Sequence[Part],
    fade: Fraction,
    encoding: Encoding,
    into: Path,
    *,
    threads: int = 0,
    on_progress: Progress | None = None,
) -> None:
    """Write the pictures of the parts, each fading into the next for `fade` seconds, to `into` (MP4, no sound).

    Raises MediaError, FfmpegError.
    """
    total = sum((part.seconds for part in parts), Fraction(0)) - fade * (len(parts) - 1)
    args: list[str] = []
    graph: list[str] = []
    for number, part in enumerate(parts):
        args += ["-an", *ffmpeg.input_args(part.path)]
        chain = picture_chain(part.facts, encoding, part.seconds)
        graph.append(f"[{number}:v:0]{chain},settb=1/{encoding.timescale}[v{number}]")
    shown, begin = "v0", Fraction(0)
    for number, part in enumerate(parts[:-1], start=1):
        begin += part.seconds - fade
        xfade = f"xfade=transition=fade:duration={float(fade):.6f}:offset={float(begin):.6f}"
        graph.append(f"[{shown}][v{number}]{xfade}[x{number}]")
        shown = f"x{number}"
    graph.append(f"[{shown}]trim=end_frame={round(total * encoding.fps)},format=yuv420p[out]")
    output = ["-map", "[out]", *encoding.args, "-map_metadata", "-1", "-f", "mp4", f"file:{into}"]
    await ffmpeg.run(
        [*args, "-filter_complex", ";".join(graph), *output],
        duration=float(total),
        on_progress=on_progress,
        threads=threads,
    )
