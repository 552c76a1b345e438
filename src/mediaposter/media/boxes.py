"""The boxes of an MP4 or MOV: whether the file is whole, self-contained and ready to stream.

ffmpeg reads a truncated MP4 without a word when its index comes first, and skips tracks that lie in other files.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mediaposter.media.errors import MediaError

_MAX_MOOV = 512 * 1024**2  # an index of ten hours is about 20 MB
_CONTAINERS = {b"trak", b"mdia", b"minf", b"dinf"}
_SELF_CONTAINED = 1


@dataclass(frozen=True)
class Layout:
    """How an MP4 is laid out. `brand` is the major brand of `ftyp`."""

    brand: str
    moov_first: bool
    fragmented: bool


@dataclass(frozen=True)
class Box:
    """One box: its type, where it begins, where its payload begins and where it ends, in bytes."""

    kind: bytes
    start: int
    payload: int
    end: int


def read_layout(path: Path) -> Layout:
    """Return the layout of the MP4 at `path`. Raises MediaError when it is cut off or keeps its media elsewhere."""
    size = path.stat().st_size
    brand, order, fragmented = "", list[bytes](), False
    with path.open("rb") as file:
        for box in _top_level(file, size):
            if box.end > size and box.kind in {b"mdat", b"moov", b"moof"}:
                raise MediaError(
                    path,
                    f"the file is cut off: it holds {size} of at least {box.end} bytes",
                    fix="Download, copy or export the file again; its end is missing.",
                )
            if box.kind == b"ftyp":
                file.seek(box.payload)
                brand = file.read(4).decode("ascii", "replace").strip()
            elif box.kind == b"moov":
                if box.end - box.payload > _MAX_MOOV:
                    raise MediaError(path, "its index is larger than any real file needs")
                file.seek(box.payload)
                fragmented = _check_movie(path, file.read(box.end - box.payload))
            order.append(box.kind)
    if b"moov" not in order:
        raise MediaError(
            path,
            "the file has no index (moov): its recording or download was not finished",
            fix="Record, download or export the file again.",
        )
    media = next((place for place, kind in enumerate(order) if kind in {b"mdat", b"moof"}), len(order))
    return Layout(brand, order.index(b"moov") < media, fragmented or b"moof" in order)


def _top_level(file: BinaryIO, size: int) -> Iterator[Box]:
    position = 0
    while position + 8 <= size:
        file.seek(position)
        header = file.read(16)
        length, kind = struct.unpack(">I4s", header[:8])
        payload = position + 8
        if length == 1 and len(header) == 16:
            length, payload = struct.unpack(">Q", header[8:])[0], position + 16
        elif length == 0:
            length = size - position
        if length < payload - position or not all(32 <= byte < 127 or byte == 0xA9 for byte in kind):
            return  # some cameras leave padding behind the last box
        yield Box(kind, position, payload, position + length)
        position += length


def _check_movie(path: Path, moov: bytes) -> bool:
    """Refuse a movie whose tracks lie in other files. Return whether it is fragmented."""
    fragmented = False
    stack = list(_inside(moov, 0, len(moov)))
    while stack:
        box = stack.pop()
        if box.kind in _CONTAINERS:
            stack.extend(_inside(moov, box.payload, box.end))
        elif box.kind == b"mvex":
            fragmented = True
        elif box.kind in {b"rmra", b"dref"} and (box.kind == b"rmra" or _points_elsewhere(moov, box)):
            raise MediaError(
                path,
                "its picture or sound lies in another file that it names",
                fix="Export it as a self-contained movie, and use that file.",
            )
    return fragmented


def _points_elsewhere(moov: bytes, dref: Box) -> bool:
    for entry in _inside(moov, dref.payload + 8, dref.end):
        flags = int.from_bytes(moov[entry.payload + 1 : entry.payload + 4], "big")
        if not flags & _SELF_CONTAINED:
            return True
    return False


def _inside(data: bytes, position: int, end: int) -> Iterator[Box]:
    while position + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, position)
        payload = position + 8
        if length == 1 and position + 16 <= end:
            length, payload = struct.unpack_from(">Q", data, position + 8)[0], position + 16
        elif length == 0:
            length = end - position
        if length < payload - position or position + length > end:
            return
        yield Box(kind, position, payload, position + length)
        position += length
