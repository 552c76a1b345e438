"""One sound track out of many: each part's sound at its place, silence where there is none, levelled, as AAC."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from mediaposter.media import ffmpeg
from mediaposter.media.ffmpeg import Progress
from mediaposter.media.loudness import RATE

# The `fast` coder takes half the time of `twoloop`, and at this rate nothing is heard of it.
AAC = ("-c:a", "aac", "-aac_coder", "fast", "-b:a", "192k", "-ar", str(RATE), "-ac", "2")


@dataclass(frozen=True)
class Passage:
    """The sound of one part: its file, or None for silence, and how long it must last."""

    path: Path | None
    seconds: Fraction


async def render(
    passages: Sequence[Passage],
    filters: Sequence[str],
    into: Path,
    *,
    fade: Fraction = Fraction(0),
    on_progress: Progress | None = None,
) -> None:
    """Write the passages one after the other through `filters` to `into` (M4A), each `fade` seconds into the next.

    Raises MediaError, FfmpegError.
    """
    total = float(sum(passage.seconds for passage in passages) - fade * (len(passages) - 1))
    args, graph = _chains(passages)
    joined = "s0"
    if fade:
        for number in range(1, len(passages)):
            graph.append(f"[{joined}][s{number}]acrossfade=d={float(fade):.6f}:c1=qsin:c2=qsin[y{number}]")
            joined = f"y{number}"
    elif len(passages) > 1:
        joined = "all"
        graph.append(f"{''.join(f'[s{n}]' for n in range(len(passages)))}concat=n={len(passages)}:v=0:a=1[all]")
    graph.append(f"[{joined}]{','.join([*filters, f'atrim=end={total:.6f}'])}[out]")
    output = ["-map", "[out]", *AAC, "-f", "ipod", f"file:{into}"]
    await ffmpeg.run([*args, "-filter_complex", ";".join(graph), *output], duration=total, on_progress=on_progress)


def _chains(passages: Sequence[Passage]) -> tuple[list[str], list[str]]:
    """Return input arguments, and a filter chain [s0], [s1] ... for each passage at 48 kHz stereo, exactly as long."""
    args: list[str] = []
    graph: list[str] = []
    place = 0
    for number, passage in enumerate(passages):
        length = f"{float(passage.seconds):.6f}"
        if passage.path is None:
            graph.append(f"anullsrc=r={RATE}:cl=stereo,atrim=end={length},asetpts=N/SR/TB[s{number}]")
            continue
        args += ["-vn", *ffmpeg.input_args(passage.path)]
        # `async` fills gaps in the timestamps and a late beginning with silence, instead of moving what comes after.
        graph.append(
            f"[{place}:a:0]aresample={RATE}:async=1:first_pts=0,aformat=sample_fmts=fltp:channel_layouts=stereo,"
            f"apad=whole_dur={length},atrim=end={length},asetpts=N/SR/TB[s{number}]"
        )
        place += 1
    return args, graph
