"""From a clone to the first publication: `make demo` as a newcomer runs it, with nothing cached, and once more.

Prints seconds for the clone, the first `make demo` and the second. Everything happens in a new folder with a new home
and an empty package cache, which are taken away at the end.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="mp-clone-") as folder:
        root = Path(folder)
        root.chmod(0o711)
        clone = root / "mediaposter"
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MEDIAPOSTER_")},
            "HOME": str(root),
            "MEDIAPOSTER_HOME": str(root / "data"),
            "UV_CACHE_DIR": str(root / "uv"),
            "PIP_CACHE_DIR": str(root / "pip"),
        }
        took("git clone", ["git", "clone", "--quiet", str(REPOSITORY), str(clone)], root, environment)
        for which in ("first", "second"):
            took(f"make demo, the {which} time", ["make", "demo"], clone, environment)
        packages = sum(file.stat().st_size for file in (clone / ".venv").rglob("*") if not file.is_symlink())
        print(f"{'the environment':<28} {packages / 1e6:8.0f} MB")


def took(what: str, command: list[str], folder: Path, environment: dict[str, str]) -> None:
    began = time.perf_counter()
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.exit(f"{what} failed:\n{ended.stdout[-2000:]}\n{ended.stderr[-4000:]}")
    print(f"{what:<28} {time.perf_counter() - began:8.1f} s", flush=True)


if __name__ == "__main__":
    main()
