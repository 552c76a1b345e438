"""Write the operations of the Python client from the app's routes: `mediaposter/client/operations/`.

One function per operation, in a module per room, with the arguments, defaults and answers of the route. Left out:
streams, uploads and what only a browser asks; `mediaposter.client.clients` has the first two by hand.
"""

import inspect
import keyword
import re
import subprocess
import sys
import textwrap
import types
import typing
from collections import defaultdict
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Body, Header, Query
from fastapi.params import Path as PathParam
from fastapi.routing import APIRoute
from pydantic_core import PydanticUndefined
from sse_starlette import EventSourceResponse
from starlette.responses import Response

from mediaposter.app import build_app

FOLDER = Path(__file__).parent.parent / "src" / "mediaposter" / "client" / "operations"
_ROOMS = {
    "app": "health",
    "models": "images",
    "hooks": "webhooks",
    "configuring": "settings",
    "publishing.connecting": "connecting",
    "core.power_routes": "sleep",
    "core.routes": "events",
    "core.session_routes": None,
}
_BY_HAND = {("media", "upload"), ("events", "watch"), ("pipeline", "watch"), ("sleep", "watch")}
_HEAD = '"""{title}. Written by `make docs` from the routes; do not edit."""\n'


def main() -> int:
    """Write the modules, or with `--check` say which are old."""
    pages = written()
    old = [name for name, text in pages.items() if not (FOLDER / name).exists() or (FOLDER / name).read_text() != text]
    gone = [path.name for path in FOLDER.glob("*.py") if path.name not in pages]
    if "--check" in sys.argv:
        if old or gone:
            sys.stderr.write(f"Old operations of the client: {', '.join(old + gone)}. Run `make docs`.\n")
        return bool(old or gone)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (FOLDER / name).write_text(text)
    for name in gone:
        (FOLDER / name).unlink()
    return 0


def written() -> dict[str, str]:
    """Return the text of each module by its file's name."""
    rooms: dict[str, list[APIRoute]] = defaultdict(list)
    for route in routes(build_app().routes):
        room = room_of(route)
        if room is not None and (room, route.endpoint.__name__) not in _BY_HAND and "HEAD" not in route.methods:
            rooms[room].append(route)
    pages = {f"{room}.py": module(room, found) for room, found in sorted(rooms.items())}
    pages["__init__.py"] = _HEAD.format(title="Every operation of the API, a module per room")
    return pages


def routes(found: list[Any]) -> Iterator[APIRoute]:
    """Yield every route below `/api`, and health."""
    for route in found:
        if isinstance(route, APIRoute):
            if route.path == "/health" or (route.path.startswith("/api/") and route.include_in_schema):
                yield route
        elif hasattr(route, "original_router"):
            yield from routes(route.original_router.routes)


def room_of(route: APIRoute) -> str | None:
    """Return the module that a route's operation goes to; None: it is for browsers."""
    name = route.endpoint.__module__.removeprefix("mediaposter.")
    room = name.removesuffix(".routes") if name not in _ROOMS else name
    return _ROOMS.get(name, _ROOMS.get(room, room))


def module(room: str, found: list[APIRoute]) -> str:
    """Return a module's text, as ruff formats it."""
    types_used = Types()
    functions = [function(route, types_used) for route in found]
    lines = [_HEAD.format(title=f"The operations of {room}"), *types_used.imports(), "", "", "\n\n".join(functions)]
    text = "\n".join(lines)
    for arguments in (["check", "--fix-only", "--quiet", "--select", "I,F401"], ["format", "--quiet"]):
        text = subprocess.run(
            [Path(sys.executable).with_name("ruff"), *arguments, "--stdin-filename", str(FOLDER / f"{room}.py"), "-"],
            input=text,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    return text


def function(route: APIRoute, used: "Types") -> str:
    """Return the function of one operation."""
    parameters = get_flat_params(route.dependant)
    answers = answer_of(route, used)
    required: list[str] = []
    optional: list[str] = []
    call = [f'"{next(iter(route.methods))}"', f'"{route.path}"', answers]
    in_path = [one for one in parameters if isinstance(one.field_info, PathParam)]
    values = [(one.name, name_of(one.name)) for one in in_path]
    required += [f"{name_of(one.name)}: {used.name(one.field_info.annotation)}" for one in in_path]
    body = route.body_field
    if body is not None:
        schema, info = used.name(body.field_info.annotation), body.field_info
        needed = info.is_required()
        (required if needed else optional).append("body: " + schema + ("" if needed else " = None"))
        call.append("body=body")
        if isinstance(info, Body) and info.media_type != "application/json":
            call.append(f'body_type="{info.media_type}"')
    for group, kind in (("query", Query), ("headers", Header)):
        shown = shown_of(parameters, kind)
        for one in shown:
            argument = f"{name_of(one.name)}: {used.name(one.field_info.annotation)}"
            optional.append(argument + ("" if one.field_info.is_required() else f" = {used.value(one.default)}"))
        pairs = ", ".join(f'"{one.alias}": {name_of(one.name)}' for one in shown)
        if pairs:
            call.append(f"{group}={{{pairs}}}")
    if values:
        call.insert(3, "values={" + ", ".join(f'"{key}": {name}' for key, name in values) + "}")
    arguments = ", ".join([*required, *(["*", *optional] if optional else [])])
    lines = [
        f"def {name_of(route.endpoint.__name__)}({arguments}) -> Call[{answers}]:",
        f'    """{described(route, parameters)}"""',
        f"    return Call({', '.join(call)})",
        "",
    ]
    return "\n".join(lines)


def shown_of(parameters: list[Any], kind: type[Any]) -> list[Any]:
    """Return the parameters of one kind that the document shows."""
    return [one for one in parameters if isinstance(one.field_info, kind) and one.field_info.include_in_schema]


def described(route: APIRoute, parameters: list[Any]) -> str:
    """Return the docstring: the summary, what the route says, and its parameters' meanings."""
    text = (route.summary or route.name).rstrip(".") + "."
    more = inspect.getdoc(route.endpoint) or ""
    said = [
        f"- `{name_of(one.name)}`: {one.field_info.description}"
        for one in (*shown_of(parameters, Query), *shown_of(parameters, Header))
        if one.field_info.description
    ]
    body = "\n\n".join(part for part in (wrapped(more), "\n".join(map(wrapped, said))) if part)
    if not body:
        return text
    return "\n".join(line and f"    {line}" for line in f"{text}\n\n{body}\n".splitlines()).lstrip() + "\n    "


def wrapped(text: str) -> str:
    """Break paragraphs to the width of our code."""
    after = "  " if text.startswith("- ") else ""
    return "\n\n".join(
        textwrap.fill(" ".join(one.split()), 112, subsequent_indent=after, break_long_words=False)
        for one in text.split("\n\n")
    )


def answer_of(route: APIRoute, used: "Types") -> str:
    """Return the type of the answer: what the route is annotated with; files are bytes."""
    kind = inspect.signature(route.endpoint).return_annotation
    if isinstance(kind, type) and issubclass(kind, Response):
        assert not issubclass(kind, EventSourceResponse), route.path
        return "None" if route.status_code == 204 else "bytes"
    return used.name(kind)


def name_of(name: str) -> str:
    """Return a name that Python takes and that hides nothing."""
    return f"{name}_" if keyword.iskeyword(name) or name in {"format", "id", "type"} else name


class Types:
    """Names types and values in code, and remembers what must be imported for it."""

    def __init__(self) -> None:
        self._from: dict[str, set[str]] = {"mediaposter.client.calls": {"Call"}}

    def name(self, kind: Any) -> str:
        """Return how a type is written."""
        if kind is None or kind is type(None):
            return "None"
        if get_origin(kind) is not None:
            return self._composed(kind)
        return kind.__name__ if kind.__module__ == "builtins" else self._known(kind.__module__, kind.__name__)

    def _composed(self, kind: Any) -> str:
        origin, inner = get_origin(kind), get_args(kind)
        if origin is typing.Annotated:
            return self.name(inner[0])
        if origin is typing.Literal:
            self._known("typing", "Literal")
            return f"Literal[{', '.join(repr(one) for one in inner)}]"
        named = [self.name(one) for one in inner]
        return (
            " | ".join(named) if origin in {typing.Union, types.UnionType} else f"{origin.__name__}[{', '.join(named)}]"
        )

    def value(self, default: Any) -> str:
        """Return how a default is written."""
        if default is PydanticUndefined:
            return "None"
        if isinstance(default, Enum):
            return f"{self._known(type(default).__module__, type(default).__name__)}.{default.name}"
        if isinstance(default, str):
            return '"' + default.replace('"', '\\"') + '"'
        return repr(default)

    def imports(self) -> list[str]:
        """Return the import lines."""
        return [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(self._from.items())]

    def _known(self, module: str, name: str) -> str:
        self._from.setdefault(module, set()).add(name)
        return re.sub(r"\[.*", "", name)


if __name__ == "__main__":
    sys.exit(main())
