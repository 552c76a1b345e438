"""A small process that ends our children when we die, however we die.

A worker that is killed with -9 cannot stop its ffmpeg. The reaper holds the other end of a pipe: when the pipe closes
without a farewell, it kills every process group that was entrusted to it. It needs nothing of the platform but signals,
so it is the same on Linux and macOS. Run as a script it is the reaper; it imports the standard library only.
"""

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path


class Reaper:
    """The owner's end: `entrust` a process group when it starts, `release` it when it has ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._groups: set[int] = set()

    def prepare(self) -> None:
        """Start the reaper process if it does not run: before a child is started, so that none goes without it."""
        with self._lock:
            if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
                self._start()
                self._say("".join(f"+{group}\n" for group in self._groups))

    def entrust(self, group: int) -> None:
        """Have the process group `group` killed should this process end before it."""
        with self._lock:
            self._groups.add(group)
            self._say(f"+{group}\n")

    def release(self, group: int) -> None:
        """Forget the process group `group`: it has ended, and its number may be given to another."""
        with self._lock:
            self._groups.discard(group)
            self._say(f"-{group}\n")

    def close(self) -> None:
        """End the reaper process; groups still entrusted to it are killed. It starts again when it is needed."""
        with self._lock:
            process, self._process = self._process, None
            self._groups.clear()
            if process is not None and self._owner == os.getpid() and process.stdin is not None:
                process.stdin.close()
                process.wait()

    def _say(self, line: str) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        try:
            process.stdin.write(line.encode())
        except BrokenPipeError:
            process.wait()  # it was killed; the next child brings a new one

    def _start(self) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C in the terminal must reach us before it.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )
        self._owner = os.getpid()
        return self._process


REAPER = Reaper()
atexit.register(REAPER.close)


def main() -> None:
    """Read `+group` and `-group` lines until the owner is gone, then kill the groups that are left."""
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
