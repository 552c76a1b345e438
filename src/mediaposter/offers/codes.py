"""QR codes of tracked links, for slides, prints and the last second of a video."""

import io
from enum import StrEnum

import segno


class CodeFormat(StrEnum):
    SVG = "svg"
    PNG = "png"


def code_of(url: str, *, format: CodeFormat = CodeFormat.SVG, scale: int = 8, dark: str = "#000000") -> bytes:  # noqa: A002
    """Return the QR code of `url`, with the quiet zone that readers need. `scale` is pixels for each module.

    A quarter of it may be covered or dirty (error correction Q).
    """
    out = io.BytesIO()
    segno.make_qr(url, error="q").save(out, kind=format.value, scale=scale, border=4, dark=dark, light="#ffffff")
    return out.getvalue()
