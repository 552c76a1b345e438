"""What a file is by its first bytes: the one ffmpeg demuxer that may read it.

The name of a file says nothing, and ffmpeg's own guess may end in a format that opens other files and addresses
(HLS, DASH, concat scripts, SDP ...). Only the formats listed here are ever read, each forced by name.
"""

import re
import stat
from pathlib import Path

from mediaposter.media.errors import MediaError, MediaMissingError

_HEAD = 4096
_BMFF = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"moof", b"sidx"}
_PREFIXES = (
    (b"\x1a\x45\xdf\xa3", "matroska"),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
    (b"caff", "caf"),
    (b"FLV\x01", "flv"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (b"\x00\x00\x01\xba", "mpeg"),
    (b"\xff\xd8\xff", "jpeg_pipe"),
    (b"\x89PNG\r\n\x1a\n", "png_pipe"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff_pipe"),
    (b"MM\x00*", "tiff_pipe"),
    (b"BM", "bmp_pipe"),
)
_RIFF = {b"AVI ": "avi", b"WAVE": "wav", b"WEBP": "webp_pipe"}
_FORM = {b"AIFF": "aiff", b"AIFC": "aiff"}
_SCRIPTS = (
    (rb"#EXTM3U", "an HLS or M3U playlist"),
    (rb"ffconcat\b|(?:file|stream)\s+\S", "a concat script"),
    (rb"v=0\s", "an SDP session description"),
    (rb"\[playlist\]", "a PLS playlist"),
    (rb"(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<MPD\b", "a DASH manifest"),
    (rb"(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<SmoothStreamingMedia\b", "a Smooth Streaming manifest"),
    (rb"<asx\b|\[Reference\]", "an ASX playlist"),
    (rb"(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<svg\b", "an SVG drawing"),
)
STILLS = frozenset({"jpeg_pipe", "png_pipe", "webp_pipe", "tiff_pipe", "bmp_pipe"})
# The demuxers that go by several names, as ffmpeg prints them.
FORMAT_NAMES = {"mov": "mov,mp4,m4a,3gp,3g2,mj2", "matroska": "matroska,webm"}
_GIVE_MEDIA = "Give the video, sound or picture file itself (MP4, MOV, WebM, MKV, MP3, WAV, JPEG, PNG ...)."


def demuxer_of(path: Path) -> str:
    """Return the name of the demuxer for `path`, read from its first bytes.

    Raises MediaMissingError when it cannot be read, MediaError when it is empty, a playlist, text, or no known media.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise MediaMissingError(path, "this is a folder")
        if not stat.S_ISREG(mode):  # a pipe or a device may have no end
            raise MediaMissingError(path, "this is not a regular file", fix="Copy it into a file first.")
        with path.open("rb") as file:
            head = file.read(_HEAD)
            if head.startswith(b"ID3") and len(head) >= 10:
                # The tag may be as long as its cover picture; the sound behind it says which format it is.
                file.seek(10 + sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True)))
                return _elementary(file.read(4)) or "mp3"
    except FileNotFoundError as error:
        raise MediaMissingError(path) from error
    except OSError as error:
        raise MediaMissingError(path, error.strerror or "it cannot be read") from error
    if not head:
        raise MediaError(path, "the file is empty (0 bytes)")
    found = _by_magic(head)
    if found is None:
        raise MediaError(path, _describe(head), fix=_GIVE_MEDIA)
    return found


def _by_magic(head: bytes) -> str | None:
    if head[4:8] in _BMFF:
        return "mov"
    if head[:4] in {b"RIFF", b"RF64"}:
        return _RIFF.get(head[8:12])
    if head[:4] == b"FORM":
        return _FORM.get(head[8:12])
    for prefix, demuxer in _PREFIXES:
        if head.startswith(prefix):
            return demuxer
    for start, step in ((0, 188), (4, 192)):
        marks = head[start::step][:5]
        if len(marks) >= 3 and set(marks) == {0x47}:
            return "mpegts"
    return _elementary(head)


def _elementary(head: bytes) -> str | None:
    """Tell MP3 from AAC by the first frame's header; both are frames without a container."""
    if head.startswith(b"fLaC"):
        return "flac"
    if len(head) < 2 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    layer = head[1] >> 1 & 3
    if layer == 0:
        return "aac" if head[1] & 0xF0 == 0xF0 else None
    return "mp3"


def _describe(head: bytes) -> str:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for pattern, what in _SCRIPTS:
        if re.match(pattern, text, re.IGNORECASE | re.DOTALL):
            return f"this is {what}, which names other files or addresses; only media files themselves are taken"
    if b"\x00" not in head:
        try:
            head[:-4].decode()  # a character may be cut in two at the end
        except UnicodeDecodeError:
            pass
        else:
            return "this is a text file, not media"
    return "this is no media format that is known here"
