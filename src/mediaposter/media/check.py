"""The last look at a stitched file before anybody uses it."""

from pathlib import Path

from mediaposter.media.errors import MediaError, StitchError
from mediaposter.media.facts import MediaFacts
from mediaposter.media.limits import MediaLimits
from mediaposter.media.probe import probe

APART = 0.040  # seconds that picture and sound may end, or begin, apart: what viewers begin to notice
_OURS = MediaLimits(max_bytes=1 << 62, max_seconds=float("inf"), max_pixels=1 << 40)


def check(path: Path, *, seconds: float, width: int, height: int, fps: float) -> MediaFacts:
    """Return the facts of the master at `path`. Raises StitchError naming everything in which it is not as promised.

    It must last `seconds` to within one frame, with picture and sound within 40 ms of each other, be H.264 in yuv420p
    of the given size with AAC sound, and begin with its index, so that browsers play it while it comes.
    """
    try:
        facts = probe(path, _OURS)
    except MediaError as error:
        raise StitchError(f"The joined file cannot be read: {error.problem}.", fix=_FIX) from error
    wrong = problems(facts, seconds=seconds, width=width, height=height, fps=fps)
    if wrong:
        raise StitchError(f"The joined file is not what its parts promise: {'; '.join(wrong)}.", fix=_FIX)
    return facts


def problems(facts: MediaFacts, *, seconds: float, width: int, height: int, fps: float) -> list[str]:
    """Return in what a master with these facts is not as promised, empty when all is well."""
    video, audio = facts.video, facts.audio
    if video is None or audio is None:
        return ["it has no picture" if video is None else "it has no sound"]
    wrong: list[str] = []
    frame = 1 / fps
    for what, length in (("it", facts.duration), ("its picture", video.duration)):
        if length is None or abs(length - seconds) > frame + 0.001:
            wrong.append(f"{what} lasts {length} s instead of {seconds:.3f} s")
    apart = abs((audio.start + (audio.duration or 0)) - (video.start + (video.duration or 0)))
    if apart > APART or abs(audio.start - video.start) > APART:
        wrong.append(f"picture and sound are {max(apart, abs(audio.start - video.start)) * 1000:.0f} ms apart")
    for what, found, wanted in (
        ("codec", video.codec, "h264"),
        ("pixel format", video.pix_fmt, "yuv420p"),
        ("size", (video.width, video.height), (width, height)),
        ("sound codec", audio.codec, "aac"),
        ("index at the front", facts.moov_first, True),
    ):
        if found != wanted:
            wrong.append(f"its {what} is {found} instead of {wanted}")
    return wrong


_FIX = "Try again; if it stays, look at each part with `mediaposter doctor` and in a player."
