"""The exported pages in memory: what each path answers, with the policy that allows its own scripts and no others."""

import base64
import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
_IMMUTABLE = "public, max-age=31536000, immutable"
_SMALL = 1024  # bytes; less than this is not worth packing
_PACKED = ("text/", "application/javascript", "application/json", "image/svg+xml")


@dataclass(frozen=True)
class File:
    """One file of the export."""

    body: bytes
    media_type: str
    cache: str

    @cached_property
    def etag(self) -> str:
        """A name of its content."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'

    @cached_property
    def packed(self) -> bytes | None:
        """The body gzipped, None where that gains nothing."""
        if len(self.body) < _SMALL or not self.media_type.startswith(_PACKED):
            return None
        return gzip.compress(self.body, 9, mtime=0)

    @cached_property
    def policy(self) -> str:
        """Its Content-Security-Policy: nothing from elsewhere, and of inline scripts only those that it brings."""
        scripts = _inline_scripts(self.body.decode()) if self.media_type.startswith("text/html") else []
        hashes = " ".join(dict.fromkeys(f"'sha256-{_digest(script)}'" for script in scripts))
        return (
            f"default-src 'none'; script-src 'self' {hashes}".rstrip() + "; style-src 'self'; "
            "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; font-src 'self'; "
            "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        )


class Export:
    """The files of a folder by the paths that answer them. Read whole at first, and again when they are built anew."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._built: int | None = None
        self._files: dict[str, File] = {}

    def look_up(self, path: str) -> File | None:
        """Return what `path` answers, None when there is nothing of that name. `/new/` is `new/index.html`."""
        self._read_when_new()
        return self._files.get(path)

    @property
    def there(self) -> bool:
        """Whether the dashboard was built."""
        self._read_when_new()
        return bool(self._files)

    def _read_when_new(self) -> None:
        try:
            built = (self._folder / "index.html").stat().st_mtime_ns
        except OSError:
            self._files, self._built = {}, None
            return
        if built != self._built:
            self._files = dict(_read(self._folder))
            self._built = built


def _read(folder: Path) -> list[tuple[str, File]]:
    found: list[tuple[str, File]] = []
    for file in sorted(folder.rglob("*")):
        if not file.is_file():
            continue
        path = "/" + file.relative_to(folder).as_posix()
        cache = _IMMUTABLE if path.startswith("/_next/static/") else "no-cache"
        one = File(file.read_bytes(), _media_type(path), cache)
        found.append((path, one))
        if path.endswith("/index.html"):
            found.append((path.removesuffix("index.html"), one))
    return found


def _media_type(path: str) -> str:
    if path.endswith(".js"):
        return "application/javascript; charset=utf-8"
    if path.endswith(".woff2"):
        return "font/woff2"
    guess = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return f"{guess}; charset=utf-8" if guess.startswith("text/") else guess


class _Scripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script" and not any(name == "src" for name, _ in attrs)
        if self._inside:
            self.found.append("")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._inside = False


def _inline_scripts(html: str) -> list[str]:
    parser = _Scripts()
    parser.feed(html)
    parser.close()
    return parser.found


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
