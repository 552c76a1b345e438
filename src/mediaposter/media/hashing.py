"""The sha256 of a file, read in a thread."""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

from mediaposter.media.errors import MediaMissingError

_CHUNK = 4 * 1024**2


async def sha256_of(path: Path, *, on_progress: Callable[[float], None] | None = None) -> str:
    """Return the sha256 of `path` in hex. `on_progress` gets the share done, 0 to 1, on the loop's thread.

    Raises MediaMissingError when the file cannot be read. A cancel stops the reading at its next chunk.
    """
    loop = asyncio.get_running_loop()
    stop = False

    def read() -> str:
        digest = hashlib.sha256()
        total = max(1, path.stat().st_size)
        done = 0
        with path.open("rb", buffering=0) as file:
            while not stop and (chunk := file.read(_CHUNK)):
                digest.update(chunk)
                done += len(chunk)
                if on_progress is not None:
                    loop.call_soon_threadsafe(on_progress, min(1.0, done / total))
        return digest.hexdigest()

    try:
        return await asyncio.to_thread(read)
    except OSError as error:
        raise MediaMissingError(path, error.strerror or "it cannot be read") from error
    finally:
        stop = True
