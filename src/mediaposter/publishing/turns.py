"""What comes next for a publication: the small value that one durable step hands to the next."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from mediaposter.publishing.outcomes import Outcome


class Move(StrEnum):
    """The next thing to do for a publication."""

    PREPARE = "prepare"
    COMMIT = "commit"
    CONFIRM = "confirm"
    SETTLE = "settle"
    STOP = "stop"


class Turn(BaseModel):
    """The next move, for which attempt, after how many seconds. `prepared` is what `commit` needs."""

    model_config = ConfigDict(frozen=True)

    move: Move
    outcome: Outcome
    attempt: int
    wait: float = 0.0
    prepared: dict[str, Any] = Field(default_factory=dict)


_AFTER = {
    Outcome.PLANNED: Move.PREPARE,
    Outcome.ARMED: Move.STOP,
    Outcome.SENT: Move.CONFIRM,
    Outcome.UNKNOWN: Move.SETTLE,
}


def turn_after(outcome: Outcome, attempt: int, *, wait: float = 0.0) -> Turn:
    """Return the move that an outcome asks for. An armed one is somebody else's call under way."""
    return Turn(move=_AFTER.get(outcome, Move.STOP), outcome=outcome, attempt=attempt, wait=wait)


def stop(outcome: Outcome, attempt: int) -> Turn:
    """Return the turn that ends the workflow here; a timeline row, a person or nothing goes on."""
    return Turn(move=Move.STOP, outcome=outcome, attempt=attempt)
