"""Server-sent events as values: the lines of a stream in, what happened out."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from pydantic import BaseModel


class Happened(BaseModel):
    """Something that happened. `sequence` is the place to go on from after a break."""

    sequence: str
    id: str
    topic: str
    subject: str
    data: dict[str, Any]
    created_at: datetime


class Lines:
    """Gathers the lines of a stream into events (WHATWG, server-sent events). Comments and names are passed over."""

    def __init__(self) -> None:
        self._data: list[str] = []
        self._id = "0"

    def feed(self, line: str) -> Happened | None:
        """Take one line without its end; return the event that it completes."""
        if line:
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "data":
                self._data.append(value)
            elif field == "id":
                self._id = value
            return None
        if not self._data:
            return None
        body = json.loads("\n".join(self._data))
        self._data = []
        return Happened(sequence=self._id, **body)


def read(lines: Iterable[str]) -> Iterator[Happened]:
    """Yield the events of a whole stream of lines."""
    gathered = Lines()
    for line in lines:
        if (event := gathered.feed(line)) is not None:
            yield event
