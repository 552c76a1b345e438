"""Reading forms as platforms do, by the standard library: multipart and urlencoded."""

from dataclasses import dataclass
from email import message_from_bytes
from email.policy import HTTP
from urllib.parse import parse_qsl

from starlette.requests import Request


@dataclass(frozen=True)
class SentFile:
    """A file of a form."""

    filename: str
    mime: str
    content: bytes


async def read_form(request: Request) -> dict[str, str | SentFile]:
    """Return the fields of a form by their names."""
    return dict(await read_fields(request))


async def read_fields(request: Request) -> list[tuple[str, str | SentFile]]:
    """Return the fields of a form in their order, each as often as it was sent."""
    body = await request.body()
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/"):
        return list(parse_qsl(body.decode(), keep_blank_values=True))
    boundary = b"--" + kind.partition("boundary=")[2].strip('"').encode()
    fields: list[tuple[str, str | SentFile]] = []
    for part in body.split(boundary)[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        content = content.removesuffix(b"\r\n")
        headers = message_from_bytes(head, policy=HTTP)
        name = str(headers["content-disposition"].params["name"])
        filename = headers.get_filename()
        value = SentFile(filename, headers.get_content_type(), content) if filename else content.decode()
        fields.append((name, value))
    return fields
