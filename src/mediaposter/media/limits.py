"""How much of a media file from outside is accepted."""

from dataclasses import dataclass
from typing import Self

from mediaposter.core.settings import Settings


@dataclass(frozen=True)
class MediaLimits:
    """The largest input that is taken: bytes, seconds, and pixels of one frame."""

    max_bytes: int = 20 * 1024**3
    max_seconds: float = 4 * 3600
    max_pixels: int = 8192 * 4320

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the limits that the settings name."""
        return cls(settings.media_max_bytes, settings.media_max_seconds, settings.media_max_pixels)
