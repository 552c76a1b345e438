"""What an analysis says of a master. Times are seconds from its start; loudness after EBU R 128."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from mediaposter.media.facts import MediaFacts
from mediaposter.models.transcription import Transcript

ANALYSIS_VERSION = 1  # raised when the facts or their meaning change: old rows stay readable under their own version


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Scene(_Frozen):
    """A stretch without a cut. `exact` says whether its start is a cut to the frame, or the nearest key frame."""

    start: float
    end: float
    exact: bool = False


class Span(_Frozen):
    """A stretch of time."""

    start: float
    end: float


class Loudness(_Frozen):
    """Integrated loudness in LUFS, range in LU, true peak in dBTP. None where it is too quiet or short to measure."""

    integrated: float | None
    range: float | None
    true_peak: float | None


class Colour(_Frozen):
    """A dominant colour as #rrggbb and its share of the picture over the whole, from 0 to 1."""

    hex: str
    share: float


class HookVerdict(StrEnum):
    """How the opening reads by the rules of `analysis.hook`."""

    STRONG = "strong"
    FAIR = "fair"
    WEAK = "weak"


class Hook(_Frozen):
    """What a viewer gets in the first three seconds, measured, and a verdict in words with the rules behind it.

    `pace` is in words per minute while somebody speaks; `motion` the mean change between neighbouring frames in percent
    of full scale; `loudness` in LUFS. None where it was not or cannot be measured.
    """

    seconds: float
    words: str
    pace: float | None
    speech_starts: float | None
    motion: float | None
    loudness: float | None
    cuts: int
    verdict: HookVerdict
    reasons: tuple[str, ...]


class Analysis(_Frozen):
    """Everything known about a master. `speech_note` says why there is no transcript, empty where there is one."""

    version: int = ANALYSIS_VERSION
    facts: MediaFacts
    scenes: tuple[Scene, ...] = ()
    key_frames: tuple[float, ...] = Field(default=(), description="The clearest key frame of each scene, in order.")
    best_frame: float | None = Field(default=None, description="The clearest of them all: a thumbnail.")
    transcript: Transcript | None = None
    speech_note: str = ""
    loudness: Loudness | None = None
    silences: tuple[Span, ...] = ()
    colours: tuple[Colour, ...] = ()
    hook: Hook | None = None
    topics: tuple[str, ...] = ()


class AnalysisRead(_Frozen):
    """An analysis as the API shows it."""

    asset_id: str
    analysis: Analysis
