"""What a look at the machine found, part by part."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "off", "broken"]


@dataclass(frozen=True)
class Finding:
    """One part: ok, off (not configured, which may be fine) or broken; what was found; what to do."""

    part: str
    state: State
    found: str
    fix: str = ""
