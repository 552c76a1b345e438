"""A real PNG of any size, by the standard library: two colours, so that a crop can be seen."""

import struct
import zlib


def png(width: int, height: int) -> bytes:
    """Return a picture whose left half is bright green and whose right half is white."""
    row = b"\x00" + b"\x10\xe0\x50" * (width // 2) + b"\xff\xff\xff" * (width - width // 2)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(row * height, 1)), (b"IEND", b""))
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
