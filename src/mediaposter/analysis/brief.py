"""What a copywriter is told: everything known about the master, the account and the offer, as plain data."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from mediaposter.analysis.schemas import Analysis

Orientation = Literal["vertical", "square", "horizontal"]


class CopyBrief(BaseModel):
    """The brief for one account. `position` counts the accounts of one channel from 0: each gets another text."""

    model_config = ConfigDict(frozen=True)

    prompts: tuple[str, ...] = ()
    transcript: str = ""
    language: str = "en"
    topics: tuple[str, ...] = ()
    hook: str = ""
    offer_name: str = ""
    offer_cta: str = ""
    link: str | None = None
    brand_name: str = ""
    brand_voice: str = ""
    channel: str = ""
    account_handle: str = ""
    position: int = Field(default=0, ge=0)
    duration: float = 0.0
    scenes: int = 0
    orientation: Orientation | None = None
    colours: tuple[str, ...] = ()
    key_frames: tuple[float, ...] = ()
    best_frame: float | None = None

    def told(self, analysis: Analysis) -> "CopyBrief":
        """Return this brief with what `analysis` found out about the master."""
        video = analysis.facts.video
        transcript = analysis.transcript
        return self.model_copy(
            update={
                "transcript": transcript.text if transcript else "",
                "language": (transcript.language if transcript else "") or self.language,
                "topics": analysis.topics or self.topics,
                "hook": analysis.hook.words if analysis.hook else "",
                "duration": analysis.facts.duration,
                "scenes": len(analysis.scenes),
                "orientation": _orientation(video.width, video.height) if video else None,
                "colours": tuple(colour.hex for colour in analysis.colours),
                "key_frames": analysis.key_frames,
                "best_frame": analysis.best_frame,
            }
        )


def _orientation(width: int, height: int) -> Orientation:
    if abs(width - height) <= 0.05 * max(width, height):
        return "square"
    return "vertical" if height > width else "horizontal"
