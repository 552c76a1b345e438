"""A word and when it is said: what the voice tells of its speech, and what a transcriber hears."""

from pydantic import BaseModel, ConfigDict


class TimedWord(BaseModel):
    """A word as it stands between blanks in the text, with its start and end in seconds."""

    model_config = ConfigDict(frozen=True)

    text: str
    start: float
    end: float


class HeardWord(TimedWord):
    """A word that was recognised, and how sure the model was, from 0 to 1; 0 where it does not tell."""

    probability: float
