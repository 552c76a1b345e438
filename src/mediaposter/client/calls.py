"""A call of the API as a value: what is sent, and how its answer is read. Nothing here reaches the network."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter

from mediaposter.client.errors import ApiError

T = TypeVar("T")
_Plain = str | int | float | bool | None  # as httpx has it


@dataclass(frozen=True)
class Call(Generic[T]):
    """One operation with its arguments. `answers` is the type of the answer: a schema, bytes, or None.

    `values` fill the braces of `path`. A query value or header that is None is not sent.
    """

    method: str
    path: str
    answers: Any
    values: Mapping[str, object] = field(default_factory=dict[str, object])
    query: Mapping[str, object] = field(default_factory=dict[str, object])
    headers: Mapping[str, object] = field(default_factory=dict[str, object])
    body: BaseModel | str | bytes | Iterator[bytes] | None = None
    body_type: str = "application/json"

    def request(self, client: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """Return the request that `client` sends. Of a schema only what was set goes out: a PATCH says no more."""
        content = self.body.model_dump_json(exclude_unset=True) if isinstance(self.body, BaseModel) else self.body
        headers = {name: str(value) for name, value in self.headers.items() if value is not None}
        if content is not None:
            headers["Content-Type"] = self.body_type
        path = self.path.format_map({name: quote(str(value), safe="") for name, value in self.values.items()})
        query: list[tuple[str, _Plain]] = [(name, one) for name, value in self.query.items() for one in _texts(value)]
        return client.build_request(self.method, path, params=query or None, headers=headers, content=content)

    def read(self, response: httpx.Response) -> T:
        """Return the answer. Raises ApiError when the server said why not."""
        if response.is_error:
            raise ApiError.of(response)
        if self.answers is None:
            return None  # type: ignore[return-value]
        if self.answers is bytes:
            return response.content  # type: ignore[return-value]
        return _adapter(self.answers).validate_json(response.content)


def _texts(value: object) -> list[str]:
    if value is None:
        return []
    if isinstance(value, list | tuple | set | frozenset):
        return [text for one in value for text in _texts(one)]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, Enum):
        return [str(value.value)]
    if isinstance(value, datetime | date):
        return [value.isoformat()]
    return [str(value)]


@lru_cache(maxsize=256)
def _adapter(answers: Any) -> TypeAdapter[Any]:
    return TypeAdapter(answers)
